/* item.h - one image of a run on its way through the stages: read, compute, and the writing of its
 * sink (sink.h). */
#ifndef PROGRAM_RUN_ITEM_H
#define PROGRAM_RUN_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "images/image.h"
#include "jobs/retry.h"
#include "program/run/sink.h"
#include "records/known_index.h"
#include "records/record.h"

struct run;
struct tar_sample;

/* Start with a zeroed item and set path and key. If `error` is set as well, item_read fails. */
struct item {
    char *path;    /* owned: the file; for a member of a tar its name in messages */
    char *key;     /* owned: the relative name, with its extension */
    uint64_t line; /* of the text list, from 1; 0: not from there */
    char *tar;     /* owned: key of the tar that it lies in, or NULL */
    void *file;    /* owned: the encoded image, for a tar's member; else NULL */
    size_t file_size;
    struct image image;
    struct record record;
    struct known_place known;           /* where its known masks lie */
    struct error error;                 /* of this image; code ERROR_NONE while all is well */
    uint64_t memory_taken, memory_held; /* bytes: now, and after decoding (item_memory.h) */
    uint64_t decoder_bytes;             /* that its decoder may take */
    double seconds;                     /* of work so far, over all stages */
    uint64_t bytes;                     /* of the record written */
    uint8_t *overlay;                   /* owned: a JPEG, from compute to write; NULL: none */
    size_t overlay_size;
    char
        *embeddings; /* owned: a file of the masks' embeddings, from compute to write; NULL: none */
    size_t embeddings_size;
    float *clip_rows; /* owned: CLIP's embeddings of the masks, for their classes; NULL: not made */
    uint32_t worker;
    struct tar_sample *sample; /* owned: what a sink of tars makes of it; else NULL */
    void *tag;                 /* whatever the sink knows it by; borrowed */
    uint64_t place;            /* among the images of its tar, if the sink counts them */
    enum sink_mark mark;       /* it is no image */
    bool shares_record;        /* it has failed because an earlier image writes the same record */
    bool dropped;              /* the run is ending: the image is neither done nor failed */
};

/* The first two stages, in this order. Each runs on one thread, which owns the item for that time.
 * Returns 0 if the next stage may follow, or -1: then the item is dropped, or item->error says
 * what is wrong with the image. File system errors are retried as the options say; errors that
 * concern the whole run end it (run_fail). After item_compute the record is complete. */
int item_read(struct run *run, struct item *item);
int item_compute(struct run *run, struct item *item, int worker);

/* For the stages, and for the sinks, which write:
 *
 * Whether an error says nothing about the image. Files are opened and read with ERROR_IMAGE and an
 * errno, so ERROR_IO while reading is about processes, sockets and temporary files. */
bool item_blames_machine(const struct error *error, enum retry_side side);

/* Ends the run because of item->error and leaves the image undone. */
void item_give_up(struct run *run, struct item *item);

/* After a failed attempt: waits and returns true to try again. False if item->error is final, or if
 * the run ends because of it; then the image is dropped. */
bool item_try_again(struct run *run, struct item *item, enum retry_side side, int attempt);

/* Leaves out a part, of which item->error says why: it never costs the record. */
void item_leave_out(struct run *run, struct item *item, const char *part);

/* Frees everything but the pixels. */
void item_clear(struct item *item);

/* Frees the pixels as well. */
void item_free(struct item *item);

#endif
