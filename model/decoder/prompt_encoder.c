#include "model/decoder/prompt_encoder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "model/kernels/kernels.h"

enum { BACKGROUND, FOREGROUND, CORNER };
enum { MASK_CHANNELS_MAX = PROMPT_MASK_CHANNELS_MAX }; /* 4 and 16 in the official models */

static int load_mask_downscaling(struct prompt_weights *weights, const struct layer_source *from)
{
    const char *prefix = "prompt_encoder.mask_downscaling.";
    int in = 1;
    for (int i = 0; i < 2; i++) {
        char name[96], own[CHECKPOINT_NAME_SIZE];
        struct shape shape;
        snprintf(name, sizeof name, "%s%d.weight", prefix, 3 * i);
        if (known_shape(from->checkpoint, name, 4, &shape, from->error))
            return -1;
        if (shape.size[0] > MASK_CHANNELS_MAX)
            return error_set(from->error, ERROR_MODEL,
                             "tensor %s has %d channels, expected 1 to %d",
                             checkpoint_own_name(from->checkpoint, name, own), (int)shape.size[0],
                             MASK_CHANNELS_MAX);
        int out = (int)shape.size[0];
        snprintf(name, sizeof name, "%s%d.", prefix, 3 * i);
        if (convolution_load(&weights->mask_conv[i], from, name, in, out))
            return -1;
        snprintf(name, sizeof name, "%s%d.", prefix, 3 * i + 1);
        if (norm_load(&weights->mask_norm[i], from, name, out))
            return -1;
        in = out;
    }
    const struct checkpoint_want wants[] = {
        {&weights->mask_weight, "6.weight", shape_4d(weights->embed_dim, in, 1, 1)},
        {&weights->mask_bias, "6.bias", shape_1d(weights->embed_dim)},
    };
    return checkpoint_tensors(from->checkpoint, prefix, wants, 2, from->error);
}

/* The projection of a text's embedding, where the checkpoint has one. */
static int load_text_projection(struct prompt_weights *weights, const struct layer_source *from)
{
    static const char weight[] = "prompt_encoder.text_projection.weight";
    char own[CHECKPOINT_NAME_SIZE];
    struct shape shape;
    if (!checkpoint_shape(from->checkpoint, weight, NULL))
        return 0;
    if (known_shape(from->checkpoint, weight, 2, &shape, from->error))
        return -1;
    if (shape.size[1] > PROMPT_TEXT_MAX)
        return error_set(from->error, ERROR_MODEL, "tensor %s has %lld columns, expected 1 to %d",
                         checkpoint_own_name(from->checkpoint, weight, own),
                         (long long)shape.size[1], PROMPT_TEXT_MAX);
    weights->text_width = (int)shape.size[1];
    const struct checkpoint_want wants[] = {
        {&weights->text_weight, "weight", shape_2d(weights->embed_dim, weights->text_width)},
        {&weights->text_bias, "bias", shape_1d(weights->embed_dim)},
    };
    return checkpoint_tensors(from->checkpoint, "prompt_encoder.text_projection.", wants, 2,
                              from->error);
}

/* EfficientSAM's, which knows neither background points nor masks. */
static int load_efficient(struct prompt_weights *weights, const struct layer_source *from)
{
    struct shape row = shape_2d(1, weights->embed_dim);
    const struct checkpoint_want wants[] = {
        {&weights->gaussian, "pe_layer.positional_encoding_gaussian_matrix",
         shape_2d(2, weights->embed_dim / 2)},
        {&weights->kinds[FOREGROUND], "point_embeddings.weight", row},
        {&weights->kinds[CORNER], "bbox_top_left_embeddings.weight", row},
        {&weights->kinds[CORNER + 1], "bbox_bottom_right_embeddings.weight", row},
        {&weights->not_a_point, "invalid_points.weight", row},
    };
    return checkpoint_tensors(from->checkpoint, "prompt_encoder.", wants,
                              sizeof wants / sizeof *wants, from->error);
}

