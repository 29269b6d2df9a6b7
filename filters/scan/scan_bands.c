#include "filters/scan/scan_bands.h"

#include <math.h>

#include "filters/scan/scan_bits.h"
#include "filters/scan/scan_geometry.h"

enum { REACH = 3 /* low rows or columns that one output depends on */ };

/* low[c][r] = logits[r][c], in blocks that fit the L1 cache. */
static void transpose(const struct scan_geometry *geometry, const float *logits, float *low)
{
    enum { BLOCK = 16 };
    int rows = geometry->row_anchors.count, columns = geometry->column_anchors.count;
    size_t size = (size_t)geometry->size.low_size;
    for (int r0 = 0; r0 < rows; r0 += BLOCK)
        for (int c0 = 0; c0 < columns; c0 += BLOCK)
            for (int c = c0; c < c0 + BLOCK && c < columns; c++)
                for (int r = r0; r < r0 + BLOCK && r < rows; r++)
                    low[(size_t)c * geometry->low_row + (size_t)r] =
                        logits[(size_t)r * size + (size_t)c];
}

/* bits[r]: whether bits r, r + 1 and r + 2 of all columns are set; bits from `count` on count as
 * set. */
static void all_in_reach(const uint64_t *columns, int first, int last, size_t words, int count,
                         uint64_t *bits)
{
    for (size_t w = 0; w < words; w++) {
        uint64_t word = UINT64_MAX;
        for (int c = first; c < first + REACH && c <= last; c++)
            word &= columns[(size_t)c * words + w];
        int valid = count - (int)w * 64;
        if (valid < 64)
            word |= valid > 0 ? UINT64_MAX << valid : UINT64_MAX;
        bits[w] = word;
    }
    for (size_t w = 0; w < words; w++) {
        uint64_t next = w + 1 < words ? bits[w + 1] : UINT64_MAX;
        bits[w] &= (bits[w] >> 1 | next << 63) & (bits[w] >> 2 | next << 62);
    }
}

static int add_segment(struct scan_scratch *scratch, struct scan_segment segment,
                       struct error *error)
{
    if (memory_grow((void **)&scratch->segments, &scratch->segment_capacity,
                    scratch->segment_count + 1, sizeof *scratch->segments, error))
        return -1;
    scratch->segments[scratch->segment_count++] = segment;
    return 0;
}

/* Adds the segments of the band with anchor `column`. */
static int cut_band(const struct scan_geometry *geometry, struct scan_scratch *scratch, int column,
                    struct scan_outlook *outlook, struct error *error)
{
    const struct scan_anchors *rows = &geometry->row_anchors;
    const struct scan_anchors *columns = &geometry->column_anchors;
    uint64_t width = (uint64_t)(columns->start[column + 1] - columns->start[column]);
    size_t words = geometry->words;
    if (width == 0)
        return 0;
    all_in_reach(scratch->low_bits, column, columns->count - 1, words, rows->count, scratch->empty);
    int r = scan_first_clear(scratch->empty, 0, rows->count);
    if (r == rows->count)
        return 0;
    all_in_reach(scratch->high_bits, column, columns->count - 1, words, rows->count, scratch->full);
    for (size_t w = 0; w < words; w++)
        scratch->mixed[w] = ~(scratch->full[w] | scratch->empty[w]);
    while (r < rows->count) {
        bool mixed = scan_is_set(scratch->mixed, r);
        int end = scan_first_clear(mixed ? scratch->mixed : scratch->full, r, rows->count);
        struct scan_segment segment = {rows->start[r], rows->start[end], mixed};
        uint64_t pixels = (uint64_t)(segment.end - segment.begin) * width;
        if (pixels > 0 && add_segment(scratch, segment, error))
            return -1;
        *(mixed ? &outlook->mixed : &outlook->full) += pixels;
        r = scan_first_clear(scratch->empty, end, rows->count);
    }
    return 0;
}

int scan_bands(const struct scan_geometry *geometry, struct scan_scratch *scratch,
               const float *logits, float offset, struct scan_outlook *outlook, struct error *error)
{
    float limit = fabsf(offset) * SCAN_MARGIN + SCAN_SMALLEST;
    int rows = geometry->row_anchors.count, columns = geometry->column_anchors.count;
    transpose(geometry, logits, scratch->low);
    for (int c = 0; c < columns; c++)
        geometry->kernel->classify(scratch->low + (size_t)c * geometry->low_row, rows, limit,
                                   scratch->high_bits + (size_t)c * geometry->words,
                                   scratch->low_bits + (size_t)c * geometry->words);
    *outlook = (struct scan_outlook){0, 0};
    scratch->segment_count = 0;
    for (int c = 0; c < columns; c++) {
        scratch->band_start[c] = scratch->segment_count;
        if (cut_band(geometry, scratch, c, outlook, error))
            return -1;
    }
    scratch->band_start[columns] = scratch->segment_count;
    return 0;
}
