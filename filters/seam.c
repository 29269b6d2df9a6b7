#include "filters/seam.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "rle/combine.h"
#include "rle/strips.h"

/* No seam lies in the first and last eighth of an overlap: masks are least reliable near the border
 * of a tile. */
enum { MARGIN_DIVISOR = 8 };

/* Columns or rows first .. first + count - 1 of an image, and how many pixels differ in each. */
struct profile {
    enum seam_axis axis;
    int32_t first, count;
    int64_t *pixels; /* [count + 1] */
};

static int32_t clamp(int64_t at, int32_t count)
{
    return (int32_t)(at < 0 ? 0 : at > count ? count : at);
}

/* Counts the pixels of `rle`: in columns directly, in rows as differences to the row before. */
static void count_pixels(struct profile *profile, const struct rle *rle)
{
    struct rle_strips strips = {.rle = rle};
    struct rle_strip strip;
    while (rle_strips_next(&strips, &strip)) {
        if (profile->axis == SEAM_X) {
            int64_t at = (int64_t)strip.x - profile->first;
            if (at >= 0 && at < profile->count)
                profile->pixels[at] += strip.length;
        } else {
            int64_t at = (int64_t)strip.y - profile->first;
            profile->pixels[clamp(at, profile->count)]++;
            profile->pixels[clamp(at + strip.length, profile->count)]--;
        }
    }
}

static int measure(struct profile *profile, const struct rle *a, const struct rle *b,
                   struct error *error)
{
    struct rle only = {0};
    int status = rle_combine(&only, a, b, RLE_DIFFERENCE, error);
    if (status == 0) {
        count_pixels(profile, &only);
        status = rle_combine(&only, b, a, RLE_DIFFERENCE, error);
    }
    if (status == 0)
        count_pixels(profile, &only);
    for (int32_t i = 1; status == 0 && profile->axis == SEAM_Y && i < profile->count; i++)
        profile->pixels[i] += profile->pixels[i - 1];
    rle_free(&only);
    return status;
}

/* The place where the fewest pixels differ; of equal ones the nearest to the middle. */
static int32_t best_place(const struct profile *profile)
{
    int32_t margin = profile->count / MARGIN_DIVISOR;
    int32_t middle = profile->count / 2;
    int32_t best = middle;
    for (int32_t i = margin; i < profile->count - margin; i++) {
        int64_t gain = profile->pixels[best] - profile->pixels[i];
        if (gain > 0 || (gain == 0 && abs(i - middle) < abs(best - middle)))
            best = i;
    }
    return profile->first + best;
}

/* Finds the seam in the columns or rows of `profile`, whose pixels are not counted yet. */
static int find_seam(struct profile *profile, const struct piece *piece, const struct piece *next,
                     int32_t *seam, struct error *error)
{
    profile->pixels =
        memory_new((size_t)profile->count + 1, sizeof *profile->pixels, "seam of masks", error);
    int status = profile->pixels ? measure(profile, &piece->rle, &next->rle, error) : -1;
    if (status == 0)
        *seam = best_place(profile);
    memory_free(profile->pixels);
    return status;
}

/* Takes `piece` before the seam and `next` from it on. */
static int change_over(struct rle *to, const struct rle *piece, const struct rle *next,
                       enum seam_axis axis, int32_t seam, struct error *error)
{
    struct rle before = {0}, after = {0};
    int32_t width = (int32_t)piece->width, height = (int32_t)piece->height;
    struct rect behind = axis == SEAM_X ? (struct rect){seam, 0, width - seam, height}
                                        : (struct rect){0, seam, width, height - seam};
    struct rect ahead =
        axis == SEAM_X ? (struct rect){0, 0, seam, height} : (struct rect){0, 0, width, seam};
    int status = rle_without(&before, piece, behind, error) ||
                         rle_without(&after, next, ahead, error) ||
                         rle_combine(to, &before, &after, RLE_UNION, error)
                     ? -1
                     : 0;
    rle_free(&before);
    rle_free(&after);
    return status;
}

int seam_join(struct piece *piece, const struct piece *next, enum seam_axis axis,
              struct error *error)
{
    if (piece->rect.width == 0) {
        piece->rect = next->rect;
        return rle_copy(&piece->rle, &next->rle, error);
    }
    int32_t first = axis == SEAM_X ? next->rect.x : next->rect.y;
    int32_t end =
        axis == SEAM_X ? piece->rect.x + piece->rect.width : piece->rect.y + piece->rect.height;
    struct profile overlap = {.axis = axis, .first = first, .count = end - first};
    int32_t seam = first;
    if (overlap.count > 0 && find_seam(&overlap, piece, next, &seam, error))
        return -1;
    struct rle joined = {0};
    if (change_over(&joined, &piece->rle, &next->rle, axis, seam, error)) {
        rle_free(&joined);
        return -1;
    }
    rle_free(&piece->rle);
    *piece = (struct piece){joined, rect_around(piece->rect, next->rect)};
    return 0;
}