int prompt_weights_load(struct prompt_weights *weights, const struct layer_source *from)
{
    if (weights->points_min)
        return load_efficient(weights, from);
    struct shape row = shape_2d(1, weights->embed_dim);
    const struct checkpoint_want wants[] = {
        {&weights->gaussian, "pe_layer.positional_encoding_gaussian_matrix",
         shape_2d(2, weights->embed_dim / 2)},
        {&weights->kinds[BACKGROUND], "point_embeddings.0.weight", row},
        {&weights->kinds[FOREGROUND], "point_embeddings.1.weight", row},
        {&weights->kinds[CORNER], "point_embeddings.2.weight", row},
        {&weights->kinds[CORNER + 1], "point_embeddings.3.weight", row},
        {&weights->not_a_point, "not_a_point_embed.weight", row},
        {&weights->no_mask, "no_mask_embed.weight", row},
    };
    if (checkpoint_tensors(from->checkpoint, "prompt_encoder.", wants, sizeof wants / sizeof *wants,
                           from->error) ||
        load_text_projection(weights, from))
        return -1;
    return load_mask_downscaling(weights, from);
}

/* Points and corners of a prompt. */
static int places(const struct sam_prompts *prompts)
{
    return prompts->points + (prompts->boxes ? 2 : 0);
}

int prompt_own_tokens(const struct sam_prompts *prompts)
{
    return places(prompts) + (prompts->texts ? 1 : 0);
}

int prompt_padding(const struct prompt_weights *weights, const struct sam_prompts *prompts)
{
    int own = places(prompts);
    if (weights->points_min)
        return own < weights->points_min ? weights->points_min - own : 0;
    return prompts->boxes ? weights->pads_boxes : own > 0;
}

/* out[C] = sin and cos of 2 pi (2 p - 1) @ gaussian; x and y are fractions of the image. */
static void position_encoding(const struct prompt_weights *weights, float x, float y, float *out)
{
    int half = weights->embed_dim / 2;
    for (int i = 0; i < half; i++) {
        float phase =
            (2 * x - 1) * weights->gaussian[i] + (2 * y - 1) * weights->gaussian[half + i];
        phase *= (float)(2 * M_PI);
        out[i] = sinf(phase);
        out[half + i] = cosf(phase);
    }
}

static void add(float *out, const float *x, int n)
{
    for (int i = 0; i < n; i++)
        out[i] += x[i];
}

static void point_token(const struct prompt_weights *weights, const double *xy, int label,
                        float *token)
{
    int c = weights->embed_dim;
    const float *kind =
        label < 0 ? weights->not_a_point : weights->kinds[label ? FOREGROUND : BACKGROUND];
    if (label < 0 && !weights->points_min) {
        memcpy(token, kind, c * sizeof *token);
        return;
    }
    double size = weights->image_size;
    position_encoding(weights, (float)((xy[0] + 0.5) / size), (float)((xy[1] + 0.5) / size), token);
    if (kind)
        add(token, kind, c);
}

static void corner_tokens(const struct prompt_weights *weights, const float *box, float *tokens)
{
    int c = weights->embed_dim;
    float size = (float)weights->image_size;
    for (int corner = 0; corner < 2; corner++, tokens += c, box += 2) {
        position_encoding(weights, (box[0] + 0.5f) / size, (box[1] + 0.5f) / size, tokens);
        add(tokens, weights->kinds[CORNER + corner], c);
    }
}

/* token[C] = weight @ text + bias */
static void text_token(const struct prompt_weights *weights, const float *text, float *token)
{
    const float *weight = weights->text_weight;
    for (int i = 0; i < weights->embed_dim; i++, weight += weights->text_width) {
        token[i] = weights->text_bias[i];
        for (int j = 0; j < weights->text_width; j++)
            token[i] += weight[j] * text[j];
    }
}

