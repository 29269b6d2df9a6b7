#include "records/category.h"

#include <stdlib.h>
#include <string.h>

#include "records/record.h"
#include "records/review.h"

int category_begin(struct name_index *categories, struct error *error)
{
    return name_index_put(categories, "object", error) == NAME_INDEX_NONE ? -1 : 0;
}

int category_of(struct name_index *categories, const struct record *record, size_t mask,
                size_t *number, struct error *error)
{
    const char *name = record_category(record, mask);
    *number = 0;
    if (!categories || !name)
        return 0;
    *number = name_index_put(categories, name, error);
    return *number == NAME_INDEX_NONE ? -1 : 0;
}

/* The classes that count, each once. */
static int collect(struct name_index *found, const struct review *review, struct error *error)
{
    for (size_t i = 0; i < review_count(review); i++) {
        const struct review_image *image = review_at(review, i);
        for (size_t j = 0; j < image->mask_count; j++) {
            const struct review_mask *mask = &image->masks[j];
            if (mask->class_name && !mask->removed && mask->decision != REVIEW_REJECTED &&
                name_index_put(found, mask->class_name, error) == NAME_INDEX_NONE)
                return -1;
        }
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int category_put_reviewed(struct name_index *categories, const struct review *review,
                          struct error *error)
{
    struct name_index found = {0};
    int status = collect(&found, review, error);
    if (status == 0 && found.count > 1) /* from here on, `found` is but a list */
        qsort(found.names, found.count, sizeof *found.names, compare);
    for (size_t i = 0; status == 0 && i < found.count; i++)
        if (name_index_put(categories, found.names[i], error) == NAME_INDEX_NONE)
            status = -1;
    name_index_free(&found);
    return status;
}
