/* predict_output.h - the folder into which `maskmill predict` writes: records, formats, pictures.
 *
 *   DIR/NAME.json, DIR/NAME.overlay.jpg, DIR/@FORMAT/...       as `run` writes them
 *
 * Nothing that is there is replaced unless --overwrite says so. For one thread. */
#ifndef PROGRAM_PREDICT_PREDICT_OUTPUT_H
#define PROGRAM_PREDICT_PREDICT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash_set.h"
#include "base/name_index.h"

struct error;
struct folder;
struct image;
struct record;
struct settings;
struct writer;

enum { PREDICT_FORMATS = 16 };

/* Begins with all zeros. */
struct predict_output {
    const struct settings *settings;
    struct folder *folder;                   /* owned; NULL: nothing is written */
    unsigned fields;                         /* enum record_field bits */
    struct writer *writers[PREDICT_FORMATS]; /* owned: [count], all but records */
    size_t count;
    char folders[PREDICT_FORMATS][16]; /* [count]: "@png"; "": its files are not called by images */
    bool many;                         /* of images */
    struct hash_set names;             /* of what was written */
    struct name_index categories;      /* of masks of many images, for formats that number them */
};

/* Opens the folder and the formats, if the settings name a folder. `many`: of images, in a folder that
 * must be empty unless --overwrite is given; formats that collect all images are refused. Returns 0, or
 * -1 with ERROR_USAGE, ERROR_IO or ERROR_MEMORY. */
int predict_output_open(struct predict_output *output, const struct settings *settings, bool many,
                        struct error *error);

/* Before the work on an image: its name, relative without extension, must have a place in the folder
 * that is not taken. Returns 0, or -1 with ERROR_RECORD, or ERROR_USAGE: a file is there. */
int predict_output_claim(struct predict_output *output, const char *name, struct error *error);

/* Writes the record and what goes with it; the record last. `photograph`: for --overlay. Returns 0, or
 * -1 with ERROR_IO or ERROR_MEMORY, or ERROR_RECORD: the folder has no place for such a name, or a score
 * is not finite. */
int predict_output_write(struct predict_output *output, const struct record *record,
                         const char *name, const struct image *photograph, struct error *error);

/* Finishes the formats that collect images. 0 or -1. */
int predict_output_finish(struct predict_output *output, struct error *error);

/* Frees; what is not finished is dropped. */
void predict_output_close(struct predict_output *output);

#endif
