/* tar_sample.h - what an image becomes in an output tar: its members, and the line about them. */
#ifndef PROGRAM_TARS_TAR_SAMPLE_H
#define PROGRAM_TARS_TAR_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/json_text.h"
#include "records/tar_pack.h"

struct error;
struct item;
struct run;

struct tar_sample {
    struct tar_pack members;
    struct json_text line;  /* tar_line.h, without its place */
    uint64_t record_offset; /* of the record in `members`, or of the error */
    uint64_t record_bytes;
};

/* How samples are made. */
struct tar_sample_options {
    size_t folder; /* length of the part of the images' keys that names the tar's folder; 0: none */
    unsigned fields;               /* enum record_field bits */
    bool copy_images;              /* the encoded image is a member, too */
    const char *embeddings_ending; /* of item->embeddings: "npy" */
};

/* Makes item->sample. Of an image whose record is complete: with copy_images KEY.jpg (or whatever it is),
 * then KEY.json, then KEY.overlay.jpg and KEY.npy if item->overlay and item->embeddings are there; item->bytes
 * becomes the size of the record, and the encoded image, the overlay and the embeddings are freed, for they are
 * in the sample now. Of an image that has
 * failed with item->error: KEY.error.json. Returns 0, or -1 with ERROR_MEMORY, ERROR_RECORD (a score is not
 * finite), ERROR_IO or ERROR_UNSUPPORTED (tar_pack.h). */
int tar_sample_make(struct item *item, const struct tar_sample_options *options,
                    struct error *error);

/* The write stage of a sink of tars (sink.h): the same, of an image that is done. Returns 0, or -1: the item is
 * dropped, or item->error says what is wrong. */
int tar_sample_write(struct item *item, struct run *run, const struct tar_sample_options *options);

/* NULL is allowed. */
void tar_sample_free(struct tar_sample *sample);

#endif
