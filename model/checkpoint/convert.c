#include "model/checkpoint/convert.h"

#include <stdint.h>
#include <string.h>

#include "base/half.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "numbers in checkpoints are little-endian, and are used where they lie");

bool convert_knows(enum dtype dtype)
{
    return dtype == DTYPE_F32 || dtype == DTYPE_F16 || dtype == DTYPE_BF16 || dtype == DTYPE_F64;
}

bool convert_in_place(const struct tensor *tensor)
{
    return tensor->dtype == DTYPE_F32 && tensor->contiguous &&
           (uintptr_t)tensor->bytes % sizeof(float) == 0;
}

/* Converts `count` numbers that lie `stride` numbers apart. */
static void convert_row(const unsigned char *bytes, enum dtype dtype, size_t count, size_t stride,
                        float *out)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t small;
        double large;
        switch (dtype) {
        case DTYPE_F32:
            memcpy(&out[i], bytes + i * stride * 4, 4);
            break;
        case DTYPE_F16:
            memcpy(&small, bytes + i * stride * 2, 2);
            out[i] = half_value(small);
            break;
        case DTYPE_F64:
            memcpy(&large, bytes + i * stride * 8, 8);
            out[i] = (float)large;
            break;
        default: /* DTYPE_BF16: the upper half of a float */
            memcpy(&small, bytes + i * stride * 2, 2);
            out[i] = float_of_bits((uint32_t)small << 16);
        }
    }
}

/* Converts row by row along the last dimension and counts the others like an odometer. */
static void convert_strided(const struct tensor *tensor, float *out)
{
    size_t size = dtype_size(tensor->dtype);
    int last = tensor->shape.rank - 1;
    size_t length = (size_t)tensor->shape.size[last];
    size_t place[SHAPE_RANK_MAX] = {0};
    for (size_t done = 0; done < tensor->count; done += length) {
        size_t start = 0;
        for (int d = 0; d < last; d++)
            start += place[d] * (size_t)tensor->stride.size[d];
        convert_row(tensor->bytes + start * size, tensor->dtype, length,
                    (size_t)tensor->stride.size[last], out + done);
        for (int d = last - 1; d >= 0 && ++place[d] == (size_t)tensor->shape.size[d]; d--)
            place[d] = 0;
    }
}

void convert_tensor(const struct tensor *tensor, float *out)
{
    if (tensor->contiguous)
        convert_row(tensor->bytes, tensor->dtype, tensor->count, 1, out);
    else
        convert_strided(tensor, out);
}

bool convert_is_finite(const float *x, size_t count, size_t *bad)
{
    enum { BLOCK = 4096 };
    const uint32_t exponent = 0x7f800000; /* all ones only in NaN and infinity */
    for (size_t start = 0; start < count; start += BLOCK) {
        size_t end = count - start < BLOCK ? count : start + BLOCK;
        uint32_t found = 0;
        for (size_t i = start; i < end; i++)
            found |= (float_bits(x[i]) & exponent) == exponent;
        for (size_t i = start; found && i < end; i++)
            if ((float_bits(x[i]) & exponent) == exponent) {
                *bad = i;
                return false;
            }
    }
    return true;
}
