#include "program/eval/data_set.h"

#include "base/error.h"
#include "base/memory.h"
#include "program/eval/data_set_kind.h"

struct data_set *data_set_open(const struct data_set_options *options, struct error *error)
{
    struct data_set *set = memory_new(1, sizeof *set, "data set", error);
    if (!set)
        return NULL;
    set->options = *options;
    set->kind = options->coco         ? &data_set_coco
                : options->label_maps ? &data_set_maps
                                      : &data_set_pairs;
    set->own = set->kind->open(set, error);
    if (set->own)
        return set;
    data_set_close(set);
    return NULL;
}

int data_set_next(struct data_set *set, struct data_item *item, struct error *error)
{
    return set->kind->next(set, set->own, item, error);
}

int data_set_truth(struct data_set *set, struct segments *truth, struct error *error)
{
    return set->kind->truth(set->own, truth, error);
}

int data_set_image(struct data_set *set, struct image_input *input, struct error *error)
{
    return set->kind->image(set->own, input, error);
}

const struct class_names *data_set_classes(const struct data_set *set)
{
    return &set->classes;
}

uint64_t data_set_unlabelled(const struct data_set *set)
{
    return set->unlabelled;
}

void data_set_close(struct data_set *set)
{
    if (!set)
        return;
    set->kind->close(set->own);
    class_names_free(&set->classes);
    memory_free(set);
}
