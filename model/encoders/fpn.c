#include "model/encoders/fpn.h"

#include <stdio.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "model/decoder/layers.h"

static const char what[] = "neck";

/* The names of the four laterals count from the lowest resolution. */
static const char *lateral_name(char text[64], size_t level, const char *part)
{
    snprintf(text, 64, "image_encoder.neck.convs.%zu.conv.%s", FPN_LEVELS - 1 - level, part);
    return text;
}

static const char *above_name(char text[64], size_t level, const char *part)
{
    snprintf(text, 64, "mask_decoder.conv_s%zu.%s", level, part);
    return text;
}

/* Reads NAMEweight and NAMEbias of sizes that *conv has. */
static int read_conv(struct fpn_conv *conv, struct checkpoint *checkpoint, const char *name,
                     struct error *error)
{
    int64_t in = (int64_t)conv->in, out = (int64_t)conv->out;
    const struct checkpoint_want wants[] = {
        {&conv->weight, "weight", shape_4d(out, in, 1, 1)},
        {&conv->bias, "bias", shape_1d(out)},
    };
    return checkpoint_tensors(checkpoint, name, wants, 2, error);
}

int fpn_read(struct fpn_weights *weights, struct checkpoint *checkpoint, size_t grid,
             const size_t *widths, struct error *error)
{
    char name[64];
    struct shape first;
    if (known_shape(checkpoint, lateral_name(name, 0, "weight"), 4, &first, error) < 0)
        return -1;
    size_t c = (size_t)first.size[0];
    *weights = (struct fpn_weights){.grid = grid, .channels = c};
    if (c % 8 != 0)
        return error_set(error, ERROR_MODEL,
                         "the image encoder's embedding has %zu channels, which is no multiple of "
                         "8",
                         c);
    for (size_t level = 0; level < FPN_LEVELS; level++) {
        struct fpn_conv *lateral = &weights->laterals[level];
        *lateral = (struct fpn_conv){.in = widths[level], .out = c};
        if (read_conv(lateral, checkpoint, lateral_name(name, level, ""), error) < 0)
            return -1;
    }
    for (size_t level = 0; level < 2; level++) {
        weights->above[level] = (struct fpn_conv){.in = c, .out = level == 0 ? c / 8 : c / 4};
        if (read_conv(&weights->above[level], checkpoint, above_name(name, level, ""), error) < 0)
            return -1;
    }
    weights->no_memory =
        checkpoint_tensor(checkpoint, "no_mem_embed", shape_3d(1, 1, (int64_t)c), error);
    return weights->no_memory ? 0 : -1;
}

/* One convolution after another, as one: summed in double precision. */
static int pack_folded(struct matmul_packed *packed, enum isa isa, const struct fpn_conv *first,
                       const struct fpn_conv *second, struct error *error)
{
    size_t in = first->in, out = second->out;
    float *weight = memory_new(out * in, sizeof(float), what, error);
    float *bias = memory_new(out, sizeof(float), what, error);
    double *sum = memory_new(in, sizeof(double), what, error);
    int status = weight && bias && sum ? 0 : -1;
    for (size_t o = 0; status == 0 && o < out; o++) {
        double constant = second->bias[o];
        for (size_t i = 0; i < in; i++)
            sum[i] = 0;
        for (size_t c = 0; c < second->in; c++) {
            double factor = second->weight[o * second->in + c];
            constant += factor * first->bias[c];
            for (size_t i = 0; i < in; i++)
                sum[i] += factor * first->weight[c * in + i];
        }
        bias[o] = (float)constant;
        for (size_t i = 0; i < in; i++)
            weight[o * in + i] = (float)sum[i];
    }
    if (status == 0)
        status = matmul_pack(packed, isa, matmul_linear(in, out, weight, bias), what, error);
    memory_free(weight);
    memory_free(bias);
    memory_free(sum);
    return status;
}

static void release(struct fpn_weights *weights, struct checkpoint *checkpoint)
{
    char name[64];
    for (size_t level = 0; level < FPN_LEVELS; level++) {
        checkpoint_release(checkpoint, lateral_name(name, level, "weight"));
        weights->laterals[level].weight = NULL;
    }
    for (size_t level = 0; level < 2; level++) {
        checkpoint_release(checkpoint, above_name(name, level, "weight"));
        weights->above[level].weight = NULL;
    }
}

int fpn_pack(struct fpn *fpn, struct fpn_weights *weights, struct checkpoint *checkpoint,
             enum isa isa, struct error *error)
{
    *fpn = (struct fpn){0};
    for (size_t level = 0; level < FPN_LEVELS; level++) {
        const struct fpn_conv *lateral = &weights->laterals[level];
        struct matmul_right plain =
            matmul_linear(lateral->in, lateral->out, lateral->weight, lateral->bias);
        int failed = level < 2 ? pack_folded(&fpn->levels[level], isa, lateral,
                                             &weights->above[level], error)
                               : matmul_pack(&fpn->levels[level], isa, plain, what, error);
        if (failed)
            return -1;
    }
    for (size_t c = 0; c < weights->channels; c++)
        fpn->levels[2].bias[c] += weights->no_memory[c];
    release(weights, checkpoint);
    fpn->weights = *weights;
    return 0;
}

void fpn_free(struct fpn *fpn)
{
    for (size_t level = 0; level < FPN_LEVELS; level++)
        matmul_packed_free(&fpn->levels[level]);
}

void fpn_join(const struct fpn *fpn, const float *middle, const float *low, int threads,
              float *embedding)
{
    size_t g = fpn->weights.grid, c = fpn->weights.channels;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < g; row++)
        for (size_t channel = 0; channel < c; channel++)
            for (size_t i = 0; i < g; i++)
                embedding[(channel * g + row) * g + i] =
                    middle[(row * g + i) * c + channel] +
                    low[(row / 2 * (g / 2) + i / 2) * c + channel];
}
