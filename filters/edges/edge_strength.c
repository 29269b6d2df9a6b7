#include "filters/edges/edge_strength.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "filters/scan/scan_plane.h"

enum { REACH = 2 }; /* pixels around the box of a mask: one of border, one more for its gradient */

/* The 3 x 3 logits around a pixel; at the edge of the image, pixels beyond it are those at it. */
struct around {
    float logits[3][3];
};

static struct rect widened(struct box box, struct size size)
{
    int32_t x0 = box.x0 > REACH ? box.x0 - REACH : 0, y0 = box.y0 > REACH ? box.y0 - REACH : 0;
    int32_t x1 = box.x1 + REACH < size.width ? box.x1 + REACH : size.width - 1;
    int32_t y1 = box.y1 + REACH < size.height ? box.y1 + REACH : size.height - 1;
    return (struct rect){x0, y0, x1 - x0 + 1, y1 - y0 + 1};
}

static int32_t within(int32_t at, int32_t count)
{
    return at < 0 ? 0 : at < count ? at : count - 1;
}

/* True if the mask's border runs through the 3 x 3 pixels around (x, y) of the window. */
static bool look_around(const struct scan_window *window, int32_t x, int32_t y, float threshold,
                        struct around *around)
{
    int inside = 0;
    for (int dy = -1; dy <= 1; dy++) {
        const int32_t row = within(y + dy, window->rect.height);
        const float *in = window->values + (size_t)row * (size_t)window->rect.width;
        for (int dx = -1; dx <= 1; dx++) {
            const float logit = in[within(x + dx, window->rect.width)];
            around->logits[dy + 1][dx + 1] = logit;
            inside += logit > threshold;
        }
    }
    return inside > 0 && inside < 9;
}

static float gradient(const struct around *around)
{
    float p[3][3];
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 3; x++)
            p[y][x] = 1 / (1 + expf(-around->logits[y][x]));
    const float gx = (p[0][2] - p[0][0]) + 2 * (p[1][2] - p[1][0]) + (p[2][2] - p[2][0]);
    const float gy = (p[2][0] - p[0][0]) + 2 * (p[2][1] - p[0][1]) + (p[2][2] - p[0][2]);
    return sqrtf(gx * gx + gy * gy);
}

int edge_strength_add(const struct edge_mask *mask, struct size size, float *map,
                      struct error *error)
{
    struct scan_window window;
    if (scan_plane(mask->geometry, mask->logits, widened(mask->box, size), &window, error))
        return -1;
    for (int32_t y = 0; y < window.rect.height; y++) {
        float *row = map + (size_t)(window.rect.y + y) * (size_t)size.width + window.rect.x;
        for (int32_t x = 0; x < window.rect.width; x++) {
            struct around around;
            if (look_around(&window, x, y, mask->threshold, &around))
                row[x] = fmaxf(row[x], gradient(&around));
        }
    }
    memory_free(window.values);
    return 0;
}

void edge_strength_normalise(struct size size, float *map)
{
    const size_t pixels = (size_t)size.width * (size_t)size.height;
    float most = 0;
    for (size_t i = 0; i < pixels; i++)
        most = fmaxf(most, map[i]);
    for (size_t i = 0; i < pixels && most > 0; i++)
        map[i] /= most;
}
