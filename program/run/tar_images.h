/* tar_images.h - the images in a tar, in their order, then those that links lead to. No two of them
 * write the same record. */
#ifndef PROGRAM_RUN_TAR_IMAGES_H
#define PROGRAM_RUN_TAR_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash_set.h"
#include "images/tar_input.h"
#include "jobs/passed_over.h"
#include "program/run/tar_links.h"
#include "program/run/tar_names.h"

struct name_rules;
struct progress;

struct tar_images_options {
    struct tar_input_options input;
    const struct name_rules *rules;
    unsigned folds;            /* what the output folder takes for the same name (name_fold.h) */
    struct progress *progress; /* where a warning goes */
    int retries;               /* after the process that reads the tar was lost */
    /* Whether an image is still to be done, by its name in the tar. The tar is read a second time
     * only if a link is. */
    bool (*wants)(void *context, const char *name);
    void *context;
};

/* Zeroed at first. */
struct tar_images {
    struct tar_images_options options;
    struct tar_input *input;
    struct tar_names names; /* of the images so far */
    struct hash_set
        clashing; /* hashes of those names that are not in `names`: an earlier one has their record */
    struct tar_links links;
    bool again;           /* the tar is read a second time, for the links */
    uint64_t at;          /* members of this reading so far */
    int losses;           /* of the process that reads */
    struct tar_link *due; /* [due_count] links to `member`, which has just been read */
    size_t due_count;
    struct tar_member member;
    struct error fault;  /* of `member` */
    bool shares_record;  /* the image that was given last would write an earlier one's record */
    uint64_t name_bytes; /* of what is kept in `names` and `links` */
    uint64_t repeats;    /* members of the same name so far */
    uint64_t taken;      /* images so far, with those that are done, unusable, or links */
    struct passed_over passed;
};

/* As tar_input_open. The strings of `options` must outlive it. */
int tar_images_open(struct tar_images *images, const struct tar_images_options *options,
                    struct error *error);

/* Reads the next image. Returns 1 with fault->code ERROR_NONE, or ERROR_IMAGE if the image is
 * unusable (damaged, or an earlier one writes the same record); 0 at the end; -1 if the tar cannot
 * be read any further (ERROR_IO, ERROR_MEMORY). Of two members with the same name the first counts.
 * A link gives the image of the earlier member that it leads to. All else is counted in
 * images->passed. */
int tar_images_next(struct tar_images *images, struct tar_member *member, struct error *fault);

void tar_images_close(struct tar_images *images);

#endif
