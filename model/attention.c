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

void attention_layout(struct attention_tile *tile, enum isa isa, size_t head_width,
                      struct arena *arena)
{
    size_t width = matmul_kernel(isa)->width;
    tile->query = arena_take(arena, head_width * width, sizeof(float));
    tile->scores = arena_take(arena, ATTENTION_CHUNK * width, sizeof(float));
    tile->max = arena_take(arena, width, sizeof(float));
    tile->sum = arena_take(arena, width, sizeof(float));
    tile->factor = arena_take(arena, width, sizeof(float));
    tile->out = arena_take(arena, head_width * width, sizeof(float));
}

void attention_set_query(enum isa isa, const struct attention_tile *tile, size_t head_width,
                         size_t lane, const float *from, float factor)
{
    size_t width = matmul_kernel(isa)->width;
    for (size_t e = 0; e < head_width; e++)
        tile->query[e * width + lane] = from ? from[e] * factor : 0;
}

void attention_run(enum isa isa, const struct attention_tile *tile, size_t head_width, size_t count,
                   const float *keys, const float *values, const struct attention_bias *bias)
{
    const struct matmul_kernel *product = matmul_kernel(isa);
    const struct attention_kernel *step = attention_kernel(isa);
    size_t width = product->width;
    for (size_t i = 0; i < width; i++) {
        tile->max[i] = -INFINITY;
        tile->sum[i] = 0;
    }
    for (size_t first = 0; first < count; first += ATTENTION_CHUNK) {
        size_t part = count - first < ATTENTION_CHUNK ? count - first : ATTENTION_CHUNK;
        step->fill(bias, first, part, tile->scores);
        product->panel(part, width, head_width, keys + first * head_width, head_width, tile->query,
                       NULL, true, tile->scores, width);
        step->softmax(part, tile->scores, tile->max, tile->sum, tile->factor);
        if (first > 0)
            step->scale(head_width, tile->factor, tile->out);
        product->weighted(head_width, part, tile->scores, values + first * head_width, head_width,
                          first > 0, tile->out, head_width);
    }
    for (size_t i = 0; i < width; i++)
        tile->factor[i] = 1.0f / tile->sum[i];
    step->scale(head_width, tile->factor, tile->out);
}
