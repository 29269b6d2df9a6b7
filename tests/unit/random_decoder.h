/* random_decoder.h - a safetensors file in memory with a prompt encoder and a mask decoder of any
 * size, every parameter random. tests/unit/decoder_table.py draws the same numbers: number i of
 * a tensor comes from the hash of (name, i), so that no order of drawing has to be kept. */
#ifndef TESTS_UNIT_RANDOM_DECODER_H
#define TESTS_UNIT_RANDOM_DECODER_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum random_family {
    RANDOM_SAM,
    RANDOM_SAM2,     /* with SAM 2's object score and its high-resolution features */
    RANDOM_EFFICIENT /* EfficientSAM's; the mask decoder's tensors have SAM's names */
};

struct random_sizes {
    int embed_dim, mlp_width, iou_width;
    enum random_family family;
    int text_width; /* of a projection of texts; 0: none. EfficientSAM's has none */
};

struct random_decoder {
    char *header; /* JSON under construction */
    size_t header_size;
    float *data;         /* all tensors, one after the other */
    size_t count;        /* floats in data */
    unsigned char *file; /* the finished file */
    size_t file_size;
};

/* Uniform in [0, 1): 24 bits of the splitmix64 hash of `key`. */
static inline double random_uniform(uint64_t key)
{
    key += 0x9E3779B97F4A7C15u;
    key = (key ^ key >> 30) * 0xBF58476D1CE4E5B9u;
    key = (key ^ key >> 27) * 0x94D049BB133111EBu;
    key ^= key >> 31;
    return (double)(key >> 40) / 16777216.0;
}

/* FNV-1a */
static inline uint64_t random_key(const char *name)
{
    uint64_t key = 0xCBF29CE484222325u;
    for (; *name; name++)
        key = (key ^ (unsigned char)*name) * 0x100000001B3u;
    return key;
}

/* Number `i` of the stream `name`: mean 0, variance 1, within +-3.5 (the sum of four uniforms). */
static inline float random_number(const char *name, uint64_t i)
{
    double sum = -2;
    for (int k = 0; k < 4; k++)
        sum += random_uniform(random_key(name) + 4 * i + k);
    return (float)(sum * sqrt(3.0));
}

/* Adds a tensor: number * scale + offset. `shape` is its JSON text, "[4,1,2,2]". */
static inline void random_add(struct random_decoder *model, const char *name, const char *shape,
                              size_t count, double scale, double offset)
{
    char entry[512];
    int size = snprintf(
        entry, sizeof entry, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}",
        model->header_size ? "," : "{", name, shape, model->count * 4, (model->count + count) * 4);
    model->header = realloc(model->header, model->header_size + size + 16);
    memcpy(model->header + model->header_size, entry, size + 1);
    model->header_size += size;
    model->data = realloc(model->data, (model->count + count) * sizeof(float));
    for (size_t i = 0; i < count; i++)
        model->data[model->count + i] = (float)(random_number(name, i) * scale + offset);
    model->count += count;
}

/* PREFIX.weight [out][in] and PREFIX.bias [out]. */
static inline void random_linear(struct random_decoder *model, const char *prefix, int in, int out)
{
    char name[160];
    char shape[64];
    snprintf(name, sizeof name, "%s.weight", prefix);
    snprintf(shape, sizeof shape, "[%d,%d]", out, in);
    random_add(model, name, shape, (size_t)in * out, 1.5 / sqrt(in), 0);
    snprintf(name, sizeof name, "%s.bias", prefix);
    snprintf(shape, sizeof shape, "[%d]", out);
    random_add(model, name, shape, out, 0.3, 0);
}

static inline void random_norm(struct random_decoder *model, const char *prefix, int width)
{
    char name[160];
    char shape[64];
    snprintf(shape, sizeof shape, "[%d]", width);
    snprintf(name, sizeof name, "%s.weight", prefix);
    random_add(model, name, shape, width, 0.3, 1);
    snprintf(name, sizeof name, "%s.bias", prefix);
    random_add(model, name, shape, width, 0.3, 0);
}

