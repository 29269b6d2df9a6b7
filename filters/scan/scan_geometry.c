#include "filters/scan/scan_geometry.h"

#include <stdlib.h>

#include "base/error.h"

struct scan_size scan_size_direct(int low_size, struct size crop)
{
    return (struct scan_size){
        .low_size = low_size,
        .image_size = low_size,
        .input_height = low_size,
        .input_width = low_size,
        .crop_height = crop.height,
        .crop_width = crop.width,
    };
}

static int check_size(const struct scan_size *size, struct error *error)
{
    if (size->low_size < 1 || size->image_size < size->low_size)
        return error_set(error, ERROR_USAGE, "masks of %d logits a side for an image of %d pixels",
                         size->low_size, size->image_size);
    if (size->input_height < 1 || size->input_height > size->image_size || size->input_width < 1 ||
        size->input_width > size->image_size)
        return error_set(error, ERROR_USAGE, "a resized crop of %d x %d pixels: expected 1..%d",
                         size->input_width, size->input_height, size->image_size);
    if (size->crop_height < 1 || size->crop_width < 1 ||
        (uint64_t)size->crop_height * (uint64_t)size->crop_width > UINT32_MAX)
        return error_set(error, ERROR_USAGE, "a crop of %d x %d pixels: expected 1..2^32 - 1",
                         size->crop_width, size->crop_height);
    return 0;
}

/* start[r], r = 0 .. count: the first output whose first input is r or more. With `through`, inputs
 * are those that `through` interpolates them from. NULL with ERROR_MEMORY. */
static int32_t *starts(const struct scan_axis *output, const struct scan_axis *through, int count,
                       struct error *error)
{
    int32_t *start = memory_new((size_t)count + 1, sizeof *start, "scan table", error);
    for (int r = 0, i = 0; start && r <= count; r++) {
        while (i < output->outputs &&
               (through ? through->first[output->first[i]] : output->first[i]) < r)
            i++;
        start[r] = i;
    }
    return start;
}

static int init_anchors(struct scan_anchors *anchors, const struct scan_axis *model,
                        const struct scan_axis *output, struct error *error)
{
    anchors->count = model->second[output->second[output->outputs - 1]] + 1;
    anchors->start = starts(output, model, anchors->count, error);
    return anchors->start ? 0 : -1;
}

/* Where a cell holds fewer pixels, looking at it costs more than it saves: at 1 megapixel and an
 * input of 256 pixels (4.8 times) scans took 0.047 s instead of 0.030, at 1800 pixels (7 times)
 * 0.180 instead of 0.187, at 48 megapixels (33 times) 0.29 instead of 0.82 (bench/LOG.md). */
enum { CELL_PAYS = 6 }; /* pixels along a cell's side */

static int init_cells(struct scan_geometry *geometry, struct error *error)
{
    const struct scan_axis *rows = &geometry->rows, *columns = &geometry->columns;
    geometry->by_cells = rows->outputs / rows->inputs >= CELL_PAYS &&
                         columns->outputs / columns->inputs >= CELL_PAYS;
    geometry->row_cells = starts(rows, NULL, rows->inputs, error);
    return geometry->row_cells ? 0 : -1;
}

struct scan_geometry *scan_geometry_new(const struct scan_size *size, struct error *error)
{
    if (check_size(size, error))
        return NULL;
    struct scan_geometry *geometry = memory_new(1, sizeof *geometry, "scan table", error);
    if (!geometry)
        return NULL;
    geometry->size = *size;
    geometry->kernel = scan_kernel();
    geometry->words = ((size_t)size->low_size + 63) / 64;
    geometry->low_row = (size_t)size->low_size + SCAN_PAD;
    if (scan_axis_init(&geometry->model, size->low_size, size->image_size, error) ||
        scan_axis_init(&geometry->rows, size->input_height, size->crop_height, error) ||
        scan_axis_init(&geometry->columns, size->input_width, size->crop_width, error) ||
        init_anchors(&geometry->row_anchors, &geometry->model, &geometry->rows, error) ||
        init_anchors(&geometry->column_anchors, &geometry->model, &geometry->columns, error) ||
        init_cells(geometry, error)) {
        scan_geometry_free(geometry);
        return NULL;
    }
    return geometry;
}

