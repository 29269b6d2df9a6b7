#include "model/neck_weights.h"

#include "model/checkpoint/checkpoint.h"
#include "model/decoder/layers.h"

int neck_read(struct neck_weights *weights, struct checkpoint *checkpoint, size_t grid, size_t in,
              struct error *error)
{
    struct shape first;
    if (known_shape(checkpoint, "image_encoder.neck.0.weight", 4, &first, error) < 0)
        return -1;
    *weights = (struct neck_weights){.grid = grid, .in = in, .out = (size_t)first.size[0]};
    int64_t c = first.size[0];
    const struct checkpoint_want wants[] = {
        {&weights->conv1, "0.weight", shape_4d(c, (int64_t)in, 1, 1)},
        {&weights->norm1_weight, "1.weight", shape_1d(c)},
        {&weights->norm1_bias, "1.bias", shape_1d(c)},
        {&weights->conv2, "2.weight", shape_4d(c, c, 3, 3)},
        {&weights->norm2_weight, "3.weight", shape_1d(c)},
        {&weights->norm2_bias, "3.bias", shape_1d(c)},
    };
    return checkpoint_tensors(checkpoint, "image_encoder.neck.", wants,
                              sizeof wants / sizeof *wants, error);
}
