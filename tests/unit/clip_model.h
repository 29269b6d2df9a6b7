/* clip_model.h - a CLIP of any size as a file, under OpenAI's names or those of transformers. Its numbers follow
 * from names and places alone, so tests/parity/clip_dumps.py makes the same without reading a file. */
#ifndef TESTS_UNIT_CLIP_MODEL_H
#define TESTS_UNIT_CLIP_MODEL_H

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct clip_sizes {
    size_t embedding;
    size_t patch, grid, image_width, image_depth;
    size_t context, vocabulary, text_width, text_depth;
};

/* What clip_dumps.py has. */
static const struct clip_sizes clip_xs = {48, 8, 3, 64, 2, 12, 50, 128, 2};

enum clip_naming { CLIP_OPENAI, CLIP_TRANSFORMERS };

/* Which numbers a tensor holds: those of OpenAI's tensor `name` from `first` on, u * scale + offset, where u lies
 * in -1..1. */
struct clip_numbers {
    const char *name;
    size_t first;
    float scale, offset;
    bool transposed; /* a matrix is stored the other way round */
};

struct clip_file {
    FILE *header, *data;
    char *header_text, *data_bytes;
    size_t header_size, data_size, offset;
    enum clip_naming naming;
};

/* Number `i` of the tensor or input `name`, in -1..1. */
static inline float clip_number(const char *name, size_t i)
{
    uint32_t x = 2166136261u;
    for (; *name; name++)
        x = (x ^ (unsigned char)*name) * 16777619u;
    x += (uint32_t)i * 0x9e3779b9u;
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    x ^= x >> 16;
    return (float)(x >> 8) / (float)(1 << 23) - 1.0f;
}

/* A tensor of rows x columns (columns 0: one dimension, rows 0: none), reshaped to `shape` if it is not NULL. */
static inline void clip_add(struct clip_file *file, const char *name, size_t rows, size_t columns,
                            const char *shape, const struct clip_numbers *numbers)
{
    char text[64];
    size_t count = (rows ? rows : 1) * (columns ? columns : 1);
    snprintf(text, sizeof text, columns ? "%zu,%zu" : rows ? "%zu" : "", rows, columns);
    fprintf(file->header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
            file->offset ? "," : "{", name, shape ? shape : text, file->offset,
            file->offset + count * sizeof(float));
    file->offset += count * sizeof(float);
    for (size_t i = 0; i < count; i++) {
        size_t at = numbers->transposed && columns ? i % columns * rows + i / columns : i;
        float number = clip_number(numbers->name, numbers->first + at) * numbers->scale;
        number += numbers->offset;
        fwrite(&number, sizeof number, 1, file->data);
    }
}

/* A vector or matrix that both namings store alike; numbers->name is OpenAI's, `other` that of transformers. */
static inline void clip_add_plain(struct clip_file *file, const char *other, size_t rows,
                                  size_t columns, struct clip_numbers numbers)
{
    clip_add(file, file->naming == CLIP_OPENAI ? numbers.name : other, rows, columns, NULL,
             &numbers);
}

/* What a tensor holds that is neither cut nor transposed. */
static inline struct clip_numbers clip_plain(const char *name, float scale, float offset)
{
    return (struct clip_numbers){name, 0, scale, offset, false};
}

static inline float clip_spread(size_t in)
{
    return 1.7f / sqrtf((float)in);
}

/* NAMEweight and NAMEbias of a norm or of a linear layer. */
static inline void clip_add_layer(struct clip_file *file, const char *official, const char *other,
                                  size_t out, size_t in)
{
    char names[4][128];
    snprintf(names[0], sizeof names[0], "%sweight", official);
    snprintf(names[1], sizeof names[1], "%sweight", other);
    snprintf(names[2], sizeof names[2], "%sbias", official);
    snprintf(names[3], sizeof names[3], "%sbias", other);
    clip_add_plain(file, names[1], out, in,
                   clip_plain(names[0], in ? clip_spread(in) : 0.2f, in ? 0 : 1));
    clip_add_plain(file, names[3], out, 0, clip_plain(names[2], 0.1f, 0));
}

/* q, k and v of the block, joined or apart. */
static inline void clip_add_qkv(struct clip_file *file, const char *official, const char *other,
                                size_t width)
{
    char name[128], weight[128], bias[128];
    struct clip_numbers weights = {weight, 0, 2 * clip_spread(width), 0, false};
    struct clip_numbers biases = {bias, 0, 0.1f, 0, false};
    snprintf(weight, sizeof weight, "%sattn.in_proj_weight", official);
    snprintf(bias, sizeof bias, "%sattn.in_proj_bias", official);
    if (file->naming == CLIP_OPENAI) {
        clip_add(file, weight, 3 * width, width, NULL, &weights);
        clip_add(file, bias, 3 * width, 0, NULL, &biases);
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        weights.first = i * width * width;
        biases.first = i * width;
        snprintf(name, sizeof name, "%sself_attn.%c_proj.weight", other, "qkv"[i]);
        clip_add(file, name, width, width, NULL, &weights);
        snprintf(name, sizeof name, "%sself_attn.%c_proj.bias", other, "qkv"[i]);
        clip_add(file, name, width, 0, NULL, &biases);
    }
}

