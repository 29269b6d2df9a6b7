#include "model/checkpoint/tensor_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/tensor_table.h"

/* A name of either side, or its beginning up to a dot: then the rest is the same on both sides. '#' stands
 * for a number, which is the same, too. Of several rules that fit, the first holds. */
struct rule {
    const char *own, *official;
};

struct naming {
    const char *title;
    const char *encoder; /* the tensor by which it is recognised */
    const struct rule *rules;
    size_t count;
};

#define HEAD(head)                                                                                 \
    {head ".proj_in.", head ".layers.0."}, {head ".layers.0.", head ".layers.1."},                 \
    {                                                                                              \
        head ".proj_out.", head ".layers.2."                                                       \
    }

#define DECODER_NORM(number)                                                                       \
    {                                                                                              \
        "mask_decoder.transformer.layers.#.layer_norm" number ".",                                 \
            "mask_decoder.transformer.layers.#.norm" number "."                                    \
    }

/* SamModel of transformers; its convert_sam_to_hf.py has the same pairs. Heads have three layers. The
 * matrix of the positional encoding is there under one of its two names or under both. */
static const struct rule transformers_rules[] = {
    {"vision_encoder.pos_embed", "image_encoder.pos_embed"},
    {"vision_encoder.patch_embed.projection.", "image_encoder.patch_embed.proj."},
    {"vision_encoder.layers.#.layer_norm1.", "image_encoder.blocks.#.norm1."},
    {"vision_encoder.layers.#.layer_norm2.", "image_encoder.blocks.#.norm2."},
    {"vision_encoder.layers.#.", "image_encoder.blocks.#."},
    {"vision_encoder.neck.conv1.", "image_encoder.neck.0."},
    {"vision_encoder.neck.layer_norm1.", "image_encoder.neck.1."},
    {"vision_encoder.neck.conv2.", "image_encoder.neck.2."},
    {"vision_encoder.neck.layer_norm2.", "image_encoder.neck.3."},
    {"shared_image_embedding.positional_embedding",
     "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"},
    {"prompt_encoder.shared_embedding.positional_embedding",
     "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"},
    {"prompt_encoder.point_embed.#.", "prompt_encoder.point_embeddings.#."},
    {"prompt_encoder.mask_embed.conv1.", "prompt_encoder.mask_downscaling.0."},
    {"prompt_encoder.mask_embed.layer_norm1.", "prompt_encoder.mask_downscaling.1."},
    {"prompt_encoder.mask_embed.conv2.", "prompt_encoder.mask_downscaling.3."},
    {"prompt_encoder.mask_embed.layer_norm2.", "prompt_encoder.mask_downscaling.4."},
    {"prompt_encoder.mask_embed.conv3.", "prompt_encoder.mask_downscaling.6."},
    DECODER_NORM("1"),
    DECODER_NORM("2"),
    DECODER_NORM("3"),
    DECODER_NORM("4"),
    {"mask_decoder.transformer.layer_norm_final_attn.",
     "mask_decoder.transformer.norm_final_attn."},
    {"mask_decoder.upscale_conv1.", "mask_decoder.output_upscaling.0."},
    {"mask_decoder.upscale_layer_norm.", "mask_decoder.output_upscaling.1."},
    {"mask_decoder.upscale_conv2.", "mask_decoder.output_upscaling.3."},
    /* SAM-HQ */
    {"mask_decoder.hq_token.", "mask_decoder.hf_token."},
    {"mask_decoder.hq_mask_mlp.proj_in.", "mask_decoder.hf_mlp.layers.0."},
    {"mask_decoder.hq_mask_mlp.layers.0.", "mask_decoder.hf_mlp.layers.1."},
    {"mask_decoder.hq_mask_mlp.proj_out.", "mask_decoder.hf_mlp.layers.2."},
    {"mask_decoder.compress_vit_conv1.", "mask_decoder.compress_vit_feat.0."},
    {"mask_decoder.compress_vit_norm.", "mask_decoder.compress_vit_feat.1."},
    {"mask_decoder.compress_vit_conv2.", "mask_decoder.compress_vit_feat.3."},
    {"mask_decoder.encoder_conv1.", "mask_decoder.embedding_encoder.0."},
    {"mask_decoder.encoder_norm.", "mask_decoder.embedding_encoder.1."},
    {"mask_decoder.encoder_conv2.", "mask_decoder.embedding_encoder.3."},
    {"mask_decoder.mask_conv1.", "mask_decoder.embedding_maskfeature.0."},
    {"mask_decoder.mask_norm.", "mask_decoder.embedding_maskfeature.1."},
    {"mask_decoder.mask_conv2.", "mask_decoder.embedding_maskfeature.3."},
    HEAD("mask_decoder.iou_prediction_head"),
    HEAD("mask_decoder.output_hypernetworks_mlps.#"),
};

