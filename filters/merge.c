#include "filters/merge.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "filters/match.h"
#include "filters/seam.h"
#include "rle/combine.h"

/* Masks that show the same object form a group: a cyclic list by `next`, at first of one mask each.
 * A group has at most one mask of each tile, so a part and its whole stay separate. */
struct merge {
    const struct mask_list *list;
    struct matches matches;
    size_t *next;    /* [list->count] */
    size_t *stamps;  /* [tiles] the last round in which each tile was seen */
    size_t round;    /* incremented before each search that stamps tiles */
    size_t *members; /* [tiles] of the current group */
    size_t member_count;
};

static bool is_stamped(const struct merge *merge, size_t mask)
{
    return merge->stamps[merge->matches.tile_of[mask]] == merge->round;
}

static void stamp(struct merge *merge, size_t mask)
{
    merge->stamps[merge->matches.tile_of[mask]] = merge->round;
}

/* Whether the groups of a and b have no tile in common. False if they are the same group. */
static bool may_join(struct merge *merge, size_t a, size_t b)
{
    size_t i = a;
    merge->round++;
    do {
        stamp(merge, i);
        i = merge->next[i];
    } while (i != a);
    i = b;
    do {
        if (is_stamped(merge, i))
            return false;
        i = merge->next[i];
    } while (i != b);
    return true;
}

/* Pairs with the highest IoU first. */
static int by_falling_iou(const void *left, const void *right)
{
    const struct match *a = left, *b = right;
    if (a->iou != b->iou)
        return a->iou > b->iou ? -1 : 1;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return a->to < b->to ? -1 : a->to > b->to;
}

static int form_groups(struct merge *merge, struct error *error)
{
    size_t count = merge->matches.count;
    struct match *pairs = memory_new(count, sizeof *pairs, "pairs of masks", error);
    if (!pairs)
        return -1;
    for (size_t i = 0; i < count; i++)
        pairs[i] = merge->matches.items[i];
    qsort(pairs, count, sizeof *pairs, by_falling_iou);
    for (size_t i = 0; i < merge->list->count; i++)
        merge->next[i] = i;
    for (size_t i = 0; i < count; i++) {
        size_t a = pairs[i].from, b = pairs[i].to;
        if (a < b && may_join(merge, a, b)) { /* splice two cyclic lists into one */
            size_t after = merge->next[a];
            merge->next[a] = merge->next[b];
            merge->next[b] = after;
        }
    }
    memory_free(pairs);
    return 0;
}

static void add_member(struct merge *merge, size_t mask)
{
    stamp(merge, mask);
    merge->members[merge->member_count++] = mask;
}

static int by_index(const void *left, const void *right)
{
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    return a < b ? -1 : a > b;
}

/* Lists the group of a mask in the order of the tiles. For a tile without a member, the mask of
 * another group that agrees best with a member is added: what one tile shows can belong to a part
 * as well as to the whole. */
static void list_members(struct merge *merge, size_t mask)
{
    const struct matches *matches = &merge->matches;
    size_t i = mask;
    merge->round++;
    merge->member_count = 0;
    do {
        add_member(merge, i);
        i = merge->next[i];
    } while (i != mask);
    for (size_t at = 0; at < merge->member_count; at++) {
        size_t from = merge->members[at];
        size_t m = matches_from(matches, from);
        for (; m < matches->count && matches->items[m].from == from; m++)
            if (!is_stamped(merge, matches->items[m].to))
                add_member(merge, matches->items[m].to);
    }
    qsort(merge->members, merge->member_count, sizeof *merge->members, by_index);
}

/* Joins the members of one row of tiles, from *at on; *at moves to the next row. */
static int join_row(const struct merge *merge, size_t *at, struct piece *row, struct error *error)
{
    const struct mask *masks = merge->list->items;
    int32_t y = masks[merge->members[*at]].crop.y;
    for (; *at < merge->member_count && masks[merge->members[*at]].crop.y == y; (*at)++) {
        const struct mask *mask = &masks[merge->members[*at]];
        const struct piece piece = {mask->rle, mask->crop};
        if (seam_join(row, &piece, SEAM_X, error))
            return -1;
    }
    return 0;
}

/* Joins all members, row by row, into rle. */
static int join_members(const struct merge *merge, struct rle *rle, struct error *error)
{
    struct piece whole = {0};
    int status = 0;
    for (size_t at = 0; status == 0 && at < merge->member_count;) {
        struct piece row = {0};
        status = join_row(merge, &at, &row, error) || seam_join(&whole, &row, SEAM_Y, error);
        rle_free(&row.rle);
    }
    *rle = whole.rle;
    return status ? -1 : 0;
}

/* The line of pixels just inside one side of a tile, and the one just outside. */
struct border {
    struct rect in, out;
};