void scan_geometry_free(struct scan_geometry *geometry)
{
    if (!geometry)
        return;
    scan_axis_free(&geometry->model);
    scan_axis_free(&geometry->rows);
    scan_axis_free(&geometry->columns);
    memory_free(geometry->row_anchors.start);
    memory_free(geometry->column_anchors.start);
    memory_free(geometry->row_cells);
    memory_free(geometry);
}

struct scan_scratch *scan_scratch_new(struct error *error)
{
    return memory_new(1, sizeof(struct scan_scratch), "scan scratch", error);
}

void scan_scratch_free(struct scan_scratch *scratch)
{
    if (!scratch)
        return;
    memory_free(scratch->arena.base);
    free(scratch->segments);
    free(scratch->cells);
    free(scratch->ranges);
    memory_free(scratch);
}

static void lay_out(struct scan_scratch *scratch, const struct scan_geometry *geometry)
{
    struct arena *arena = &scratch->arena;
    size_t columns = (size_t)geometry->column_anchors.count;
    size_t words = geometry->words;
    size_t model_rows = (size_t)geometry->size.input_height + SCAN_PAD;
    size_t model_words = ((size_t)geometry->size.input_height + 63) / 64;
    size_t output_rows = (size_t)geometry->size.crop_height + SCAN_PAD;
    arena->used = 0;
    scratch->low = arena_take(arena, columns * geometry->low_row, sizeof(float));
    scratch->high_bits = arena_take(arena, columns * words, sizeof(uint64_t));
    scratch->low_bits = arena_take(arena, columns * words, sizeof(uint64_t));
    scratch->full = arena_take(arena, words, sizeof(uint64_t));
    scratch->empty = arena_take(arena, words, sizeof(uint64_t));
    scratch->mixed = arena_take(arena, words, sizeof(uint64_t));
    scratch->band_start = arena_take(arena, columns + 1, sizeof(size_t));
    scratch->model_column = arena_take(arena, model_rows, sizeof(float));
    scratch->output_bits = arena_take(arena, output_rows / 64 + 1, sizeof(uint64_t));
    for (int i = 0; i < SCAN_LOW_SLOTS; i++) {
        scratch->low_slots[i].upper = arena_take(arena, model_rows, sizeof(float));
        scratch->low_slots[i].lower = arena_take(arena, model_rows, sizeof(float));
    }
    for (int i = 0; i < SCAN_MODEL_SLOTS; i++) {
        scratch->model_slots[i].upper = arena_take(arena, output_rows, sizeof(float));
        scratch->model_slots[i].lower = arena_take(arena, output_rows, sizeof(float));
        for (int kind = 0; kind < SCAN_CLASSES; kind++)
            scratch->classes[i][kind] = arena_take(arena, model_words, sizeof(uint64_t));
    }
    for (int kind = 0; kind <= SCAN_CLASSES; kind++)
        scratch->whole[kind] = arena_take(arena, model_words, sizeof(uint64_t));
}

int scan_scratch_fit(struct scan_scratch *scratch, const struct scan_geometry *geometry,
                     struct error *error)
{
    struct arena owned = scratch->arena;
    scratch->arena = (struct arena){0};
    lay_out(scratch, geometry);
    size_t needed = scratch->arena.used;
    if (needed > owned.size) {
        memory_free(owned.base);
        owned = (struct arena){0};
        owned.base = memory_new(needed, 1, "scan scratch", error);
        owned.size = owned.base ? needed : 0;
    }
    scratch->arena = owned;
    if (!owned.base)
        return -1;
    lay_out(scratch, geometry);
    for (int i = 0; i < SCAN_LOW_SLOTS; i++)
        scratch->low_tags[i] = -1;
    for (int i = 0; i < SCAN_MODEL_SLOTS; i++)
        scratch->model_tags[i] = -1;
    return 0;
}
