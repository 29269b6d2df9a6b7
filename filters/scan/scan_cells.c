#include "filters/scan/scan_cells.h"

#include "filters/scan/scan_bands.h"
#include "filters/scan/scan_bits.h"
#include "filters/scan/scan_geometry.h"

void scan_cells_classify(const struct scan_kernel *kernel, const float *column, int rows,
                         float offset, uint64_t *const bits[SCAN_CLASSES])
{
    /* Inside and outer: on one side of 0, without those that may reach the offset. */
    uint64_t *near_above = bits[SCAN_ABOVE], *near_below = bits[SCAN_BELOW];
    kernel->classify(column, rows, SCAN_SMALLEST, bits[SCAN_INSIDE], bits[SCAN_OUTER]);
    kernel->classify(column, rows, offset / SCAN_MARGIN, near_above, near_below);
    for (int w = 0; w < (rows + 63) / 64; w++) {
        bits[SCAN_INSIDE][w] &= ~near_above[w];
        bits[SCAN_OUTER][w] &= ~near_below[w];
    }
    kernel->classify(column, rows, offset * SCAN_MARGIN + SCAN_SMALLEST, bits[SCAN_ABOVE],
                     bits[SCAN_BELOW]);
}

/* Bit r: all four samples of the cell between rows r and r + 1 have the class. The last row's cell
 * has only its upper two samples. */
static void whole_cells(const uint64_t *left, const uint64_t *right, int rows, uint64_t *cells)
{
    int words = (rows + 63) / 64;
    for (int w = 0; w < words; w++)
        cells[w] = left[w] & right[w];
    uint64_t last = cells[words - 1] & (uint64_t)1 << ((rows - 1) % 64);
    for (int w = 0; w < words; w++) {
        uint64_t next = w + 1 < words ? cells[w + 1] : 0;
        cells[w] &= cells[w] >> 1 | next << 63;
    }
    cells[words - 1] |= last;
}

static int add(struct scan_scratch *scratch, struct scan_segment cell, struct error *error)
{
    if (memory_grow((void **)&scratch->cells, &scratch->cell_capacity, scratch->cell_count + 1,
                    sizeof *scratch->cells, error))
        return -1;
    scratch->cells[scratch->cell_count++] = cell;
    return 0;
}

/* The class of a row's cell; SCAN_CLASSES if it has none. */
static int class_at(uint64_t *const whole[SCAN_CLASSES + 1], int row)
{
    int kind = SCAN_ABOVE;
    while (kind < SCAN_CLASSES && !scan_is_set(whole[kind], row))
        kind++;
    return kind;
}

/* Cuts one mixed segment wherever the class of its cells changes. */
static int cut(const struct scan_geometry *geometry, struct scan_scratch *scratch,
               const struct scan_segment *segment, struct scan_decided *decided,
               struct error *error)
{
    int last = geometry->rows.first[segment->end - 1];
    for (int row = geometry->rows.first[segment->begin], next; row <= last; row = next) {
        int kind = class_at(scratch->whole, row);
        next = scan_first_clear(scratch->whole[kind], row + 1, last + 1);
        int begin = geometry->row_cells[row], end = geometry->row_cells[next];
        struct scan_segment cell = {begin > segment->begin ? begin : segment->begin,
                                    end < segment->end ? end : segment->end, kind == SCAN_CLASSES};
        uint64_t rows = (uint64_t)(cell.end - cell.begin);
        decided->rows += cell.mixed ? 0 : rows;
        decided->count.above += kind == SCAN_ABOVE ? rows : 0;
        decided->count.below += kind <= SCAN_OUTER ? rows : 0;
        bool wanted = cell.mixed || kind <= SCAN_INSIDE;
        if (rows > 0 && wanted && add(scratch, cell, error))
            return -1;
    }
    return 0;
}

int scan_cells(const struct scan_geometry *geometry, struct scan_scratch *scratch,
               const struct scan_part *part, struct scan_decided *decided, struct error *error)
{
    uint64_t *const *whole = scratch->whole;
    int words = (geometry->size.input_height + 63) / 64;
    for (int kind = 0; kind < SCAN_CLASSES; kind++)
        whole_cells(scratch->classes[part->left_slot][kind],
                    scratch->classes[part->right_slot][kind], geometry->size.input_height,
                    whole[kind]);
    for (int w = 0; w < words; w++)
        whole[SCAN_CLASSES][w] = ~(whole[SCAN_ABOVE][w] | whole[SCAN_INSIDE][w] |
                                   whole[SCAN_OUTER][w] | whole[SCAN_BELOW][w]);
    *decided = (struct scan_decided){0};
    scratch->cell_count = 0;
    for (const struct scan_segment *segment = part->begin; segment < part->end; segment++)
        if (segment->mixed ? cut(geometry, scratch, segment, decided, error)
                           : add(scratch, *segment, error))
            return -1;
    return 0;
}