/* A convolution [a][b][size][size] with `out` biases. */
static inline void random_convolution(struct random_decoder *model, const char *prefix, int a,
                                      int b, int size, int out)
{
    char name[160];
    char shape[64];
    snprintf(name, sizeof name, "%s.weight", prefix);
    snprintf(shape, sizeof shape, "[%d,%d,%d,%d]", a, b, size, size);
    random_add(model, name, shape, (size_t)a * b * size * size, 1.5 / sqrt(b * size * size), 0);
    snprintf(name, sizeof name, "%s.bias", prefix);
    snprintf(shape, sizeof shape, "[%d]", out);
    random_add(model, name, shape, out, 0.3, 0);
}

static inline void random_attention(struct random_decoder *model, const char *prefix, int c,
                                    int inner)
{
    static const char *const names[] = {"q_proj", "k_proj", "v_proj", "out_proj"};
    for (int i = 0; i < 4; i++) {
        char name[160];
        snprintf(name, sizeof name, "%s.%s", prefix, names[i]);
        random_linear(model, name, i == 3 ? inner : c, i == 3 ? c : inner);
    }
}

static inline void random_prompt_encoder(struct random_decoder *model, struct random_sizes sizes)
{
    static const char *const sam[] = {"point_embeddings.0", "point_embeddings.1",
                                      "point_embeddings.2", "point_embeddings.3",
                                      "not_a_point_embed",  "no_mask_embed"};
    static const char *const efficient[] = {"invalid_points", "point_embeddings",
                                            "bbox_top_left_embeddings",
                                            "bbox_bottom_right_embeddings"};
    const char *const *rows = sizes.family == RANDOM_EFFICIENT ? efficient : sam;
    int count = sizes.family == RANDOM_EFFICIENT ? 4 : 6, c = sizes.embed_dim;
    char name[160];
    char shape[64];
    snprintf(shape, sizeof shape, "[2,%d]", c / 2);
    random_add(model, "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", shape, c, 1,
               0);
    snprintf(shape, sizeof shape, "[1,%d]", c);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "prompt_encoder.%s.weight", rows[i]);
        random_add(model, name, shape, c, 1, 0);
    }
    if (sizes.family == RANDOM_EFFICIENT)
        return;
    random_convolution(model, "prompt_encoder.mask_downscaling.0", 4, 1, 2, 4);
    random_norm(model, "prompt_encoder.mask_downscaling.1", 4);
    random_convolution(model, "prompt_encoder.mask_downscaling.3", 16, 4, 2, 16);
    random_norm(model, "prompt_encoder.mask_downscaling.4", 16);
    random_convolution(model, "prompt_encoder.mask_downscaling.6", c, 16, 1, c);
    if (sizes.text_width)
        random_linear(model, "prompt_encoder.text_projection", sizes.text_width, c);
}

static inline void random_transformer(struct random_decoder *model, struct random_sizes sizes)
{
    const int c = sizes.embed_dim;
    static const char *const crosses[] = {"cross_attn_token_to_image", "cross_attn_image_to_token"};
    char name[160];
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "mask_decoder.transformer.layers.%d.self_attn", i);
        random_attention(model, name, c, c);
        for (int k = 0; k < 2; k++) {
            snprintf(name, sizeof name, "mask_decoder.transformer.layers.%d.%s", i, crosses[k]);
            random_attention(model, name, c, c / 2);
        }
        for (int k = 1; k <= 4; k++) {
            snprintf(name, sizeof name, "mask_decoder.transformer.layers.%d.norm%d", i, k);
            random_norm(model, name, c);
        }
        for (int k = 0; k < 2; k++) {
            snprintf(name, sizeof name, "mask_decoder.transformer.layers.%d.mlp.lin%d", i, k + 1);
            random_linear(model, name, k ? sizes.mlp_width : c, k ? c : sizes.mlp_width);
        }
    }
    random_attention(model, "mask_decoder.transformer.final_attn_token_to_image", c, c / 2);
    random_norm(model, "mask_decoder.transformer.norm_final_attn", c);
}

