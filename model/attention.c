#include "model/attention.h"

#include <math.h>

#include "model/attention_kernel.h"
#include "model/matmul_kernel.h"

extern const struct attention_kernel attention_kernel_generic;
#if defined(__x86_64__)
extern const struct attention_kernel attention_kernel_avx2, attention_kernel_avx512;
#endif

const struct attention_kernel *attention_kernel(enum isa isa)
{
#if defined(__x86_64__)
    if (isa == ISA_AVX512)
        return &attention_kernel_avx512;
    if (isa == ISA_AVX2)
        return &attention_kernel_avx2;
#endif
    (void)isa;
    return &attention_kernel_generic;
}

void attention_layout(struct attention *attention, enum isa isa, size_t head_width,
                      struct arena *arena)
{
    size_t width = matmul_kernel(isa)->width;
    attention->isa = isa;
    attention->head_width = head_width;
    attention->scores = arena_take(arena, ATTENTION_CHUNK * width, sizeof(float));
    attention->factor = arena_take(arena, width, sizeof(float));
    for (size_t i = 0; i < ATTENTION_TILES; i++) {
        struct attention_tile *tile = &attention->tiles[i];
        tile->query = arena_take(arena, head_width * width, sizeof(float));
        tile->out = arena_take(arena, head_width * width, sizeof(float));
        tile->max = arena_take(arena, width, sizeof(float));
        tile->sum = arena_take(arena, width, sizeof(float));
    }
}

void attention_set_query(const struct attention *attention, size_t tile, size_t lane,
                         size_t head_width, const float *from, float factor)
{
    size_t width = matmul_kernel(attention->isa)->width;
    float *to = attention->tiles[tile].query + lane;
    for (size_t e = 0; e < head_width; e++)
        to[e * width] = from ? from[e] * factor : 0;
}

/* One tile's step over keys first .. first + count - 1. */
static void run_chunk(const struct attention *attention, const struct attention_tile *tile,
                      size_t head_width, size_t first, size_t count, const float *keys,
                      const float *values)
{
    const struct matmul_kernel *product = matmul_kernel(attention->isa);
    const struct attention_kernel *step = attention_kernel(attention->isa);
    step->fill(&tile->bias, first, count, attention->scores);
    product->panel(count, product->width, head_width, keys + first * head_width, head_width,
                   tile->query, NULL, true, attention->scores, product->width);
    step->softmax(count, attention->scores, tile->max, tile->sum, attention->factor);
    if (first > 0)
        step->scale(head_width, attention->factor, tile->out);
    product->weighted(head_width, count, attention->scores, values + first * head_width, head_width,
                      first > 0, tile->out, head_width);
}

void attention_run(const struct attention *attention, size_t tiles, size_t head_width, size_t count,
                   const float *keys, const float *values)
{
    size_t width = matmul_kernel(attention->isa)->width;
    for (size_t t = 0; t < tiles; t++)
        for (size_t i = 0; i < width; i++) {
            attention->tiles[t].max[i] = -INFINITY;
            attention->tiles[t].sum[i] = 0;
        }
    for (size_t first = 0; first < count; first += ATTENTION_CHUNK) {
        size_t part = count - first < ATTENTION_CHUNK ? count - first : ATTENTION_CHUNK;
        for (size_t t = 0; t < tiles; t++)
            run_chunk(attention, &attention->tiles[t], head_width, first, part, keys, values);
    }
    for (size_t t = 0; t < tiles; t++) {
        for (size_t i = 0; i < width; i++)
            attention->factor[i] = 1.0f / attention->tiles[t].sum[i];
        attention_kernel(attention->isa)
            ->scale(head_width, attention->factor, attention->tiles[t].out);
    }
}
