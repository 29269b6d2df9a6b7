/* data_set_kind.h - what a form of data set does; for data_set*.c. */
#ifndef PROGRAM_EVAL_DATA_SET_KIND_H
#define PROGRAM_EVAL_DATA_SET_KIND_H

#include "program/eval/data_set.h"

struct data_set_kind {
    /* As the functions of data_set.h; `own` is what open has made. `next` gives the images of all shards,
     * but may leave out those of others. */
    void *(*open)(struct data_set *set, struct error *error);
    int (*next)(struct data_set *set, void *own, struct data_item *item, struct error *error);
    int (*truth)(void *own, struct segments *truth, struct error *error);
    int (*image)(void *own, struct image_input *input, struct error *error);
    void (*close)(void *own); /* NULL is allowed */
};

struct data_set {
    const struct data_set_kind *kind;
    struct data_set_options options;
    void *own;                  /* of the kind */
    struct class_names classes; /* owned */
    uint64_t unlabelled;
};

extern const struct data_set_kind data_set_pairs, data_set_coco, data_set_maps;

#endif