static const struct naming namings[] = {
    {"transformers", "vision_encoder.pos_embed", transformers_rules,
     sizeof transformers_rules / sizeof *transformers_rules},
};

enum { NAMINGS = sizeof namings / sizeof *namings };

const char *tensor_names_encoder(size_t i)
{
    return i < NAMINGS ? namings[i].encoder : NULL;
}

/* What a rule leaves open. */
struct found {
    const char *number; /* [digits] for '#' */
    int digits;
    const char *rest; /* behind the pattern */
};

static bool fits(const char *pattern, const char *name, struct found *found)
{
    *found = (struct found){0};
    const char *last = pattern;
    for (; *pattern; pattern++) {
        last = pattern;
        if (*pattern == '#') {
            found->number = name;
            found->digits = (int)strspn(name, "0123456789");
            if (found->digits == 0)
                return false;
            name += found->digits;
        } else if (*name++ != *pattern) {
            return false;
        }
    }
    found->rest = name;
    return *name == '\0' || *last == '.';
}

/* Writes the pattern with what was found on the other side. Returns the length, as snprintf does. */
static int fill(const char *pattern, const struct found *found, char *text, size_t size)
{
    const char *mark = strchr(pattern, '#');
    int before = mark ? (int)(mark - pattern) : (int)strlen(pattern);
    return snprintf(text, size, "%.*s%.*s%s%s", before, pattern, mark ? found->digits : 0,
                    mark ? found->number : "", mark ? mark + 1 : "", found->rest);
}

static int translate(const struct naming *naming, struct tensor *tensor, struct error *error)
{
    struct found found;
    for (size_t i = 0; i < naming->count; i++) {
        if (!fits(naming->rules[i].own, tensor->name, &found))
            continue;
        char text[2 * TENSOR_WHERE_SIZE];
        fill(naming->rules[i].official, &found, text, sizeof text);
        char *name = strdup(text);
        if (!name)
            return error_set(error, ERROR_MEMORY, "no memory for the name of a tensor");
        tensor->own = tensor->name;
        tensor->name = name;
        return 0;
    }
    return 0;
}

static const struct naming *recognise(const struct tensor_table *table)
{
    for (size_t i = 0; i < NAMINGS; i++)
        for (size_t t = 0; t < table->tensor_count; t++)
            if (strcmp(table->tensors[t].name, namings[i].encoder) == 0)
                return &namings[i];
    return NULL;
}

int tensor_names_translate(struct tensor_table *table, struct error *error)
{
    const struct naming *naming = recognise(table);
    if (!naming)
        return 0;
    table->naming = naming->title;
    for (size_t i = 0; i < table->tensor_count; i++)
        if (translate(naming, &table->tensors[i], error))
            return -1;
    return 0;
}

const char *tensor_names_own(const struct tensor_table *table, const char *official, char *text,
                             size_t size)
{
    for (size_t n = 0; table->naming && n < NAMINGS; n++) {
        struct found found;
        if (strcmp(namings[n].title, table->naming) != 0)
            continue;
        for (size_t i = 0; i < namings[n].count; i++)
            if (fits(namings[n].rules[i].official, official, &found)) {
                fill(namings[n].rules[i].own, &found, text, size);
                return text;
            }
    }
    return official;
}
