#include "filters/merge.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "rle/combine.h"

/* The masks of one tile: items[first .. end). */
struct tile {
    struct rect rect;
    size_t first, end;
};

struct merge {
    struct mask_list *list;
    double threshold;
    struct tile *tiles;
    size_t tile_count;
    size_t *parents; /* a forest: masks of one tree show one object */
};

static bool same_rect(struct rect a, struct rect b)
{
    return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height;
}

static int32_t min_int(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t max_int(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* What two tiles share; width or height 0 or less where they share nothing. */
static struct rect overlap_of(struct rect a, struct rect b)
{
    struct rect shared = {max_int(a.x, b.x), max_int(a.y, b.y), 0, 0};
    shared.width = min_int(a.x + a.width, b.x + b.width) - shared.x;
    shared.height = min_int(a.y + a.height, b.y + b.height) - shared.y;
    return shared;
}

static bool reaches(struct box box, struct rect rect)
{
    return box.x0 < rect.x + rect.width && box.x1 >= rect.x && box.y0 < rect.y + rect.height &&
           box.y1 >= rect.y;
}

static size_t root_of(size_t *parents, size_t i)
{
    while (parents[i] != i) {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    return i;
}

/* The better of two masks: higher predicted IoU, then the earlier. */
static bool is_better(const struct merge *merge, size_t a, size_t b)
{
    float of_a = merge->list->items[a].predicted_iou, of_b = merge->list->items[b].predicted_iou;
    return of_a != of_b ? of_a > of_b : a < b;
}

static void join(struct merge *merge, size_t a, size_t b)
{
    a = root_of(merge->parents, a);
    b = root_of(merge->parents, b);
    if (a == b)
        return;
    if (is_better(merge, a, b))
        merge->parents[b] = a;
    else
        merge->parents[a] = b;
}

static void compare_tiles(struct merge *merge, const struct tile *a, const struct tile *b,
                          struct rect shared)
{
    const struct mask *masks = merge->list->items;
    for (size_t i = a->first; i < a->end; i++) {
        uint64_t of_a = reaches(masks[i].box, shared) ? rle_area_within(&masks[i].rle, shared) : 0;
        for (size_t j = b->first; of_a > 0 && j < b->end; j++) {
            if (!reaches(masks[j].box, shared) || !box_meets(masks[i].box, masks[j].box))
                continue;
            uint64_t of_b = rle_area_within(&masks[j].rle, shared);
            uint64_t both = rle_intersection(&masks[i].rle, &masks[j].rle);
            if (both > 0 && (double)both >= merge->threshold * (double)(of_a + of_b - both))
                join(merge, i, j);
        }
    }
}

static void find_tiles(struct merge *merge)
{
    const struct mask_list *list = merge->list;
    for (size_t i = 0; i < list->count; i++) {
        struct tile *last = merge->tile_count ? &merge->tiles[merge->tile_count - 1] : NULL;
        if (last && same_rect(last->rect, list->items[i].crop))
            last->end = i + 1;
        else
            merge->tiles[merge->tile_count++] = (struct tile){list->items[i].crop, i, i + 1};
    }
}

static void find_pairs(struct merge *merge)
{
    for (size_t a = 0; a < merge->tile_count; a++)
        for (size_t b = a + 1; b < merge->tile_count; b++) {
            struct rect shared = overlap_of(merge->tiles[a].rect, merge->tiles[b].rect);
            if (shared.width > 0 && shared.height > 0)
                compare_tiles(merge, &merge->tiles[a], &merge->tiles[b], shared);
        }
}

/* Adds every mask to the best of its tree and keeps only those. */
static int unite(struct merge *merge, struct error *error)
{
    struct mask_list *list = merge->list;
    struct rle scratch = {0};
    size_t *keep = merge->parents, kept = 0; /* written no further than it has been read */
    int status = 0;
    for (size_t i = 0; status == 0 && i < list->count; i++) {
        struct mask *best = &list->items[root_of(merge->parents, i)];
        if (best == &list->items[i])
            continue;
        status = rle_combine(&scratch, &best->rle, &list->items[i].rle, RLE_UNION, error);
        if (status == 0)
            status = rle_copy(&best->rle, &scratch, error);
        best->box = rle_box(&best->rle);
        best->area = rle_area(&best->rle);
    }
    for (size_t i = 0; i < list->count; i++)
        if (merge->parents[i] == i)
            keep[kept++] = i;
    rle_free(&scratch);
    return status ? -1 : mask_list_select(list, keep, kept, error);
}

int merge_tiles(struct mask_list *list, double threshold, struct error *error)
{
    struct merge merge = {.list = list, .threshold = threshold};
    int status = -1;
    merge.tiles = memory_new(list->count, sizeof *merge.tiles, "tiles", error);
    merge.parents = memory_new(list->count, sizeof *merge.parents, "masks to merge", error);
    if (merge.tiles && merge.parents) {
        for (size_t i = 0; i < list->count; i++)
            merge.parents[i] = i;
        find_tiles(&merge);
        find_pairs(&merge);
        status = unite(&merge, error);
    }
    memory_free(merge.parents);
    memory_free(merge.tiles);
    return status;
}
