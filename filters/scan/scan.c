#include "filters/scan/scan.h"

#include "base/error.h"
#include "filters/mask.h"
#include "filters/scan/scan_bands.h"
#include "filters/scan/scan_geometry.h"

/* The state of one mask's scan. */
struct scan {
    const struct scan_geometry *geometry;
    struct scan_scratch *scratch;
    struct scan_options options;
    struct scan_count count;     /* of pixels decided or interpolated so far */
    struct scan_outlook outlook; /* full is already in `count`; mixed is not interpolated yet */
};

/* The low column, spread to model rows. */
static struct scan_spread low_column(struct scan *scan, int column)
{
    struct scan_scratch *scratch = scan->scratch;
    int slot = column % SCAN_LOW_SLOTS;
    if (scratch->low_tags[slot] != column) {
        const struct scan_geometry *geometry = scan->geometry;
        geometry->kernel->spread(scratch->low + (size_t)column * geometry->low_row,
                                 &geometry->model, 0, geometry->size.input_height,
                                 scratch->low_slots[slot]);
        scratch->low_tags[slot] = column;
    }
    return scratch->low_slots[slot];
}

/* The model column, spread to the output rows of the band's mixed segments. */
static struct scan_spread model_column(struct scan *scan, int column,
                                       const struct scan_segment *begin,
                                       const struct scan_segment *end)
{
    const struct scan_geometry *geometry = scan->geometry;
    struct scan_scratch *scratch = scan->scratch;
    int slot = column % SCAN_MODEL_SLOTS;
    struct scan_spread to = scratch->model_slots[slot];
    if (scratch->model_tags[slot] == column)
        return to;
    struct scan_blend blend = {low_column(scan, geometry->model.first[column]),
                               low_column(scan, geometry->model.second[column]),
                               geometry->model.weight0[column], geometry->model.weight1[column],
                               &geometry->model};
    for (const struct scan_segment *segment = begin; segment < end; segment++) {
        if (!segment->mixed)
            continue;
        int first = geometry->rows.first[segment->begin];
        int last = geometry->rows.second[segment->end - 1];
        geometry->kernel->blend(&blend, first, last + 1, scratch->model_column);
        geometry->kernel->spread(scratch->model_column, &geometry->rows, segment->begin,
                                 segment->end, to);
    }
    if (geometry->by_cells)
        scan_cells_classify(geometry->kernel, scratch->model_column, geometry->size.input_height,
                            scan->options.stability_offset, scratch->classes[slot]);
    scratch->model_tags[slot] = column;
    return to;
}

/* Appends the foreground range [start, end), joined to the last one if they touch. The caller has
 * made room. */
static inline void add_range(struct scan_scratch *scratch, uint32_t start, uint32_t end)
{
    uint32_t *next = scratch->ranges + scratch->range_count;
    if (scratch->range_count > 0 && next[-1] == start) {
        next[-1] = end;
        return;
    }
    next[0] = start;
    next[1] = end;
    scratch->range_count += 2;
}

/* Appends the set bits of `count` bits as ranges; the first bit is pixel `start`. */
static void add_bits(struct scan_scratch *scratch, const uint64_t *bits, int count, uint32_t start)
{
    for (int i = 0; i < count; i += 64, start += 64) {
        uint64_t word = *bits++;
        while (word) {
            int first = __builtin_ctzll(word);
            uint64_t behind = ~(word >> first);
            int end = behind ? first + __builtin_ctzll(behind) : 64;
            add_range(scratch, start + (uint32_t)first, start + (uint32_t)end);
            word = end < 64 ? word & UINT64_MAX << end : 0;
        }
    }
}

/* One output column between the model columns in `blend`, whose weights it sets. */
static int scan_column(struct scan *scan, int x, struct scan_blend *blend,
                       const struct scan_segment *begin, const struct scan_segment *end,
                       struct error *error)
{
    const struct scan_geometry *geometry = scan->geometry;
    struct scan_scratch *scratch = scan->scratch;
    uint32_t height = (uint32_t)geometry->size.crop_height;
    uint32_t start = (uint32_t)x * height;
    blend->left_weight = geometry->columns.weight0[x];
    blend->right_weight = geometry->columns.weight1[x];
    if (memory_grow((void **)&scratch->ranges, &scratch->range_capacity,
                    scratch->range_count + height + 2, sizeof *scratch->ranges, error))
        return -1;
    for (const struct scan_segment *segment = begin; segment < end; segment++) {
        uint32_t first = start + (uint32_t)segment->begin;
        if (!segment->mixed) {
            add_range(scratch, first, start + (uint32_t)segment->end);
            continue;
        }
        geometry->kernel->compare(blend, segment->begin, segment->end,
                                  scan->options.stability_offset, scratch->output_bits,
                                  &scan->count);
        add_bits(scratch, scratch->output_bits, segment->end - segment->begin, first);
        scan->outlook.mixed -= (uint64_t)(segment->end - segment->begin);
    }
    return 0;
}

