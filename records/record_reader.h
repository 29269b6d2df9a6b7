/* record_reader.h - the state of reading one record, and its JSON values one by one; shared by
 * record_parse.c and record_mask.c.
 *
 * The functions that read a member return 0, READ_ABSENT if it is missing and may be, or -1 after
 * they have reported a fault.
 */
#ifndef RECORDS_RECORD_READER_H
#define RECORDS_RECORD_READER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filters/mask.h"
#include "records/mask_json.h"

struct error;
struct record;
struct record_faults;
struct record_known;
struct record_source;

enum { READ_ABSENT = 1 };

struct record_reader {
    struct record *record;
    struct record_known *known;         /* whose record it is (record_known.h); NULL: no one's */
    const struct record_faults *faults; /* NULL: stop at the first fault */
    uint64_t max_pixels;                /* of an image */
    bool sa1b;                          /* the document describes its image */
    long annotation;                    /* the current one; -1 outside any */
    size_t room;                        /* of the record's ids */
    struct outline_left outline;        /* of polygons */
    size_t found;                       /* faults of the current annotation */
    enum mask_source source;            /* of the current annotation; NONE outside any */
    bool no_memory;                     /* stops reading even with `faults` */
    struct error *error;
};

/* Reports a fault. Returns -1. */
int reader_fault(struct record_reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Notes that memory is short. Returns -1. */
int reader_no_memory(struct record_reader *reader);

/* Refuses an image with more pixels than the limit. Returns 0, or -1 after reporting a fault. */
int reader_check_pixels(struct record_reader *reader, int64_t width, int64_t height);

/* An integer from `least` to `most`. */
int reader_integer(struct record_reader *reader, const json_t *object, const char *name,
                   const int64_t range[2], int64_t *number);

/* A finite number. In other forms than SA-1B's, null is absent. */
int reader_real(struct record_reader *reader, const json_t *object, const char *name,
                float *number);

/* A list of `count` whole numbers in the range of int32_t, written as 12 or as 12.0. */
int reader_whole(struct record_reader *reader, const json_t *object, const char *name, size_t count,
                 int32_t *numbers);

/* Reads a whole record, as record_parse does. reader->record is empty, but for its size where that is
 * known, and freed on -1. */
int reader_record(struct record_reader *reader, const struct record_source *text);

/* One member of "annotations": adds it to the record, unless it has faults. Returns 0, or -1 to
 * stop reading. */
int reader_annotation(struct record_reader *reader, const json_t *annotation);

/* Reads one annotation into a record of its own, which has no name: its size is the segmentation's.
 * Members that other tools leave out may be missing. Returns 0, or -1 with ERROR_RECORD or ERROR_MEMORY
 * and nothing to free. */
int record_reader_one(struct record *record, const json_t *annotation, struct error *error);

#endif
