/* Data sets of pairs: beside NAME.jpg lies NAME.json, in folders or in tars (tar_pairs.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/tar_name.h"
#include "jobs/list.h"
#include "program/eval/data_set_kind.h"
#include "program/eval/segments.h"
#include "program/eval/tar_pairs.h"

struct pairs {
    const struct data_set_options *options;
    struct list *list;       /* owned */
    struct list_item listed; /* borrowed from it */
    struct tar_pairs *tar;   /* owned: the one that is read; NULL: none */
    struct tar_pair pair;    /* of it */
    char *key;               /* owned: of an image in a tar */
    struct error fault;      /* of a tar */
};

static bool is_image_or_tar(const char *name)
{
    return image_has_extension(name) || tar_name_is_tar(name);
}

static void *open_pairs(struct data_set *set, struct error *error)
{
    const struct list_options walk = {.inputs = set->options.inputs,
                                      .input_count = set->options.input_count,
                                      .wanted = is_image_or_tar,
                                      .skip_suffix = ".overlay.jpg"};
    struct pairs *pairs = memory_new(1, sizeof *pairs, "data set", error);
    if (!pairs)
        return NULL;
    pairs->options = &set->options;
    pairs->list = list_open(&walk, error);
    if (pairs->list)
        return pairs;
    memory_free(pairs);
    return NULL;
}

static void close_tar(struct pairs *pairs)
{
    tar_pairs_close(pairs->tar);
    pairs->tar = NULL;
}

static void close_pairs(void *own)
{
    struct pairs *pairs = own;
    if (!pairs)
        return;
    close_tar(pairs);
    list_close(pairs->list);
    free(pairs->key);
    memory_free(pairs);
}

/* What is wrong with the tar that is read is an item of the tar's name. 1, or -1 with ERROR_MEMORY. */
static int give_fault(struct pairs *pairs, struct data_item *item, struct error *error)
{
    close_tar(pairs);
    if (pairs->fault.code == ERROR_MEMORY) {
        *error = pairs->fault;
        return -1;
    }
    *item = (struct data_item){pairs->listed.key, &pairs->fault};
    return 1;
}

/* The next image of the tar that is read: 1; 0: no more; -1. */
static int next_of_tar(struct pairs *pairs, struct data_item *item, struct error *error)
{
    const char *key = pairs->listed.key;
    int more = tar_pairs_next(pairs->tar, &pairs->pair, &pairs->fault);
    if (more < 0)
        return give_fault(pairs, item, error);
    if (more == 0) {
        close_tar(pairs);
        return 0;
    }
    free(pairs->key);
    if (asprintf(&pairs->key, "%.*s/%s", (int)tar_name_stem(key), key, pairs->pair.name) < 0) {
        pairs->key = NULL;
        return error_set(error, ERROR_MEMORY, "%s: no memory for a name", key);
    }
    *item = (struct data_item){pairs->key, pairs->pair.fault};
    return 1;
}

/* The next entry of the list: an image, or the first of a tar. As next_of_tar. */
static int begin_entry(struct pairs *pairs, struct data_item *item, struct error *error)
{
    const struct list_item *listed = &pairs->listed;
    if (!shard_has(&pairs->options->shard, listed->key))
        return 0;
    *item = (struct data_item){listed->key, listed->fault};
    if (listed->fault || !tar_name_is_tar(listed->path))
        return 1;
    pairs->tar = tar_pairs_open(listed->path, pairs->options->pool, &pairs->fault);
    return pairs->tar ? next_of_tar(pairs, item, error) : give_fault(pairs, item, error);
}

static int next_pair(struct data_set *set, void *own, struct data_item *item, struct error *error)
{
    struct pairs *pairs = own;
    int given = pairs->tar ? next_of_tar(pairs, item, error) : 0;
    (void)set;
    while (given == 0) {
        int more = list_next(pairs->list, &pairs->listed, error);
        if (more <= 0)
            return more;
        given = begin_entry(pairs, item, error);
    }
    return given;
}

static int pair_truth(void *own, struct segments *truth, struct error *error)
{
    const struct pairs *pairs = own;
    const char *path = pairs->listed.path;
    char *record;
    if (pairs->tar)
        return segments_parse(truth, pairs->pair.record, pairs->pair.length, error)
                   ? error_prefix(error, "%s: %s", path, pairs->pair.name)
                   : 0;
    if (asprintf(&record, "%.*s.json", (int)list_stem(path), path) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its record's name", path);
    int status = segments_read(truth, NULL, record, error);
    free(record);
    return status;
}

static int pair_image(void *own, struct image_input *input, struct error *error)
{
    const struct pairs *pairs = own;
    (void)error;
    *input = pairs->tar ? (struct image_input){pairs->pair.name, pairs->pair.image}
                        : (struct image_input){pairs->listed.path, -1};
    return 0;
}

const struct data_set_kind data_set_pairs = {open_pairs, next_pair, pair_truth, pair_image,
                                             close_pairs};
