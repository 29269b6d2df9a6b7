#include "tests/reference/fpn_reference.h"

#include "tests/reference/reference.h"

static const char what[] = "reference neck";

static void convolve(const struct fpn_conv *conv, size_t side, const float *x, float *y)
{
    struct reference_conv reference = {.in = conv->in,
                                       .out = conv->out,
                                       .kernel = 1,
                                       .stride = 1,
                                       .groups = 1,
                                       .weight = conv->weight,
                                       .bias = conv->bias};
    reference_convolve(&reference, side, side, x, y);
}

/* to->high[level] of lateral[C][side][side]. */
static int run_high(const struct fpn_conv *above, size_t side, const float *lateral, float *high,
                    struct error *error)
{
    size_t n = side * side;
    float *planes = memory_new(above->out * n, sizeof(float), what, error);
    if (!planes)
        return -1;
    convolve(above, side, lateral, planes);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < above->out; c++)
            high[i * above->out + c] = planes[c * n + i];
    memory_free(planes);
    return 0;
}

/* embedding = the lateral of level 3, enlarged to the nearest, + that of level 2, which is there
 * already, + no_mem_embed. */
static void join(const struct fpn_weights *weights, const float *low, float *embedding)
{
    size_t g = weights->grid, half = g / 2;
    for (size_t c = 0; c < weights->channels; c++)
        for (size_t r = 0; r < g; r++)
            for (size_t i = 0; i < g; i++)
                embedding[(c * g + r) * g + i] +=
                    low[(c * half + r / 2) * half + i / 2] + weights->no_memory[c];
}

int fpn_reference_run(const struct fpn_weights *weights, float *const *levels,
                      const struct encoding *to, struct error *error)
{
    size_t g = weights->grid;
    float *lateral = memory_new(16 * g * g * weights->channels, sizeof(float), what, error);
    int status = lateral ? 0 : -1;
    for (size_t i = 0; status == 0 && i < 2; i++) {
        convolve(&weights->laterals[i], 4 * g >> i, levels[i], lateral);
        status = run_high(&weights->above[i], 4 * g >> i, lateral, to->high[i], error);
    }
    if (status == 0) {
        convolve(&weights->laterals[2], g, levels[2], to->embedding);
        convolve(&weights->laterals[3], g / 2, levels[3], lateral);
        join(weights, lateral, to->embedding);
    }
    memory_free(lateral);
    return status;
}
