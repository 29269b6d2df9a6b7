#include "pictures/contour.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pictures/contour_thin.h"
#include "rle/polygon.h"
#include "rle/rle.h"

/* Passes over a ring: at most so many, and one for each so many samples. A pass of (1, 2, 1) / 4 blurs
 * along the ring with a variance of half a sample squared, so four have a deviation of 1.4 pixels. */
enum { PASSES_MOST = 4, SAMPLES_PER_PASS = 24 };

/* The samples of one ring. */
struct samples {
    float (*xy)[2]; /* owned */
    size_t count, capacity;
};

static int sample_edge(struct samples *samples, const int32_t from[2], const int32_t to[2],
                       struct error *error)
{
    int32_t dx = (to[0] > from[0]) - (to[0] < from[0]), dy = (to[1] > from[1]) - (to[1] < from[1]);
    size_t length = (size_t)abs(to[0] - from[0]) + (size_t)abs(to[1] - from[1]);
    if (memory_grow((void **)&samples->xy, &samples->capacity, samples->count + length,
                    sizeof *samples->xy, error))
        return -1;
    for (size_t i = 0; i < length; i++) {
        float *xy = samples->xy[samples->count++], along = (float)i + 0.5F;
        xy[0] = (float)from[0] + (float)dx * along;
        xy[1] = (float)from[1] + (float)dy * along;
    }
    return 0;
}

static int sample_ring(struct samples *samples, const struct polygons *polygons,
                       const struct polygon *ring, struct error *error)
{
    const int32_t(*xy)[2] = (const int32_t(*)[2])polygons->xy + ring->first;
    samples->count = 0;
    for (size_t i = 0; i < ring->count; i++)
        if (sample_edge(samples, xy[i], xy[(i + 1) % ring->count], error))
            return -1;
    return 0;
}

static float blur(float before, float at, float after)
{
    return 0.25F * before + 0.5F * at + 0.25F * after;
}

static void smooth_once(struct samples *samples)
{
    float(*xy)[2] = samples->xy;
    size_t last = samples->count - 1;
    float first[2] = {xy[0][0], xy[0][1]}, before[2] = {xy[last][0], xy[last][1]};
    for (size_t i = 0; i <= last; i++) {
        const float *after = i < last ? xy[i + 1] : first;
        float at[2] = {xy[i][0], xy[i][1]};
        for (int c = 0; c < 2; c++) {
            xy[i][c] = blur(before[c], at[c], after[c]);
            before[c] = at[c];
        }
    }
}

static void smooth(struct samples *samples)
{
    size_t passes = samples->count / SAMPLES_PER_PASS;
    for (size_t i = 0; i < passes && i < PASSES_MOST; i++)
        smooth_once(samples);
}

static double area_of(const float (*xy)[2], size_t count)
{
    double sum = 0;
    for (size_t i = 0, before = count - 1; i < count; before = i++)
        sum += (double)xy[before][0] * (double)xy[i][1] - (double)xy[i][0] * (double)xy[before][1];
    return sum / 2;
}

static double polygon_area(const struct polygons *polygons, const struct polygon *ring)
{
    const int32_t(*xy)[2] = (const int32_t(*)[2])polygons->xy + ring->first;
    int64_t sum = 0;
    for (size_t i = 0, before = ring->count - 1; i < ring->count; before = i++)
        sum += (int64_t)xy[before][0] * xy[i][1] - (int64_t)xy[i][0] * xy[before][1];
    return (double)sum / 2;
}

/* The direction from one point to another, of length 1; *length is the distance. */
static void direction(const float from[2], const float to[2], double unit[2], double *length)
{
    double dx = (double)to[0] - (double)from[0], dy = (double)to[1] - (double)from[1];
    *length = sqrt(dx * dx + dy * dy);
    unit[0] = *length > 0 ? dx / *length : 0;
    unit[1] = *length > 0 ? dy / *length : 0;
}

