/* tar_images.h - the images in a tar, in their order. No two of them write the same record. */
#ifndef PROGRAM_RUN_TAR_IMAGES_H
#define PROGRAM_RUN_TAR_IMAGES_H

#include "images/tar_input.h"
#include "program/run/tar_names.h"

struct error;
struct progress;

/* Zeroed at first. */
struct tar_images {
    struct tar_input *input;
    struct tar_names names;    /* of the images so far */
    const char *path;          /* the caller's */
    struct progress *progress; /* where a warning goes */
};

/* As tar_input_open. `folds`: what the output folder takes for the same name (name_fold.h). `path`
 * and `progress` must outlive it. */
int tar_images_open(struct tar_images *images, const char *path, unsigned folds,
                    struct progress *progress, struct error *error);

/* Reads the next image. Returns 1 with fault->code ERROR_NONE, or ERROR_IMAGE if the image is
 * unusable (damaged, or an earlier one writes the same record); 0 at the end; -1 if the tar cannot
 * be read any further (ERROR_IO, ERROR_MEMORY). Of two members with the same name the first counts.
 */
int tar_images_next(struct tar_images *images, struct tar_member *member, struct error *fault);

void tar_images_close(struct tar_images *images);

#endif
