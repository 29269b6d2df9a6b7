#include "filters/match.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "rle/combine.h"

/* The masks of one tile: items[first .. end). */
struct tile {
    struct rect rect;
    size_t first, end;
};

static bool reaches(struct box box, struct rect rect)
{
    return box.x0 < rect.x + rect.width && box.x1 >= rect.x && box.y0 < rect.y + rect.height &&
           box.y1 >= rect.y;
}

static int add(struct matches *matches, size_t from, size_t to, double iou, struct error *error)
{
    if (memory_grow((void **)&matches->items, &matches->capacity, matches->count + 1,
                    sizeof *matches->items, error))
        return -1;
    matches->items[matches->count++] = (struct match){from, to, iou};
    return 0;
}

static int compare_tiles(struct matches *matches, const struct mask *masks, double threshold,
                         const struct tile *a, const struct tile *b, struct error *error)
{
    struct rect shared = rect_overlap(a->rect, b->rect);
    if (shared.width <= 0 || shared.height <= 0)
        return 0;
    for (size_t i = a->first; i < a->end; i++) {
        uint64_t of_a = reaches(masks[i].box, shared) ? rle_area_within(&masks[i].rle, shared) : 0;
        for (size_t j = b->first; of_a > 0 && j < b->end; j++) {
            if (!reaches(masks[j].box, shared) || !box_meets(masks[i].box, masks[j].box))
                continue;
            uint64_t both = rle_intersection(&masks[i].rle, &masks[j].rle);
            uint64_t of_b = both ? rle_area_within(&masks[j].rle, shared) : 0;
            double iou = (double)both / (double)(of_a + of_b - both);
            if (iou >= threshold &&
                (add(matches, i, j, iou, error) || add(matches, j, i, iou, error)))
                return -1;
        }
    }
    return 0;
}

static void list_tiles(struct matches *matches, const struct mask_list *list, struct tile *tiles)
{
    for (size_t i = 0; i < list->count; i++) {
        size_t count = matches->tile_count;
        if (count == 0 || !rect_equal(tiles[count - 1].rect, list->items[i].crop))
            tiles[matches->tile_count++] = (struct tile){list->items[i].crop, i, i};
        matches->tile_of[i] = matches->tile_count - 1;
        tiles[matches->tile_count - 1].end = i + 1;
    }
}

static int by_source(const void *left, const void *right)
{
    const struct match *a = left, *b = right;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->iou != b->iou)
        return a->iou > b->iou ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

int matches_find(struct matches *matches, const struct mask_list *list, double threshold,
                 struct error *error)
{
    struct tile *tiles = memory_new(list->count, sizeof *tiles, "tiles", error);
    matches->tile_of = memory_new(list->count, sizeof *matches->tile_of, "tiles", error);
    int status = tiles && matches->tile_of ? 0 : -1;
    if (status == 0)
        list_tiles(matches, list, tiles);
    for (size_t a = 0; a < matches->tile_count; a++)
        for (size_t b = a + 1; status == 0 && b < matches->tile_count; b++)
            status = compare_tiles(matches, list->items, threshold, &tiles[a], &tiles[b], error);
    if (matches->count)
        qsort(matches->items, matches->count, sizeof *matches->items, by_source);
    memory_free(tiles);
    return status;
}

void matches_free(struct matches *matches)
{
    free(matches->items);
    memory_free(matches->tile_of);
    *matches = (struct matches){0};
}

size_t matches_from(const struct matches *matches, size_t from)
{
    size_t low = 0, high = matches->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (matches->items[middle].from < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low < matches->count && matches->items[low].from == from ? low : matches->count;
}
