/* record_png.h - the masks of one image as the reference's scripts/amg.py writes them without
 * --convert-to-rle, and as the format "png" does: a folder with 0.png, 1.png, ..., and a line for
 * each in metadata.csv. */
#ifndef RECORDS_RECORD_PNG_H
#define RECORDS_RECORD_PNG_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct folder;
struct image_pool;

/* The file that makes a folder one of these. */
#define RECORD_PNG_METADATA "metadata.csv"

/* Whether a file's name, with its folders or without, is metadata.csv. */
bool record_png_is(const char *file);

/* The record as JSON: a list of masks without their image (record_document.h), for record_parse.
 * `file` is metadata.csv, a name below `folder`. `pool` reads the
 * masks; pixels that are not black are the mask. The text is freed with
 * free(3); *length is its strlen. Returns NULL with ERROR_RECORD (a damaged line), ERROR_IMAGE (a
 * mask is missing or damaged), ERROR_IO or ERROR_MEMORY. */
char *record_png_text(const struct folder *folder, const char *file, struct image_pool *pool,
                      size_t *length, struct error *error);

#endif
