#include "filters/edges/edge_nms.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"

enum { RADIUS = 4, MARGIN = 5 };

static const float STRONGER = 1.01F;

/* Planes of the map's size; all in one block. */
struct planes {
    float *block; /* owned */
    float *smooth, *dx, *dy, *dxx, *dxy, *dyy;
};

static int planes_make(struct planes *planes, struct size size, struct error *error)
{
    enum { PLANES = 6 };
    const size_t pixels = (size_t)size.width * (size_t)size.height;
    planes->block = memory_new(PLANES * pixels, sizeof(float), "edges", error);
    if (!planes->block)
        return -1;
    float **const each[PLANES] = {&planes->smooth, &planes->dx,  &planes->dy,
                                  &planes->dxx,    &planes->dxy, &planes->dyy};
    for (size_t i = 0; i < PLANES; i++)
        *each[i] = planes->block + i * pixels;
    return 0;
}

/* Mirrored at the ends, the first and the last sample twice; any distance beyond them. */
static int32_t mirrored(int32_t at, int32_t count)
{
    while (at < 0 || at >= count)
        at = at < 0 ? -1 - at : 2 * count - 1 - at;
    return at;
}

/* Triangle filter over `count` samples that lie `step` apart. */
static void smooth_line(const float *in, float *out, int32_t count, size_t step)
{
    for (int32_t i = 0; i < count; i++) {
        float sum = 0;
        for (int32_t d = -RADIUS; d <= RADIUS; d++) {
            const float weight = (float)(RADIUS + 1 - (d < 0 ? -d : d));
            sum += weight * in[(size_t)mirrored(i + d, count) * step];
        }
        out[(size_t)i * step] = sum / ((RADIUS + 1) * (RADIUS + 1));
    }
}

static void smooth(struct size size, const float *map, float *scratch, float *out)
{
    const size_t width = (size_t)size.width;
    for (int32_t y = 0; y < size.height; y++)
        smooth_line(map + (size_t)y * width, scratch + (size_t)y * width, size.width, 1);
    for (size_t x = 0; x < width; x++)
        smooth_line(scratch + x, out + x, size.height, width);
}

/* Derivative at `at` of `count` samples that lie `step` apart: central, at the ends one-sided. */
static float derivative(const float *in, int32_t at, int32_t count, size_t step)
{
    const int32_t before = at > 0 ? at - 1 : 0, after = at + 1 < count ? at + 1 : count - 1;
    if (after == before)
        return 0;
    return (in[(size_t)after * step] - in[(size_t)before * step]) / (float)(after - before);
}

/* Either of `across` and `down` may be NULL. */
static void differentiate(struct size size, const float *in, float *across, float *down)
{
    const size_t width = (size_t)size.width;
    for (int32_t y = 0; y < size.height; y++)
        for (int32_t x = 0; x < size.width; x++) {
            const size_t at = (size_t)y * width + (size_t)x;
            if (across)
                across[at] = derivative(in + (size_t)y * width, x, size.width, 1);
            if (down)
                down[at] = derivative(in + x, y, size.height, width);
        }
}

static float clamp(float at, int32_t count)
{
    const float last = (float)(count - 1);
    return at < 0 ? 0 : at > last ? last : at;
}

/* The map between pixels, bilinearly; beyond it, its border. */
static float sample(struct size size, const float *map, float x, float y)
{
    x = clamp(x, size.width);
    y = clamp(y, size.height);
    const int32_t x0 = (int32_t)x, y0 = (int32_t)y;
    const int32_t x1 = x0 + 1 < size.width ? x0 + 1 : x0, y1 = y0 + 1 < size.height ? y0 + 1 : y0;
    const float dx = x - (float)x0, dy = y - (float)y0;
    const float *upper = map + (size_t)y0 * (size_t)size.width;
    const float *lower = map + (size_t)y1 * (size_t)size.width;
    return (1 - dy) * ((1 - dx) * upper[x0] + dx * upper[x1]) +
           dy * ((1 - dx) * lower[x0] + dx * lower[x1]);
}

static float sign(float value)
{
    return (float)((value > 0) - (value < 0));
}

/* Strengths fall linearly towards the image's edge. */
static float margin_weight(int32_t at, int32_t count)
{
    const int32_t distance = at < count - 1 - at ? at : count - 1 - at;
    return distance < MARGIN ? (float)distance / MARGIN : 1;
}

static void suppress(struct size size, const struct planes *planes, const float *from, float *to)
{
    for (int32_t y = 0; y < size.height; y++)
        for (int32_t x = 0; x < size.width; x++) {
            const size_t at = (size_t)y * (size_t)size.width + (size_t)x;
            if (from[at] <= 0)
                continue;
            const float angle =
                atanf(planes->dyy[at] * sign(-planes->dxy[at]) / (planes->dxx[at] + 1e-5F));
            const float nx = cosf(angle), ny = sinf(angle);
            const float limit = STRONGER * from[at];
            if (limit < sample(size, from, (float)x + nx, (float)y + ny) ||
                limit < sample(size, from, (float)x - nx, (float)y - ny))
                to[at] = 0;
            else
                to[at] = from[at] * margin_weight(x, size.width) * margin_weight(y, size.height);
        }
}

int edge_nms(struct size size, float *map, struct error *error)
{
    struct planes planes;
    if (planes_make(&planes, size, error))
        return -1;
    smooth(size, map, planes.dx, planes.smooth);
    differentiate(size, planes.smooth, planes.dx, planes.dy);
    differentiate(size, planes.dx, planes.dxx, NULL);
    differentiate(size, planes.dy, planes.dxy, planes.dyy);
    memcpy(planes.smooth, map, (size_t)size.width * (size_t)size.height * sizeof *map);
    suppress(size, &planes, planes.smooth, map);
    memory_free(planes.block);
    return 0;
}