static inline void clip_add_blocks(struct clip_file *file, const char *official, const char *other,
                                   size_t width, size_t depth)
{
    static const char *const layers[][2] = {{"ln_1.", "layer_norm1."},
                                            {"ln_2.", "layer_norm2."},
                                            {"attn.out_proj.", "self_attn.out_proj."},
                                            {"mlp.c_fc.", "mlp.fc1."},
                                            {"mlp.c_proj.", "mlp.fc2."}};
    const size_t sizes[][2] = {
        {width, 0}, {width, 0}, {width, width}, {4 * width, width}, {width, 4 * width}};
    for (size_t b = 0; b < depth; b++) {
        char prefixes[2][64], names[2][128];
        snprintf(prefixes[0], sizeof prefixes[0], "%s%zu.", official, b);
        snprintf(prefixes[1], sizeof prefixes[1], "%s%zu.", other, b);
        clip_add_qkv(file, prefixes[0], prefixes[1], width);
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
            for (int n = 0; n < 2; n++)
                snprintf(names[n], sizeof names[n], "%s%s", prefixes[n], layers[i][n]);
            clip_add_layer(file, names[0], names[1], sizes[i][0], sizes[i][1]);
        }
    }
}

/* The projection of a tower; transformers stores it transposed. */
static inline void clip_add_projection(struct clip_file *file, const char *official,
                                       const char *other, size_t width, size_t embedding)
{
    bool transposed = file->naming == CLIP_TRANSFORMERS;
    const struct clip_numbers numbers = {official, 0, clip_spread(width), 0, transposed};
    if (transposed)
        clip_add(file, other, embedding, width, NULL, &numbers);
    else
        clip_add(file, official, width, embedding, NULL, &numbers);
}

static inline void clip_add_image(struct clip_file *file, const struct clip_sizes *s)
{
    size_t d = s->image_width, patch = 3 * s->patch * s->patch;
    char shape[64];
    const char *conv = file->naming == CLIP_OPENAI
                           ? "visual.conv1.weight"
                           : "vision_model.embeddings.patch_embedding.weight";
    const struct clip_numbers numbers = {"visual.conv1.weight", 0, clip_spread(patch), 0, false};
    snprintf(shape, sizeof shape, "%zu,3,%zu,%zu", d, s->patch, s->patch);
    clip_add(file, conv, d, patch, shape, &numbers);
    clip_add_plain(file, "vision_model.embeddings.class_embedding", d, 0,
                   clip_plain("visual.class_embedding", 0.5f, 0));
    clip_add_plain(file, "vision_model.embeddings.position_embedding.weight", s->grid * s->grid + 1,
                   d, clip_plain("visual.positional_embedding", 0.5f, 0));
    clip_add_layer(file, "visual.ln_pre.", "vision_model.pre_layrnorm.", d, 0);
    clip_add_layer(file, "visual.ln_post.", "vision_model.post_layernorm.", d, 0);
    clip_add_blocks(file, "visual.transformer.resblocks.", "vision_model.encoder.layers.", d,
                    s->image_depth);
    clip_add_projection(file, "visual.proj", "visual_projection.weight", d, s->embedding);
}

static inline void clip_add_text(struct clip_file *file, const struct clip_sizes *s)
{
    size_t d = s->text_width;
    clip_add_plain(file, "text_model.embeddings.token_embedding.weight", s->vocabulary, d,
                   clip_plain("token_embedding.weight", 0.8f, 0));
    clip_add_plain(file, "text_model.embeddings.position_embedding.weight", s->context, d,
                   clip_plain("positional_embedding", 0.5f, 0));
    clip_add_layer(file, "ln_final.", "text_model.final_layer_norm.", d, 0);
    clip_add_blocks(file, "transformer.resblocks.", "text_model.encoder.layers.", d, s->text_depth);
    clip_add_projection(file, "text_projection", "text_projection.weight", d, s->embedding);
    clip_add_plain(file, "logit_scale", 0, 0, clip_plain("logit_scale", 0, 3));
}

/* Begins a file: tensors follow, then clip_file_end. */
static inline void clip_file_begin(struct clip_file *file, enum clip_naming naming)
{
    *file = (struct clip_file){.naming = naming};
    file->header = open_memstream(&file->header_text, &file->header_size);
    file->data = open_memstream(&file->data_bytes, &file->data_size);
    ck_assert(file->header && file->data);
}

/* Writes the .safetensors file. */
static inline void clip_file_end(struct clip_file *file, const char *path)
{
    fputs("}", file->header);
    ck_assert(fclose(file->header) == 0 && fclose(file->data) == 0);
    FILE *to = fopen(path, "wb");
    ck_assert_ptr_nonnull(to);
    uint64_t length = file->header_size; /* little-endian, as the tests' machines are */
    fwrite(&length, sizeof length, 1, to);
    fwrite(file->header_text, 1, file->header_size, to);
    fwrite(file->data_bytes, 1, file->data_size, to);
    ck_assert_int_eq(fclose(to), 0);
    free(file->header_text);
    free(file->data_bytes);
}

/* Writes a whole model to `path`. */
static inline void clip_model_write(const char *path, const struct clip_sizes *sizes,
                                    enum clip_naming naming)
{
    struct clip_file file;
    clip_file_begin(&file, naming);
    clip_add_image(&file, sizes);
    clip_add_text(&file, sizes);
    clip_file_end(&file, path);
}

/* input[count] = numbers of the spread of normalised pixels. */
static inline void clip_fill_inputs(float *input, size_t count)
{
    for (size_t i = 0; i < count; i++)
        input[i] = 2 * clip_number("inputs", i);
}

#endif
