/* data_set.h - the images of a data set and their true segments, one image after another, whatever the
 * form in which the set is published:
 *
 *   pairs       NAME.jpg and NAME.json in folders, and in tars as SA-1B's (data_set_pairs.c)
 *   coco        a COCO document of instances and a folder of images; LVIS (data_set_coco.c)
 *   label maps  a folder of PNG files and one of images (data_set_maps.c)
 *
 * The order is that of the names in folders, of members in a tar, of images in a document. */
#ifndef PROGRAM_EVAL_DATA_SET_H
#define PROGRAM_EVAL_DATA_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "images/image.h"
#include "jobs/shard.h"
#include "program/eval/class_names.h"
#include "program/eval/label_map.h"

struct data_set;
struct error;
struct image_pool;
struct segments;

/* All borrowed, for as long as the set. */
struct data_set_options {
    const char *const *inputs; /* pairs: folders, images, tars; else one folder of images */
    size_t input_count;
    const char *coco;         /* a document; NULL: not this form */
    const char *label_maps;   /* a folder; NULL: not this form */
    const char *label_suffix; /* of label maps' names, before ".png"; NULL: any of the usual ones */
    struct label_rules labels;
    bool trusted;            /* links in the folders are followed */
    struct image_pool *pool; /* reads label maps and tars; may be NULL for `coco` */
    struct shard shard;      /* only its images; those of a tar go together */
};

/* An image of the set; valid until the next call. */
struct data_item {
    const char *key;           /* its name in the set: a relative path with extension */
    const struct error *fault; /* why it cannot be evaluated; NULL: nothing is known yet */
};

/* Opens a set. NULL with ERROR_IO, ERROR_RECORD (no document of COCO's), ERROR_USAGE or ERROR_MEMORY.
 * The caller frees it by data_set_close. */
struct data_set *data_set_open(const struct data_set_options *options, struct error *error);

/* The next image. Returns 1; 0 at the end; or -1 with ERROR_IO or ERROR_MEMORY. */
int data_set_next(struct data_set *set, struct data_item *item, struct error *error);

/* Reads the true segments of that image, of all annotators, into `truth`, which is zeroed but for
 * max_pixels. Returns 0, or -1 with ERROR_IO, ERROR_IMAGE, ERROR_RECORD (what is wrong with the image)
 * or ERROR_MEMORY, and nothing in it. */
int data_set_truth(struct data_set *set, struct segments *truth, struct error *error);

/* Opens that image for reading. A descriptor, if any, belongs to the set until the next call of
 * data_set_next. Returns 0, or -1 with ERROR_IMAGE, ERROR_RECORD or ERROR_MEMORY. */
int data_set_image(struct data_set *set, struct image_input *input, struct error *error);

/* The names that the set has for its classes; none for most. */
const struct class_names *data_set_classes(const struct data_set *set);

/* Images that were passed over because nothing says what is in them. */
uint64_t data_set_unlabelled(const struct data_set *set);

/* NULL is allowed. */
void data_set_close(struct data_set *set);

#endif
