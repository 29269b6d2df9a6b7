#include "model/checkpoint/tensor_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/tensor_table.h"

/* A name of either side, or its beginning up to a dot: then the rest is the same on both sides.
 * '#' stands for a number, which is the same, too. If only the official side has one, the tensor
 * is a stack, and its slices along the first dimension are numbered. Of several rules that fit,
 * the first holds. */
struct rule {
    const char *own, *official;
};

struct rules {
    const struct rule *all;
    size_t count;
};

#define RULES(array)                                                                               \
    {                                                                                              \
        array, sizeof array / sizeof *array                                                        \
    }

enum { PARTS = 2 };

struct naming {
    const char *title;
    const char *encoder;       /* the tensor by which it is recognised, mostly of the encoder */
    struct rules parts[PARTS]; /* one after the other */
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

/* Prompt encoder and mask decoder of all models of transformers. Heads have three layers. The
 * matrix of the positional encoding is there under one of its two names or under both. */
static const struct rule transformers_decoder[] = {
    {"shared_image_embedding.positional_embedding",
     "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"},
    {"prompt_encoder.shared_embedding.positional_embedding",
     "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"},
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
    HEAD("mask_decoder.iou_prediction_head"),
    HEAD("mask_decoder.output_hypernetworks_mlps.#"),
};

/* SamModel and SamHQModel of transformers; its convert_sam_to_hf.py has the same pairs. */
static const struct rule transformers_sam[] = {
    {"vision_encoder.pos_embed", "image_encoder.pos_embed"},
    {"vision_encoder.patch_embed.projection.", "image_encoder.patch_embed.proj."},
    {"vision_encoder.layers.#.layer_norm1.", "image_encoder.blocks.#.norm1."},
    {"vision_encoder.layers.#.layer_norm2.", "image_encoder.blocks.#.norm2."},
    {"vision_encoder.layers.#.", "image_encoder.blocks.#."},
    {"vision_encoder.neck.conv1.", "image_encoder.neck.0."},
    {"vision_encoder.neck.layer_norm1.", "image_encoder.neck.1."},
    {"vision_encoder.neck.conv2.", "image_encoder.neck.2."},
    {"vision_encoder.neck.layer_norm2.", "image_encoder.neck.3."},
    {"prompt_encoder.point_embed.#.", "prompt_encoder.point_embeddings.#."},
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
};

#define DECODER_OUT(attention)                                                                     \
    {                                                                                              \
        "mask_decoder.transformer." attention ".o_proj.",                                          \
            "mask_decoder.transformer." attention ".out_proj."                                     \
    }

/* Sam2Model, EdgeTamModel and their models for videos. */
static const struct rule transformers_sam2[] = {
    {"vision_encoder.backbone.timm_model.", "image_encoder.trunk.body."}, /* EdgeTAM */
    {"vision_encoder.backbone.patch_embed.projection.", "image_encoder.trunk.patch_embed.proj."},
    {"vision_encoder.backbone.blocks.#.layer_norm1.", "image_encoder.trunk.blocks.#.norm1."},
    {"vision_encoder.backbone.blocks.#.layer_norm2.", "image_encoder.trunk.blocks.#.norm2."},
    {"vision_encoder.backbone.blocks.#.mlp.proj_in.", "image_encoder.trunk.blocks.#.mlp.layers.0."},
    {"vision_encoder.backbone.blocks.#.mlp.proj_out.",
     "image_encoder.trunk.blocks.#.mlp.layers.1."},
    {"vision_encoder.backbone.", "image_encoder.trunk."},
    {"vision_encoder.neck.convs.#.", "image_encoder.neck.convs.#.conv."},
    {"no_memory_embedding", "no_mem_embed"},
    {"occlusion_spatial_embedding_parameter", "no_obj_embed_spatial"},
    {"prompt_encoder.point_embed.weight", "prompt_encoder.point_embeddings.#.weight"},
    DECODER_OUT("layers.#.self_attn"),
    DECODER_OUT("layers.#.cross_attn_token_to_image"),
    DECODER_OUT("layers.#.cross_attn_image_to_token"),
    DECODER_OUT("final_attn_token_to_image"),
    {"mask_decoder.transformer.layers.#.mlp.proj_in.",
     "mask_decoder.transformer.layers.#.mlp.lin1."},
    {"mask_decoder.transformer.layers.#.mlp.proj_out.",
     "mask_decoder.transformer.layers.#.mlp.lin2."},
    HEAD("mask_decoder.pred_obj_score_head"),
};

/* SAM 2's own names and EdgeTAM's, where they differ from those of SAM. */
static const struct rule official_sam2[] = {
    {"sam_mask_decoder.transformer.layers.#.mlp.layers.0.",
     "mask_decoder.transformer.layers.#.mlp.lin1."},
    {"sam_mask_decoder.transformer.layers.#.mlp.layers.1.",
     "mask_decoder.transformer.layers.#.mlp.lin2."},
    {"sam_mask_decoder.", "mask_decoder."},
    {"sam_prompt_encoder.", "prompt_encoder."},
};

/* The two hidden layers are numbered, and each is a module with an activation. */
#define EFFICIENTSAM_HEAD(head)                                                                    \
    {head ".layers.0.0.", head ".layers.0."}, {head ".layers.1.0.", head ".layers.1."},            \
    {                                                                                              \
        head ".fc.", head ".layers.2."                                                             \
    }

/* EfficientSAM's own names, where they differ from those of SAM. */
static const struct rule official_efficientsam[] = {
    {"image_encoder.blocks.#.mlp.fc1.", "image_encoder.blocks.#.mlp.lin1."},
    {"image_encoder.blocks.#.mlp.fc2.", "image_encoder.blocks.#.mlp.lin2."},
    {"mask_decoder.transformer.layers.#.mlp.layers.0.0.",
     "mask_decoder.transformer.layers.#.mlp.lin1."},
    {"mask_decoder.transformer.layers.#.mlp.fc.", "mask_decoder.transformer.layers.#.mlp.lin2."},
    {"mask_decoder.final_output_upscaling_layers.0.0.", "mask_decoder.output_upscaling.0."},
    {"mask_decoder.final_output_upscaling_layers.0.1.", "mask_decoder.output_upscaling.1."},
    {"mask_decoder.final_output_upscaling_layers.1.0.", "mask_decoder.output_upscaling.3."},
    EFFICIENTSAM_HEAD("mask_decoder.iou_prediction_head"),
    EFFICIENTSAM_HEAD("mask_decoder.output_hypernetworks_mlps.#"),
};

/* A block of CLIPModel; the queries, keys and values have layers of their own there. */
#define CLIP_BLOCK(own, official)                                                                  \
    {own ".layers.#.layer_norm1.", official ".resblocks.#.ln_1."},                                 \
        {own ".layers.#.layer_norm2.", official ".resblocks.#.ln_2."},                             \
        {own ".layers.#.self_attn.", official ".resblocks.#.attn."},                               \
        {own ".layers.#.mlp.fc1.", official ".resblocks.#.mlp.c_fc."},                             \
    {                                                                                              \
        own ".layers.#.mlp.fc2.", official ".resblocks.#.mlp.c_proj."                              \
    }

/* CLIPModel of transformers. Its projections are linear layers, and keep their names. */
static const struct rule transformers_clip[] = {
    {"vision_model.embeddings.class_embedding", "visual.class_embedding"},
    {"vision_model.embeddings.patch_embedding.", "visual.conv1."},
    {"vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"},
    {"vision_model.pre_layrnorm.", "visual.ln_pre."},
    {"vision_model.post_layernorm.", "visual.ln_post."},
    CLIP_BLOCK("vision_model.encoder", "visual.transformer"),
    {"text_model.embeddings.token_embedding.", "token_embedding."},
    {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
    {"text_model.final_layer_norm.", "ln_final."},
    CLIP_BLOCK("text_model.encoder", "transformer"),
};

static const struct naming namings[] = {
    {"transformers",
     "vision_encoder.pos_embed",
     {RULES(transformers_sam), RULES(transformers_decoder)}},
    {"transformers",
     "vision_encoder.backbone.pos_embed",
     {RULES(transformers_sam2), RULES(transformers_decoder)}},
    {"transformers",
     "vision_encoder.backbone.timm_model.stem.conv1.c.weight",
     {RULES(transformers_sam2), RULES(transformers_decoder)}},
    {"official", "image_encoder.trunk.pos_embed", {RULES(official_sam2)}},
    {"official", "image_encoder.trunk.body.stem.conv1.c.weight", {RULES(official_sam2)}},
    {"official", "prompt_encoder.bbox_top_left_embeddings.weight", {RULES(official_efficientsam)}},
    {"transformers", "vision_model.embeddings.patch_embedding.weight", {RULES(transformers_clip)}},
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

/* Whether a rule takes a tensor for a stack. */
static bool is_stack(const struct rule *rule)
{
    return strchr(rule->official, '#') && !strchr(rule->own, '#');
}

/* Gives the tensor another name; it keeps its own. */
static int rename_tensor(struct tensor *tensor, const char *text, struct error *error)
{
    char *name = strdup(text);
    if (!name)
        return error_set(error, ERROR_MEMORY, "no memory for the name of a tensor");
    tensor->own = tensor->name;
    tensor->name = name;
    return 0;
}

/* Appends slice `i` of the tensor `at`, which has the name `text`, whose own is "STACK[i]". */
static int add_slice(struct tensor_table *table, size_t at, size_t i, const char *text,
                     struct error *error)
{
    const struct tensor *stack = &table->tensors[at];
    size_t bytes = stack->extent / (size_t)stack->shape.size[0];
    struct shape shape = stack->shape;
    shape.size[0] = 1;
    struct tensor_entry entry = {.name = text,
                                 .name_length = strlen(text),
                                 .dtype = stack->dtype,
                                 .shape = &shape,
                                 .bytes = stack->bytes + i * bytes,
                                 .available = bytes};
    if (tensor_table_add(table, &entry, error))
        return -1;
    char *own;
    if (asprintf(&own, "%s[%zu]", table->tensors[at].name, i) < 0)
        return error_set(error, ERROR_MEMORY, "no memory for the name of a tensor");
    table->tensors[table->tensor_count - 1].own = own;
    return 0;
}

/* Cuts the tensor `at` into slices; the last one takes its place. One that cannot be cut stays. */
static int cut(struct tensor_table *table, size_t at, const struct rule *rule, struct error *error)
{
    enum { SLICES_MAX = 64 };
    const struct tensor *stack = &table->tensors[at];
    size_t count = (size_t)stack->shape.size[0];
    if (stack->shape.rank == 0 || !stack->contiguous || stack->count == 0 || count > SLICES_MAX)
        return 0;
    for (size_t i = 0; i < count; i++) {
        char number[16], text[2 * TENSOR_WHERE_SIZE];
        struct found found = {.number = number, .rest = ""};
        found.digits = snprintf(number, sizeof number, "%zu", i);
        fill(rule->official, &found, text, sizeof text);
        if (add_slice(table, at, i, text, error))
            return -1;
    }
    free(table->tensors[at].name);
    table->tensors[at] = table->tensors[--table->tensor_count];
    return 0;
}

/* The first rule that fits a name on its own or on the official side, or NULL. */
static const struct rule *find_rule(const struct naming *naming, const char *name, bool official,
                                    struct found *found)
{
    for (size_t part = 0; part < PARTS; part++)
        for (size_t i = 0; i < naming->parts[part].count; i++) {
            const struct rule *rule = &naming->parts[part].all[i];
            if (fits(official ? rule->official : rule->own, name, found))
                return rule;
        }
    return NULL;
}

static int translate(const struct naming *naming, struct tensor_table *table, size_t at,
                     struct error *error)
{
    struct found found;
    const struct rule *rule = find_rule(naming, table->tensors[at].name, false, &found);
    if (!rule)
        return 0;
    if (is_stack(rule))
        return cut(table, at, rule, error);
    char text[2 * TENSOR_WHERE_SIZE];
    fill(rule->official, &found, text, sizeof text);
    return rename_tensor(&table->tensors[at], text, error);
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
    size_t count = table->tensor_count; /* slices of a stack come after these */
    table->naming = naming->title;
    table->rules = naming;
    for (size_t i = 0; i < count; i++)
        if (translate(naming, table, i, error))
            return -1;
    return 0;
}

const char *tensor_names_own(const struct tensor_table *table, const char *official, char *text,
                             size_t size)
{
    struct found found;
    const struct rule *rule = table->rules ? find_rule(table->rules, official, true, &found) : NULL;
    if (!rule)
        return official;
    if (is_stack(rule))
        snprintf(text, size, "%s[%.*s]", rule->own, found.digits, found.number);
    else
        fill(rule->own, &found, text, size);
    return text;
}
