#include "filters/crop.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

static int32_t min_int(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Length of each of `n` overlapping crops that together cover `side`, rounded up. */
static int64_t crop_length(int64_t side, int64_t n, int64_t overlap)
{
    return (overlap * (n - 1) + side + n - 1) / n;
}

static int add_layer(struct crop **crops, size_t *count, struct size image, int layer,
                     double overlap_ratio, struct error *error)
{
    int n = 1 << layer;
    int64_t overlap = (int64_t)(overlap_ratio * min_int(image.width, image.height) * (2.0 / n));
    int64_t width = crop_length(image.width, n, overlap);
    int64_t height = crop_length(image.height, n, overlap);
    size_t capacity = *count;
    if (memory_grow((void **)crops, &capacity, *count + (size_t)n * (size_t)n, sizeof **crops,
                    error))
        return -1;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            int64_t x = i * (width - overlap);
            int64_t y = j * (height - overlap);
            if (x >= image.width || y >= image.height)
                continue;
            struct rect rect = {(int32_t)x, (int32_t)y, 0, 0};
            rect.width = (int32_t)(width < image.width - x ? width : image.width - x);
            rect.height = (int32_t)(height < image.height - y ? height : image.height - y);
            (*crops)[(*count)++] = (struct crop){rect, layer};
        }
    return 0;
}

int crop_list(struct crop **crops, size_t *count, struct size image, int layers,
              double overlap_ratio, struct error *error)
{
    *crops = NULL;
    *count = 0;
    if (layers < 0 || layers > CROP_LAYERS_MAX)
        return error_set(error, ERROR_USAGE, "%d crop layers: expected 0..%d", layers,
                         CROP_LAYERS_MAX);
    if (!(overlap_ratio >= 0 && overlap_ratio <= 1))
        return error_set(error, ERROR_USAGE, "crop overlap ratio %g: expected 0..1", overlap_ratio);
    *crops = malloc(sizeof **crops);
    if (!*crops)
        return error_set(error, ERROR_MEMORY, "no memory for the list of crops");
    (*crops)[(*count)++] = (struct crop){{0, 0, image.width, image.height}, 0};
    for (int layer = 1; layer <= layers; layer++)
        if (add_layer(crops, count, image, layer, overlap_ratio, error)) {
            free(*crops);
            *crops = NULL;
            *count = 0;
            return -1;
        }
    return 0;
}

static bool near(int32_t a, int32_t b)
{
    return abs(a - b) <= CROP_EDGE_TOLERANCE;
}

bool crop_cuts_box(struct rect crop, struct box box, struct size image)
{
    int32_t x0 = box.x0 + crop.x, x1 = box.x1 + crop.x;
    int32_t y0 = box.y0 + crop.y, y1 = box.y1 + crop.y;
    return (near(x0, crop.x) && !near(x0, 0)) || (near(y0, crop.y) && !near(y0, 0)) ||
           (near(x1, crop.x + crop.width) && !near(x1, image.width)) ||
           (near(y1, crop.y + crop.height) && !near(y1, image.height));
}
