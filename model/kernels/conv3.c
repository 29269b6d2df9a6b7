#include "model/kernels/conv3.h"

#include "base/memory.h"

int conv3_pack(struct conv3 *conv, enum isa isa, const struct conv3_weights *weights,
               struct error *error)
{
    size_t in = weights->in, out = weights->out;
    *conv = (struct conv3){.in = in, .out = out, .stride = weights->stride};
    float *row = memory_new(3 * in * out, sizeof(float), "convolution", error);
    int status = row ? 0 : -1;
    for (size_t down = 0; status == 0 && down < 3; down++) {
        for (size_t o = 0; o < out; o++)
            for (size_t i = 0; i < in; i++)
                for (size_t right = 0; right < 3; right++)
                    row[(right * in + i) * out + o] =
                        weights->weight[((o * in + i) * 3 + down) * 3 + right];
        struct matmul_right part = {3 * in, out, matmul_rows(row, out),
                                    down == 0 ? weights->bias : NULL};
        status = matmul_pack(&conv->rows[down], isa, part, "convolution", error);
    }
    memory_free(row);
    return status;
}

void conv3_free(struct conv3 *conv)
{
    for (size_t down = 0; down < 3; down++)
        matmul_packed_free(&conv->rows[down]);
}

void conv3_row(const struct conv3 *conv, const struct plane *from, size_t row, float *y)
{
    for (size_t down = 0; down < 3; down++) {
        const float *x = plane_at(from, (long)(row * conv->stride + down) - 1, -1);
        matmul_packed(from->side / conv->stride, matmul_rows(x, conv->stride * conv->in),
                      &conv->rows[down], (struct matmul_result){y, conv->out, down > 0});
    }
}
