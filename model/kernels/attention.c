#include "model/kernels/attention.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "model/kernels/attention_kernel.h"
#include "model/kernels/half16.h"
#include "model/kernels/matmul_kernel.h"

ISA_DECLARE(const struct attention_kernel, attention_kernel);

const struct attention_kernel *attention_kernel(enum isa isa)
{
    static const struct attention_kernel *const variants[] = ISA_VARIANTS(attention_kernel);
    return variants[isa];
}

void attention_layout(struct flash_attention *attention, enum isa isa,
                      const struct half16_kernel *half16, size_t head_width, struct arena *arena)
{
    size_t width = matmul_kernel(isa)->width;
    assert(!half16 || half16->product->width == width);
    attention->isa = isa;
    attention->half16 = half16;
    attention->scores = arena_take(arena, ATTENTION_CHUNK * width, sizeof(float));
    attention->factor = arena_take(arena, width, sizeof(float));
    for (size_t i = 0; i < ATTENTION_STRIPS; i++) {
        struct attention_strip *strip = &attention->strips[i];
        strip->query = arena_take(arena, head_width * width, sizeof(float));
        strip->out = arena_take(arena, head_width * width, sizeof(float));
        strip->max = arena_take(arena, width, sizeof(float));
        strip->sum = arena_take(arena, width, sizeof(float));
    }
}

void attention_distances(size_t side, size_t width, const float *biases, float factor, float *to)
{
    for (size_t down = 0; down < side; down++, to += attention_distances_row(side, width)) {
        float *centre = to + width + side - 1;
        memset(to, 0, attention_distances_row(side, width) * sizeof(float));
        for (size_t across = 0; across < side; across++)
            centre[across] = *(centre - across) = biases[down * side + across] * factor;
    }
}

void attention_set_query(const struct flash_attention *attention, size_t strip, size_t lane,
                         size_t head_width, const float *from, float factor)
{
    size_t width = matmul_kernel(attention->isa)->width;
    float *to = attention->strips[strip].query + lane;
    for (size_t e = 0; e < head_width; e++)
        to[e * width] = from ? from[e] * factor : 0;
}

static const struct matmul_kernel *product_kernel(const struct flash_attention *attention)
{
    return attention->half16 ? attention->half16->product : matmul_kernel(attention->isa);
}

/* One step of a strip's softmax, over keys first .. first + count - 1. */
static void run_chunk(const struct flash_attention *attention, const struct attention_strip *strip,
                      const struct attention_keys *keys, size_t first, size_t count)
{
    const struct matmul_kernel *product = product_kernel(attention);
    const struct attention_kernel *step = attention_kernel(attention->isa);
    size_t width = product->width, group = attention->half16 ? attention->half16->group : 1;
    size_t e = keys->head_width, row = keys->row;
    float *scores = attention->scores;
    bool biased = strip->bias.table || strip->bias.distances || strip->bias.down;
    if (biased)
        step->fill(&strip->bias, first, count, scores);
    product->panel((struct matmul_shape){count, width, e / group},
                   matmul_rows(keys->keys + first * row, row), strip->query, NULL,
                   (struct matmul_result){scores, width, biased});
    step->softmax(count, scores, strip->max, strip->sum, attention->factor);
    if (attention->half16)
        attention->half16->across(count, width, scores, width, scores, width);
    if (first > 0)
        step->scale(e, attention->factor, strip->out);
    product->weighted(e, (count + group - 1) / group, scores,
                      matmul_rows(keys->values + first * row, group * row),
                      (struct matmul_result){strip->out, e, first > 0});
}

static void start_strip(const struct flash_attention *attention,
                        const struct attention_strip *strip, size_t head_width)
{
    size_t width = matmul_kernel(attention->isa)->width;
    for (size_t i = 0; i < width; i++) {
        strip->max[i] = -INFINITY;
        strip->sum[i] = 0;
    }
    if (attention->half16)
        attention->half16->across(head_width, width, strip->query, width, strip->query, width);
}

void attention_run(const struct flash_attention *attention, size_t strips,
                   const struct attention_keys *keys)
{
    size_t width = matmul_kernel(attention->isa)->width, e = keys->head_width;
    for (size_t t = 0; t < strips; t++)
        start_strip(attention, &attention->strips[t], e);
    for (size_t first = 0; first < keys->count; first += ATTENTION_CHUNK) {
        size_t left = keys->count - first;
        for (size_t t = 0; t < strips; t++)
            run_chunk(attention, &attention->strips[t], keys, first,
                      left < ATTENTION_CHUNK ? left : ATTENTION_CHUNK);
    }
    for (size_t t = 0; t < strips; t++) {
        for (size_t i = 0; i < width; i++)
            attention->factor[i] = 1.0f / attention->strips[t].sum[i];
        attention_kernel(attention->isa)->scale(e, attention->factor, attention->strips[t].out);
    }
}
