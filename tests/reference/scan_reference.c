#include "tests/reference/scan_reference.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "filters/scan/scan_axis.h"
#include "filters/scan/scan_kernel.h"

/* A plane and how it is enlarged. */
struct enlargement {
    const float *in;
    size_t stride; /* from row to row */
    const struct scan_axis *rows, *columns;
    bool fused;
};

/* One sample of the four around it, weighted in the order and with the roundings of ATen: the
 * weights' product first, then a chain of (fused) multiply-adds. */
static float blend(const struct enlargement *e, int y, int x)
{
    const struct scan_axis *rows = e->rows, *columns = e->columns;
    const float *upper = e->in + (size_t)rows->first[y] * e->stride;
    const float *lower = e->in + (size_t)rows->second[y] * e->stride;
    int left = columns->first[x], right = columns->second[x];
    float w00 = rows->weight0[y] * columns->weight0[x];
    float w01 = rows->weight0[y] * columns->weight1[x];
    float w10 = rows->weight1[y] * columns->weight0[x];
    float w11 = rows->weight1[y] * columns->weight1[x];
    float sum = w01 * upper[right];
    if (!e->fused)
        return ((sum + w00 * upper[left]) + w10 * lower[left]) + w11 * lower[right];
    return fmaf(w11, lower[right], fmaf(w10, lower[left], fmaf(w00, upper[left], sum)));
}

/* A new plane of rows->outputs x columns->outputs samples, or NULL with ERROR_MEMORY. */
static float *enlarge(const struct enlargement *e, struct error *error)
{
    size_t height = (size_t)e->rows->outputs, width = (size_t)e->columns->outputs;
    float *out = height <= SIZE_MAX / width
                     ? memory_new(height * width, sizeof *out, "enlarged logits", error)
                     : NULL;
    if (!out)
        return NULL;
    for (int y = 0; y < e->rows->outputs; y++)
        for (int x = 0; x < e->columns->outputs; x++)
            out[(size_t)y * width + (size_t)x] = blend(e, y, x);
    return out;
}

/* A new plane of logits enlarged to the size of the crop, or NULL with ERROR_MEMORY. */
static float *enlarge_twice(const struct scan_size *size, const float *logits, struct error *error)
{
    bool fused = scan_kernel()->fused;
    struct scan_axis square = {0}, rows = {0}, columns = {0};
    float *model_sized = NULL, *full = NULL;
    if (scan_axis_init(&square, size->low_size, size->image_size, error) == 0 &&
        scan_axis_init(&rows, size->input_height, size->crop_height, error) == 0 &&
        scan_axis_init(&columns, size->input_width, size->crop_width, error) == 0)
        model_sized = enlarge(
            &(struct enlargement){logits, (size_t)size->low_size, &square, &square, fused}, error);
    if (model_sized)
        full = enlarge(
            &(struct enlargement){model_sized, (size_t)size->image_size, &rows, &columns, fused},
            error);
    memory_free(model_sized);
    scan_axis_free(&columns);
    scan_axis_free(&rows);
    scan_axis_free(&square);
    return full;
}

/* The same in one step, if the first step would change nothing. */
static float *enlarge_once(const struct scan_size *size, const float *logits, struct error *error)
{
    struct scan_axis rows = {0}, columns = {0};
    float *full = NULL;
    if (scan_axis_init(&rows, size->input_height, size->crop_height, error) == 0 &&
        scan_axis_init(&columns, size->input_width, size->crop_width, error) == 0)
        full = enlarge(&(struct enlargement){logits, (size_t)size->low_size, &rows, &columns,
                                             scan_kernel()->fused},
                       error);
    scan_axis_free(&columns);
    scan_axis_free(&rows);
    return full;
}

int scan_reference(const struct scan_size *size, const float *logits,
                   const struct scan_options *options, struct mask *mask, bool *kept,
                   struct error *error)
{
    *kept = false;
    size_t height = (size_t)size->crop_height, width = (size_t)size->crop_width;
    struct scan_count count = {0, 0};
    float *full = size->image_size == size->low_size ? enlarge_once(size, logits, error)
                                                     : enlarge_twice(size, logits, error);
    if (!full)
        return -1;
    rle_begin(&mask->rle, (uint32_t)height, (uint32_t)width);
    for (size_t x = 0; x < width; x++)
        for (size_t y = 0; y < height; y++) {
            float logit = full[y * width + x];
            uint32_t index = (uint32_t)(x * height + y);
            count.above += logit > options->stability_offset;
            count.below += logit > -options->stability_offset;
            if (logit > 0 && rle_add(&mask->rle, index, index + 1, error)) {
                memory_free(full);
                return -1;
            }
        }
    memory_free(full);
    if (rle_end(&mask->rle, error))
        return -1;
    mask->box = rle_box(&mask->rle);
    mask->area = rle_area(&mask->rle);
    *kept = scan_stable(count, options->stability_threshold, &mask->stability_score);
    return 0;
}
