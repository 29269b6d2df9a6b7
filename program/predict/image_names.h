/* image_names.h - the images that a COCO document lists, by id: for results, which say no more of an
 * image. Some 40 bytes and the name's for each image. */
#ifndef PROGRAM_PREDICT_IMAGE_NAMES_H
#define PROGRAM_PREDICT_IMAGE_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct error;

struct image_name {
    int64_t id;
    char *name; /* owned */
};

/* Begins with all zeros. */
struct image_names {
    struct image_name *items; /* owned: [count], by id once it is read */
    size_t count, capacity;
};

/* Reads the document's images; untrusted. Returns 0, or -1 with ERROR_USAGE (no such document),
 * ERROR_IO or ERROR_MEMORY. image_names_free in either case. */
int image_names_read(struct image_names *names, const char *path, struct error *error);

/* The file name of the image, relative to the folder of the images; NULL if it is not listed. */
const char *image_names_find(const struct image_names *names, int64_t id);

void image_names_free(struct image_names *names);

#endif