static bool any_mixed(const struct scan_segment *begin, const struct scan_segment *end)
{
    while (begin < end && !begin->mixed)
        begin++;
    return begin < end;
}

/* Output columns first .. last - 1 of a band, which lie between the same two model columns. */
static int scan_part(struct scan *scan, int first, int last, const struct scan_segment *begin,
                     const struct scan_segment *end, struct error *error)
{
    const struct scan_geometry *geometry = scan->geometry;
    struct scan_scratch *scratch = scan->scratch;
    struct scan_blend blend = {.rows = &geometry->rows};
    if (any_mixed(begin, end)) {
        int left = geometry->columns.first[first], right = geometry->columns.second[first];
        blend.left = model_column(scan, left, begin, end);
        blend.right = model_column(scan, right, begin, end);
        if (geometry->by_cells) {
            const struct scan_part part = {left % SCAN_MODEL_SLOTS, right % SCAN_MODEL_SLOTS, begin,
                                           end};
            struct scan_decided decided;
            if (scan_cells(geometry, scratch, &part, &decided, error))
                return -1;
            uint64_t width = (uint64_t)(last - first);
            scan->outlook.mixed -= width * decided.rows;
            scan->count.above += width * decided.count.above;
            scan->count.below += width * decided.count.below;
            begin = scratch->cells;
            end = begin + scratch->cell_count;
        }
    }
    for (int x = first; x < last; x++)
        if (scan_column(scan, x, &blend, begin, end, error))
            return -1;
    return 0;
}

/* False once the score can no longer reach the threshold: at best, every pixel not yet interpolated
 * counts in both numbers. The slack is far above the rounding of the score. */
static bool can_be_stable(const struct scan *scan)
{
    double above = (double)(scan->count.above + scan->outlook.mixed);
    double below = (double)(scan->count.below + scan->outlook.mixed);
    return above >= ((double)scan->options.stability_threshold - 1e-6) * below;
}

static int scan_columns(struct scan *scan, struct error *error)
{
    const struct scan_anchors *anchors = &scan->geometry->column_anchors;
    const int32_t *columns = scan->geometry->columns.first;
    struct scan_scratch *scratch = scan->scratch;
    for (int c = 0; c < anchors->count && can_be_stable(scan); c++) {
        const struct scan_segment *begin = scratch->segments + scratch->band_start[c];
        const struct scan_segment *end = scratch->segments + scratch->band_start[c + 1];
        if (begin == end)
            continue;
        for (int i = 0; i < SCAN_MODEL_SLOTS; i++)
            scratch->model_tags[i] = -1;
        for (int x = anchors->start[c], next; x < anchors->start[c + 1]; x = next) {
            for (next = x + 1; next < anchors->start[c + 1] && columns[next] == columns[x]; next++)
                ;
            if (scan_part(scan, x, next, begin, end, error))
                return -1;
        }
    }
    return 0;
}

int scan_mask(const struct scan_geometry *geometry, struct scan_scratch *scratch,
              const float *logits, const struct scan_options *options, struct mask *mask,
              struct error *error)
{
    struct scan scan = {.geometry = geometry, .scratch = scratch, .options = *options};
    if (scan_scratch_fit(scratch, geometry, error) ||
        scan_bands(geometry, scratch, logits, options->stability_offset, &scan.outlook, error))
        return -1;
    scan.count = (struct scan_count){scan.outlook.full, scan.outlook.full};
    scratch->range_count = 0;
    if (scan_columns(&scan, error))
        return -1;
    if (scan.outlook.mixed > 0 ||
        !scan_stable(scan.count, options->stability_threshold, &mask->stability_score))
        return 0;
    if (rle_from_ranges(&mask->rle, (uint32_t)geometry->size.crop_height,
                        (uint32_t)geometry->size.crop_width, scratch->ranges,
                        scratch->range_count / 2, error))
        return -1;
    mask->box = rle_box(&mask->rle);
    mask->area = rle_area(&mask->rle);
    return 1;
}
