#include "program/label/name_masks.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "model/clip/clip.h"
#include "pipeline/classifier.h"
#include "program/label/labels.h"
#include "records/record.h"

/* Whether the mask gets its class here. */
static bool lacks_category(const struct record *record, size_t index)
{
    bool own = index < record->extra_count && record->extras[index].own;
    return !own && !record_category(record, index);
}

/* Masks of a record that get their class here. */
struct nameless {
    struct mask_list masks;   /* their runs are the record's */
    size_t *numbers;          /* [masks.count] owned, in the record */
    struct clip_class *found; /* [masks.count] owned */
};

static int find_nameless(struct nameless *nameless, const struct record *record,
                         struct error *error)
{
    size_t most = record->masks.count;
    nameless->masks.items = memory_new(most, sizeof *nameless->masks.items, "masks", error);
    nameless->numbers = memory_new(most, sizeof *nameless->numbers, "masks", error);
    nameless->found = memory_new(most, sizeof *nameless->found, "classes", error);
    if (!nameless->masks.items || !nameless->numbers || !nameless->found)
        return -1;
    for (size_t i = 0; i < most; i++)
        if (lacks_category(record, i)) {
            nameless->numbers[nameless->masks.count] = i;
            nameless->masks.items[nameless->masks.count++] = record->masks.items[i];
        }
    return 0;
}

static int set_categories(const struct labels *labels, const struct nameless *nameless,
                          struct record *record, struct error *error)
{
    for (size_t i = 0; i < nameless->masks.count; i++) {
        const struct clip_class *found = &nameless->found[i];
        size_t at = nameless->numbers[i];
        if (found->number == CLIP_CLASS_NONE || (double)found->score < labels_class_min(labels))
            continue;
        if (record_set_category(record, at, labels_name_of(labels, (size_t)found->number), error))
            return -1;
        record_set_category_score(record, at, found->score);
    }
    return 0;
}

/* Finds the classes by embeddings[masks of the record][E]. */
static int find_by_embeddings(const struct labels *labels, const struct nameless *nameless,
                              const float *embeddings, struct error *error)
{
    const size_t width = (size_t)clip_info(labels_clip(labels))->width;
    float *rows = memory_new(nameless->masks.count, width * sizeof *rows, "embeddings", error);
    if (!rows)
        return -1;
    for (size_t i = 0; i < nameless->masks.count; i++)
        memcpy(rows + i * width, embeddings + nameless->numbers[i] * width, width * sizeof *rows);
    int status =
        clip_classes_masks(labels_classes(labels), &nameless->masks, rows, nameless->found, error);
    memory_free(rows);
    return status;
}

int labels_name(const struct labels *labels, struct classifier *classifier,
                const struct image *image, const float *embeddings, struct record *record,
                struct error *error)
{
    struct nameless nameless = {0};
    if (labels_count(labels) == 0)
        return 0;
    int status = find_nameless(&nameless, record, error);
    if (status == 0 && embeddings)
        status = find_by_embeddings(labels, &nameless, embeddings, error);
    else if (status == 0)
        status = classifier_masks(classifier, labels_classes(labels), image, &nameless.masks,
                                  nameless.found, error);
    if (status == 0)
        status = set_categories(labels, &nameless, record, error);
    memory_free(nameless.masks.items);
    memory_free(nameless.numbers);
    memory_free(nameless.found);
    return status;
}