/* Whether one tile of the group covers everything beside the mask and beyond the border. */
static bool is_covered_beyond(const struct merge *merge, struct box box,
                              const struct border *border)
{
    struct rect around = {box.x0 - 1, box.y0 - 1, box.x1 - box.x0 + 3, box.y1 - box.y0 + 3};
    struct rect beside = rect_overlap(border->out, around);
    for (size_t i = 0; i < merge->member_count; i++) {
        struct rect tile = merge->list->items[merge->members[i]].crop;
        if (rect_equal(rect_overlap(tile, beside), beside))
            return true;
    }
    return false;
}

/* Whether the mask, `side` pixels long along the border, ends there in a straight line: for more
 * than half of the side if a tile covers the other side, where the object most likely ends by
 * itself, else for more than a quarter. */
static bool ends_at(const struct merge *merge, const struct mask *mask, const struct border *border,
                    int32_t side)
{
    uint64_t inside = rle_area_within(&mask->rle, border->in);
    uint64_t enough = (uint64_t)side / 4;
    if (inside <= enough || 2 * rle_area_within(&mask->rle, border->out) >= inside)
        return false;
    return 2 * inside > (uint64_t)side || !is_covered_beyond(merge, mask->box, border);
}

/* Whether the mask ends in a straight line at an inner border of the tile. */
static bool is_cut_by(const struct merge *merge, const struct mask *mask, struct rect tile)
{
    int32_t width = mask->box.x1 - mask->box.x0 + 1, height = mask->box.y1 - mask->box.y0 + 1;
    int32_t right = tile.x + tile.width, bottom = tile.y + tile.height;
    const struct border borders[] = {
        {{tile.x, tile.y, 1, tile.height}, {tile.x - 1, tile.y, 1, tile.height}},
        {{right - 1, tile.y, 1, tile.height}, {right, tile.y, 1, tile.height}},
        {{tile.x, tile.y, tile.width, 1}, {tile.x, tile.y - 1, tile.width, 1}},
        {{tile.x, bottom - 1, tile.width, 1}, {tile.x, bottom, tile.width, 1}},
    };
    const bool inner[] = {tile.x > 0, (int32_t)mask->rle.width > right, tile.y > 0,
                          (int32_t)mask->rle.height > bottom};
    for (int i = 0; i < 4; i++)
        if (inner[i] && ends_at(merge, mask, &borders[i], i < 2 ? height : width))
            return true;
    return false;
}

static bool is_cut(const struct merge *merge, const struct mask *mask)
{
    bool cut = false;
    for (size_t i = 0; !cut && i < merge->member_count; i++)
        cut = is_cut_by(merge, mask, merge->list->items[merge->members[i]].crop);
    return cut;
}

/* Whether this mask is the best of its group: highest predicted IoU, then the earliest. */
static bool is_best(const struct merge *merge, size_t mask)
{
    const struct mask *masks = merge->list->items;
    for (size_t i = merge->next[mask]; i != mask; i = merge->next[i])
        if (masks[i].predicted_iou > masks[mask].predicted_iou ||
            (masks[i].predicted_iou == masks[mask].predicted_iou && i < mask))
            return false;
    return true;
}

/* Adds one mask for each group, unless a tile has cut it. */
static int join_groups(struct merge *merge, struct mask_list *merged, struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < merge->list->count; i++) {
        if (!is_best(merge, i))
            continue;
        struct mask mask = merge->list->items[i];
        list_members(merge, i);
        status = join_members(merge, &mask.rle, error);
        mask.box = rle_box(&mask.rle);
        mask.area = rle_area(&mask.rle);
        if (status == 0 && !is_cut(merge, &mask))
            status = mask_list_add(merged, &mask, error);
        rle_free(&mask.rle);
    }
    return status;
}

static int merge_init(struct merge *merge, double threshold, struct error *error)
{
    size_t count = merge->list->count;
    if (matches_find(&merge->matches, merge->list, threshold, error) ||
        !(merge->next = memory_new(count, sizeof *merge->next, "masks to merge", error)))
        return -1;
    size_t tiles = merge->matches.tile_count;
    merge->stamps = memory_new(tiles, sizeof *merge->stamps, "tiles", error);
    merge->members = memory_new(tiles, sizeof *merge->members, "masks to merge", error);
    return merge->stamps && merge->members ? 0 : -1;
}

int merge_tiles(struct mask_list *list, double threshold, struct error *error)
{
    struct merge merge = {.list = list};
    struct mask_list merged = {0};
    int status = merge_init(&merge, threshold, error);
    if (status == 0)
        status = form_groups(&merge, error);
    if (status == 0)
        status = join_groups(&merge, &merged, error);
    memory_free(merge.members);
    memory_free(merge.stamps);
    memory_free(merge.next);
    matches_free(&merge.matches);
    struct mask_list unused = merged;
    if (status == 0) {
        unused = *list;
        *list = merged;
    }
    mask_list_free(&unused);
    return status;
}