void prompt_tokens(const struct prompt_weights *weights, const struct sam_prompts *prompts,
                   int prompt, int padding, float *tokens)
{
    static const double nowhere[2] = {-1, -1};
    int c = weights->embed_dim;
    for (int i = 0; i < prompts->points; i++, tokens += c) {
        int at = prompt * prompts->points + i;
        point_token(weights, prompts->xy + 2 * at, prompts->labels ? prompts->labels[at] : 1,
                    tokens);
    }
    if (prompts->boxes) {
        corner_tokens(weights, prompts->boxes + 4 * prompt, tokens);
        tokens += 2 * c;
    }
    if (prompts->texts) {
        text_token(weights, prompts->texts + (size_t)prompt * weights->text_width, tokens);
        tokens += c;
    }
    for (int i = 0; i < padding; i++, tokens += c)
        point_token(weights, nowhere, -1, tokens);
}

void prompt_grid_encoding(const struct prompt_weights *weights, float *out)
{
    int g = weights->grid;
    for (int y = 0; y < g; y++)
        for (int x = 0; x < g; x++, out += weights->embed_dim)
            position_encoding(weights, ((float)x + 0.5f) / (float)g, ((float)y + 0.5f) / (float)g,
                              out);
}

/* pixels[few][2][2]: the four pixels of the half-size image in cell (y, x) of the grid. */
static void first_stage(const struct prompt_weights *weights, const float *mask, size_t y, size_t x,
                        float *pixels)
{
    const struct convolution *conv = &weights->mask_conv[0];
    const size_t l = 4 * (size_t)weights->grid;
    for (size_t k = 0; k < 4; k++) {
        const float *corner = mask + (4 * y + k / 2 * 2) * l + 4 * x + k % 2 * 2;
        float pixel[MASK_CHANNELS_MAX] = {0};
        for (int o = 0; o < conv->out; o++) {
            const float *weight = conv->weight + (size_t)o * 4;
            pixel[o] = conv->bias[o] + weight[0] * corner[0] + weight[1] * corner[1] +
                       weight[2] * corner[l] + weight[3] * corner[l + 1];
        }
        norm_apply(&weights->mask_norm[0], LAYER_NORM_2D_EPS, 1, pixel);
        for (int o = 0; o < conv->out; o++)
            pixels[(size_t)o * 4 + k] = pixel[o];
    }
}

void prompt_mask_features(const struct prompt_weights *weights, enum isa isa, const float *mask,
                          int first, int count, float *out)
{
    float halves[PROMPT_MASK_RUN * 4 * MASK_CHANNELS_MAX];
    const struct convolution *conv = &weights->mask_conv[1];
    const size_t width = 4 * (size_t)conv->in, channels = conv->out;
    for (int i = 0; i < count; i++) {
        const int at = first + i;
        first_stage(weights, mask, at / weights->grid, at % weights->grid, halves + i * width);
        memcpy(out + i * channels, conv->bias, channels * sizeof *out);
    }
    kernels_for(isa)->gelu(count, width, halves, width);
    matmul(isa, (struct matmul_shape){count, channels, width}, matmul_rows(halves, width),
           matmul_transposed(conv->weight, width), matmul_add(out, channels));
    for (int i = 0; i < count; i++)
        norm_apply(&weights->mask_norm[1], LAYER_NORM_2D_EPS, 1, out + i * channels);
    kernels_for(isa)->gelu(count, channels, out, channels);
}

void prompt_mask(const struct prompt_weights *weights, enum isa isa, const float *mask, float *out)
{
    const int positions = weights->grid * weights->grid;
    const int channels = prompt_mask_channels(weights);
    float features[PROMPT_MASK_RUN * MASK_CHANNELS_MAX];
    for (int at = 0; at < positions; at++, out += weights->embed_dim) {
        const int left = positions - at;
        if (at % PROMPT_MASK_RUN == 0)
            prompt_mask_features(weights, isa, mask, at,
                                 left < PROMPT_MASK_RUN ? left : PROMPT_MASK_RUN, features);
        const float *pixel = features + at % PROMPT_MASK_RUN * channels;
        for (int c = 0; c < weights->embed_dim; c++) {
            out[c] = weights->mask_bias[c];
            for (int i = 0; i < channels; i++)
                out[c] += weights->mask_weight[c * channels + i] * pixel[i];
        }
    }
}
