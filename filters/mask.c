#include "filters/mask.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

bool mask_iou_passes(float predicted_iou, double threshold)
{
    return threshold <= 0 || predicted_iou > (float)threshold;
}

bool mask_stability_passes(float stability_score, double threshold)
{
    return threshold <= 0 || stability_score >= (float)threshold;
}

int mask_list_add(struct mask_list *list, struct mask *mask, struct error *error)
{
    if (memory_grow((void **)&list->items, &list->capacity, list->count + 1, sizeof *list->items,
                    error))
        return -1;
    list->items[list->count++] = *mask;
    *mask = (struct mask){0};
    return 0;
}

int mask_list_append(struct mask_list *to, struct mask_list *from, struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < from->count; i++)
        status = mask_list_add(to, &from->items[i], error);
    mask_list_free(from);
    return status;
}

int mask_list_select(struct mask_list *list, const size_t *order, size_t count, struct error *error)
{
    struct mask *selected = malloc((count ? count : 1) * sizeof *selected);
    if (!selected)
        return error_set(error, ERROR_MEMORY, "no memory for a list of %zu masks", count);
    for (size_t i = 0; i < count; i++) {
        selected[i] = list->items[order[i]];
        list->items[order[i]] = (struct mask){0};
    }
    mask_list_free(list);
    *list = (struct mask_list){selected, count, count ? count : 1};
    return 0;
}

void mask_list_keep(struct mask_list *list, mask_stays *stays, const void *context)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (stays(context, &list->items[i]))
            list->items[kept++] = list->items[i];
        else
            rle_free(&list->items[i].rle);
    list->count = kept;
}

void mask_list_free(struct mask_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        rle_free(&list->items[i].rle);
    free(list->items);
    *list = (struct mask_list){0};
}
