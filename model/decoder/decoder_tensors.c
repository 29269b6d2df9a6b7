#include "model/decoder/decoder_tensors.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"

enum { NAME_SIZE = 128, EMBED_MAX = 4096, MLP_WIDTH_MAX = 1 << 16 };

static int load_attention(struct attention *attention, struct checkpoint *checkpoint,
                          const char *prefix, int outer, int inner, enum isa isa,
                          struct error *error)
{
    const struct {
        struct linear *linear;
        const char *name;
        int in, out;
    } parts[] = {
        {&attention->q, "q_proj", outer, inner},
        {&attention->k, "k_proj", outer, inner},
        {&attention->v, "v_proj", outer, inner},
        {&attention->out, "out_proj", inner, outer},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%s%s.", prefix, parts[i].name);
        if (linear_load(parts[i].linear, checkpoint, name, parts[i].in, parts[i].out, isa, error))
            return -1;
    }
    return 0;
}

static void free_attention(struct attention *attention)
{
    linear_free(&attention->q);
    linear_free(&attention->k);
    linear_free(&attention->v);
    linear_free(&attention->out);
}

static int load_layer(struct decoder_tensors *tensors, struct checkpoint *checkpoint, int index,
                      enum isa isa, struct error *error)
{
    struct decoder_layer *layer = &tensors->layers[index];
    int c = tensors->embed_dim;
    char name[NAME_SIZE];
    const struct {
        struct attention *attention;
        const char *name;
        int inner;
    } parts[] = {
        {&layer->self, "self_attn", c},
        {&layer->to_image, "cross_attn_token_to_image", tensors->inner},
        {&layer->to_tokens, "cross_attn_image_to_token", tensors->inner},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        snprintf(name, sizeof name, "mask_decoder.transformer.layers.%d.%s.", index, parts[i].name);
        if (load_attention(parts[i].attention, checkpoint, name, c, parts[i].inner, isa, error))
            return -1;
    }
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "mask_decoder.transformer.layers.%d.norm%d.", index, i + 1);
        if (norm_load(&layer->norm[i], checkpoint, name, c, error))
            return -1;
    }
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "mask_decoder.transformer.layers.%d.mlp.lin%d.", index, i + 1);
        if (linear_load(&layer->mlp[i], checkpoint, name, i ? tensors->mlp_width : c,
                        i ? c : tensors->mlp_width, isa, error))
            return -1;
    }
    return 0;
}

static int load_transformer(struct decoder_tensors *tensors, struct checkpoint *checkpoint,
                            enum isa isa, struct error *error)
{
    tensors->mlp_width =
        tensor_size(checkpoint, "mask_decoder.transformer.layers.0.mlp.lin1.weight", 2, 0,
                    MLP_WIDTH_MAX, error);
    if (tensors->mlp_width < 0)
        return -1;
    for (int i = 0; i < DECODER_LAYERS; i++)
        if (load_layer(tensors, checkpoint, i, isa, error))
            return -1;
    return load_attention(&tensors->final, checkpoint,
                          "mask_decoder.transformer.final_attn_token_to_image.", tensors->embed_dim,
                          tensors->inner, isa, error) ||
                   norm_load(&tensors->final_norm, checkpoint,
                             "mask_decoder.transformer.norm_final_attn.", tensors->embed_dim, error)
               ? -1
               : 0;
}

static int load_heads(struct decoder_tensors *tensors, struct checkpoint *checkpoint, enum isa isa,
                      struct error *error)
{
    int c = tensors->embed_dim;
    const struct checkpoint_want tokens[] = {
        {&tensors->iou_token, "iou_token.weight", shape_2d(1, c)},
        {&tensors->mask_tokens, "mask_tokens.weight", shape_2d(SAM_MASKS, c)},
    };
    if (checkpoint_tensors(checkpoint, "mask_decoder.", tokens, 2, error) ||
        convolution_transposed_load(&tensors->upscale[0], checkpoint,
                                    "mask_decoder.output_upscaling.0.", c, c / 4, error) ||
        norm_load(&tensors->upscale_norm, checkpoint, "mask_decoder.output_upscaling.1.", c / 4,
                  error) ||
        convolution_transposed_load(&tensors->upscale[1], checkpoint,
                                    "mask_decoder.output_upscaling.3.", c / 4, c / 8, error) ||
        mlp_load(&tensors->iou, checkpoint, "mask_decoder.iou_prediction_head.layers.", c,
                 SAM_MASKS, isa, error))
        return -1;
    for (int i = 0; i < SAM_MASKS; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "mask_decoder.output_hypernetworks_mlps.%d.layers.", i);
        if (mlp_load(&tensors->hyper[i], checkpoint, name, c, c / 8, isa, error))
            return -1;
    }
    return 0;
}

int decoder_tensors_load(struct decoder_tensors *tensors, struct checkpoint *checkpoint, int grid,
                         int image_size, enum isa isa, struct error *error)
{
    int c = tensor_size(checkpoint, "prompt_encoder.no_mask_embed.weight", 2, 1, EMBED_MAX, error);
    if (c < 0)
        return -1;
    if (c % 16)
        return error_set(error, ERROR_MODEL,
                         "tensor prompt_encoder.no_mask_embed.weight has %d channels, which is not "
                         "a multiple of 16",
                         c);
    tensors->isa = isa;
    tensors->embed_dim = c;
    tensors->inner = c / 2;
    tensors->grid = grid;
    tensors->positions = grid * grid;
    if (prompt_weights_load(&tensors->prompt, checkpoint, c, grid, image_size, error) ||
        load_transformer(tensors, checkpoint, isa, error) ||
        load_heads(tensors, checkpoint, isa, error))
        return -1;
    tensors->grid_encoding = memory_new((size_t)tensors->positions * c, sizeof(float),
                                        "positional encoding of the image", error);
    if (!tensors->grid_encoding)
        return -1;
    prompt_grid_encoding(&tensors->prompt, tensors->grid_encoding);
    return 0;
}

void decoder_tensors_free(struct decoder_tensors *tensors)
{
    for (int i = 0; i < DECODER_LAYERS; i++) {
        struct decoder_layer *layer = &tensors->layers[i];
        free_attention(&layer->self);
        free_attention(&layer->to_image);
        free_attention(&layer->to_tokens);
        linear_free(&layer->mlp[0]);
        linear_free(&layer->mlp[1]);
    }
    free_attention(&tensors->final);
    mlp_free(&tensors->iou);
    for (int i = 0; i < SAM_MASKS; i++)
        mlp_free(&tensors->hyper[i]);
    memory_free(tensors->grid_encoding);
}

void decoder_tokens(const struct decoder_tensors *tensors, const struct sam_prompts *prompts,
                    int prompt, float *tokens)
{
    size_t c = tensors->embed_dim;
    memcpy(tokens, tensors->iou_token, c * sizeof *tokens);
    memcpy(tokens + c, tensors->mask_tokens, SAM_MASKS * c * sizeof *tokens);
    prompt_tokens(&tensors->prompt, prompts, prompt, tokens + DECODER_OUTPUT * c);
}
