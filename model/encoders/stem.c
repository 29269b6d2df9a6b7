#include "model/encoders/stem.h"

#include <omp.h>

#include "model/encoders/conv_norm.h"
#include "model/kernels/kernels.h"

enum { PATCH = 27 }; /* numbers of a 3x3 patch in three colours */

int stem_pack(struct stem *stem, struct conv *conv1, struct conv *conv2, enum isa isa,
              size_t image_size, struct error *error)
{
    struct matmul_right first = matmul_linear(PATCH, conv1->out, conv1->weight, conv1->bias);
    struct conv3_weights second = {conv2->in, conv2->out, conv2->stride, conv2->weight,
                                   conv2->bias};
    *stem = (struct stem){.image_size = image_size};
    if (matmul_pack(&stem->conv1, isa, first, "stem", error) < 0 ||
        conv3_pack(&stem->conv2, isa, &second, error) < 0)
        return -1;
    conv_drop_weight(conv1);
    conv_drop_weight(conv2);
    return 0;
}

void stem_free(struct stem *stem)
{
    matmul_packed_free(&stem->conv1);
    conv3_free(&stem->conv2);
}

void stem_layout(struct stem_scratch *scratch, const struct stem *stem, size_t slots,
                 struct arena *arena)
{
    scratch->patches = arena_floats(arena, slots, stem->image_size / 2 * PATCH);
}

/* patches[S / 2][27] = the inputs of the first convolution for row `row` of its result. */
static void gather_patches(size_t image_size, size_t row, const float *input, float *patches)
{
    for (size_t c = 0; c < image_size / 2; c++, patches += PATCH)
        for (size_t plane = 0; plane < 3; plane++)
            for (size_t i = 0; i < 3; i++)
                for (size_t j = 0; j < 3; j++) {
                    /* Counted from 1, so that 0 is the padding. */
                    size_t r = 2 * row + i, s = 2 * c + j;
                    patches[(plane * 3 + i) * 3 + j] =
                        r == 0 || s == 0 ? 0
                                         : input[(plane * image_size + r - 1) * image_size + s - 1];
                }
}

void stem_run(const struct stem *stem, const struct stem_scratch *scratch, const float *input,
              const struct plane *between, const struct plane *to, int threads)
{
    size_t channels = between->channels, side = between->side;
    plane_clear_frame(between);
    plane_clear_frame(to);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < side; row++) {
        float *patches = scratch->patches + (size_t)omp_get_thread_num() * side * PATCH;
        float *y = plane_at(between, (long)row, 0);
        gather_patches(stem->image_size, row, input, patches);
        matmul_packed(side, matmul_rows(patches, PATCH), &stem->conv1, matmul_set(y, channels));
        kernels_for(stem->conv1.isa)->gelu(1, side * channels, y, 0);
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < to->side; row++)
        conv3_row(&stem->conv2, between, row, plane_at(to, (long)row, 0));
}