/* Moves all points by `offset` along the outward normal of a clockwise ring, which is (dy, -dx). */
static void move_outwards(float (*xy)[2], size_t count, double offset)
{
    double before[2], after[2], length;
    float first[2] = {xy[0][0], xy[0][1]};
    direction(xy[count - 1], xy[0], before, &length);
    for (size_t i = 0; i < count; i++) {
        direction(xy[i], i + 1 < count ? xy[i + 1] : first, after, &length);
        double normal[2] = {before[1] + after[1], -before[0] - after[0]};
        length = sqrt(normal[0] * normal[0] + normal[1] * normal[1]);
        for (int c = 0; c < 2; c++) {
            xy[i][c] += length > 0 ? (float)(offset * normal[c] / length) : 0;
            before[c] = after[c];
        }
    }
}

static double perimeter(const float (*xy)[2], size_t count)
{
    double sum = 0, unit[2], length;
    for (size_t i = 0; i < count; i++) {
        direction(xy[i], xy[(i + 1) % count], unit, &length);
        sum += length;
    }
    return sum;
}

/* Gives the ring the area back that it had. A step or two of Newton's method. */
static void restore_area(float (*xy)[2], size_t count, double wanted)
{
    for (int step = 0; step < 4; step++) {
        double missing = wanted - area_of((const float(*)[2])xy, count);
        double around = perimeter((const float(*)[2])xy, count);
        if (around > 0 && fabs(missing) > 1e-4 * fabs(wanted))
            move_outwards(xy, count, missing / around);
    }
}

static void note_rows(struct contour *contour, struct contour_ring *ring)
{
    const float(*xy)[2] = (const float(*)[2])contour->xy + ring->first;
    ring->top = ring->bottom = xy[0][1];
    for (size_t i = 1; i < ring->count; i++) {
        ring->top = fminf(ring->top, xy[i][1]);
        ring->bottom = fmaxf(ring->bottom, xy[i][1]);
    }
}

static int add_ring(struct contour *contour, struct samples *samples, double area, double tolerance,
                    struct error *error)
{
    assert(samples->xy && samples->count > 3); /* a pixel has four edges */
    smooth(samples);
    size_t kept = contour_thin(samples->xy, samples->count, tolerance);
    restore_area(samples->xy, kept, area);
    if (memory_grow((void **)&contour->rings, &contour->capacity, contour->count + 1,
                    sizeof *contour->rings, error) ||
        memory_grow((void **)&contour->xy, &contour->point_capacity, contour->points + kept,
                    sizeof *contour->xy, error))
        return -1;
    struct contour_ring *ring = &contour->rings[contour->count++];
    *ring = (struct contour_ring){.first = contour->points, .count = kept};
    for (size_t i = 0; i < kept; i++, contour->points++)
        for (int c = 0; c < 2; c++)
            contour->xy[contour->points][c] = samples->xy[i][c];
    note_rows(contour, ring);
    return 0;
}

int contour_trace(struct contour *contour, const struct rle *rle, double tolerance,
                  struct error *error)
{
    struct polygons polygons = {0};
    struct samples samples = {0};
    contour->count = contour->points = 0;
    int status = polygons_trace(&polygons, rle, POLYGON_RINGS, error);
    for (size_t i = 0; status == 0 && i < polygons.count; i++) {
        const struct polygon *ring = &polygons.items[i];
        status = sample_ring(&samples, &polygons, ring, error);
        if (status == 0)
            status = add_ring(contour, &samples, polygon_area(&polygons, ring), tolerance, error);
    }
    free(samples.xy);
    polygons_free(&polygons);
    return status;
}

void contour_move(struct contour *contour, const double origin[2], const double scale[2])
{
    for (size_t i = 0; i < contour->points; i++)
        for (int c = 0; c < 2; c++)
            contour->xy[i][c] = (float)(origin[c] + scale[c] * (double)contour->xy[i][c]);
    for (size_t i = 0; i < contour->count; i++)
        note_rows(contour, &contour->rings[i]);
}

double contour_ring_area(const struct contour *contour, size_t ring)
{
    const struct contour_ring *which = &contour->rings[ring];
    return area_of((const float(*)[2])contour->xy + which->first, which->count);
}

void contour_free(struct contour *contour)
{
    free(contour->rings);
    free(contour->xy);
    *contour = (struct contour){0};
}
