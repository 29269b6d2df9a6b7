/* sink.h - where the images of a run go once their masks are found.
 *
 *   read -> compute -> [write: one thread of its own] -> [finish: another thread]
 *
 *   folder_sink.h   a record a file below the output folder, and the ledger
 */
#ifndef PROGRAM_RUN_SINK_H
#define PROGRAM_RUN_SINK_H

#include <stdbool.h>

struct item;

enum item_outcome {
    ITEM_DONE,   /* every stage went well */
    ITEM_FAILED, /* item->error says what is wrong with the image */
    ITEM_DROPPED /* the run is ending: the image is neither done nor failed */
};

struct sink {
    bool in_order; /* finish is called in the order of submission, else as the images end */
    /* Writes what belongs to the image alone. Returns 0, or -1 as item_compute does. */
    int (*write)(void *context, struct item *item);
    /* Called once for each submitted image. What the sink takes over from the item it sets to NULL. */
    void (*finish)(void *context, struct item *item, enum item_outcome outcome);
    /* Makes durable what was finished so far, while nothing is being finished; NULL: nothing to do. */
    void (*settle)(void *context);
    void *context;
};

#endif
