/* sink.h - where the images of a run go once their masks are found.
 *
 *   read -> compute -> [write: one thread of its own] -> [finish: another thread]
 *
 *   folder_sink.h   a record a file below the output folder, and the ledger
 *   tar_sink.h      for each input tar an output tar, and the ledger
 */
#ifndef PROGRAM_RUN_SINK_H
#define PROGRAM_RUN_SINK_H

#include <stdbool.h>

struct error;
struct item;
struct list_item;
struct submission;

/* What may be submitted in an image's place. It goes through no stage, but comes to `finish` where an image
 * would: with in_order, after all that was submitted before. */
enum sink_mark {
    SINK_IMAGE,   /* none: an image */
    SINK_COPY,    /* an image that an earlier start has done: the sink knows where it is */
    SINK_TAR_END, /* the end of a tar: all its images were submitted */
    SINK_TAR_LEFT /* the end of what is submitted of a tar: the rest cannot be read, or is not wanted */
};

enum item_outcome {
    ITEM_DONE,    /* every stage went well */
    ITEM_FAILED,  /* item->error says what is wrong with the image */
    ITEM_DROPPED, /* the run is ending: the image is neither done nor failed */
    ITEM_MARK     /* item->mark says what it is */
};

struct sink {
    bool in_order; /* finish is called in the order of submission, else as the images end */
    /* Writes what belongs to the image alone. Returns 0, or -1 as item_compute does. */
    int (*write)(void *context, struct item *item);
    /* Called once for each submitted image. What the sink takes over from the item it sets to NULL. */
    void (*finish)(void *context, struct item *item, enum item_outcome outcome);
    /* For the thread that submits (submit_list.c, submit_tar.c); NULL in a sink that is fed otherwise.
     *
     * Begins with a tar: 1 with the tag of its images in *tag, 0 to pass it over, or -1. A tar that was begun
     * ends with a mark. NULL: the images of all tars are taken, and none has a tag. */
    int (*begin)(void *context, const struct list_item *tar, void **tag, struct error *error);
    /* Called for each image in order: 1 to submit it, 0 if nothing is to be done, or -1. It may put a mark in
     * the image's place. */
    int (*admit)(void *context, struct submission *image, struct error *error);
    /* Makes durable what was finished so far, while nothing is being finished; NULL: nothing to do. */
    void (*settle)(void *context);
    void *context;
};

#endif
