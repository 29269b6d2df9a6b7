#include "model/kernels/conv3.h"

#include "base/memory.h"

int conv3_pack(struct conv3 *conv, enum isa isa, size_t in, size_t out, size_t stride,
               const float *weight, const float *bias, struct error *error)
{
    *conv = (struct conv3){.in = in, .out = out, .stride = stride};
    float *row = memory_new(3 * in * out, sizeof(float), "convolution", error);
    int status = row ? 0 : -1;
    for (size_t down = 0; status == 0 && down < 3; down++) {
        for (size_t o = 0; o < out; o++)
            for (size_t i = 0; i < in; i++)
                for (size_t right = 0; right < 3; right++)
                    row[(right * in + i) * out + o] = weight[((o * in + i) * 3 + down) * 3 + right];
        status = matmul_pack(&conv->rows[down], isa, 3 * in, out, matmul_rows(row, out),
                             down == 0 ? bias : NULL, "convolution", error);
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
    for (size_t down = 0; down < 3; down++)
        matmul_columns(
            from->side / conv->stride, plane_at(from, (long)(row * conv->stride + down) - 1, -1),
            conv->stride * conv->in, &conv->rows[down], 0, conv->out, down > 0, y, conv->out);
}