static inline void random_mlp(struct random_decoder *model, const char *prefix, int in, int hidden,
                              int out)
{
    for (int i = 0; i < 3; i++) {
        char name[160];
        snprintf(name, sizeof name, "%s.layers.%d", prefix, i);
        random_linear(model, name, i == 0 ? in : hidden, i == 2 ? out : hidden);
    }
}

/* What SAM 2 has beyond SAM. Its conv_s0 and conv_s1 are read by the image encoder. */
static inline void random_additions(struct random_decoder *model, int c)
{
    char shape[64];
    snprintf(shape, sizeof shape, "[1,%d]", c);
    random_add(model, "mask_decoder.obj_score_token.weight", shape, c, 1, 0);
    random_mlp(model, "mask_decoder.pred_obj_score_head", c, c, 1);
    random_convolution(model, "mask_decoder.conv_s0", c / 8, c, 1, c / 8);
    random_convolution(model, "mask_decoder.conv_s1", c / 4, c, 1, c / 4);
}

static inline void random_mask_decoder(struct random_decoder *model, struct random_sizes sizes)
{
    int c = sizes.embed_dim;
    char shape[64];
    snprintf(shape, sizeof shape, "[1,%d]", c);
    random_add(model, "mask_decoder.iou_token.weight", shape, c, 1, 0);
    snprintf(shape, sizeof shape, "[4,%d]", c);
    random_add(model, "mask_decoder.mask_tokens.weight", shape, 4 * c, 1, 0);
    random_transformer(model, sizes);
    random_convolution(model, "mask_decoder.output_upscaling.0", c, c / 4, 2, c / 4);
    random_norm(model, "mask_decoder.output_upscaling.1", c / 4);
    random_convolution(model, "mask_decoder.output_upscaling.3", c / 4, c / 8, 2, c / 8);
    for (int i = 0; i < 4; i++) {
        char name[160];
        snprintf(name, sizeof name, "mask_decoder.output_hypernetworks_mlps.%d", i);
        random_mlp(model, name, c, c, c / 8);
        size_t last = (size_t)c / 8 * (c + 1); /* its last layer */
        for (size_t k = 1; sizes.family == RANDOM_SAM2 && i == 0 && k <= last; k++)
            model->data[model->count - k] *= 5; /* so that mask 0 is stable for some prompts */
    }
    random_mlp(model, "mask_decoder.iou_prediction_head", c, sizes.iou_width, 4);
    if (sizes.family == RANDOM_SAM2)
        random_additions(model, c);
}

/* The finished file in the result's `file`; free with random_decoder_free. */
static inline struct random_decoder random_finish(struct random_decoder *model)
{
    strcpy(model->header + model->header_size, "}");
    uint64_t size = (model->header_size + 1 + 7) & ~(uint64_t)7;
    model->file_size = 8 + size + model->count * 4;
    model->file = malloc(model->file_size);
    memcpy(model->file, &size, 8);
    memset(model->file + 8, ' ', size);
    memcpy(model->file + 8, model->header, model->header_size + 1);
    memcpy(model->file + 8 + size, model->data, model->count * 4);
    free(model->header);
    free(model->data);
    return (struct random_decoder){.file = model->file, .file_size = model->file_size};
}

/* A prompt encoder and a mask decoder. */
static inline struct random_decoder random_decoder_new(struct random_sizes sizes)
{
    struct random_decoder model = {0};
    random_prompt_encoder(&model, sizes);
    random_mask_decoder(&model, sizes);
    return random_finish(&model);
}

static inline void random_decoder_free(struct random_decoder *model)
{
    free(model->file);
}

#endif
