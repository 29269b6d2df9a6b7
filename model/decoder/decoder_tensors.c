#include "model/decoder/decoder_tensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"

enum { NAME_SIZE = 128, EMBED_MAX = 4096, EFFICIENT_POINTS = 6 };

static const char name_of_weights[] = "weights of the mask decoder";

static int load_attention(struct attention *attention, const struct layer_source *from,
                          const char *prefix, int outer, int inner)
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
        if (linear_load(parts[i].linear, from, name, parts[i].in, parts[i].out))
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

static int load_layer(struct decoder_tensors *tensors, const struct layer_source *from, int index)
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
        if (load_attention(parts[i].attention, from, name, c, parts[i].inner))
            return -1;
    }
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "mask_decoder.transformer.layers.%d.norm%d.", index, i + 1);
        if (norm_load(&layer->norm[i], from, name, c))
            return -1;
    }
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "mask_decoder.transformer.layers.%d.mlp.lin%d.", index, i + 1);
        if (linear_load(&layer->mlp[i], from, name, i ? tensors->mlp_width : c,
                        i ? c : tensors->mlp_width))
            return -1;
    }
    return 0;
}

static int load_transformer(struct decoder_tensors *tensors, const struct layer_source *from)
{
    int c = tensors->embed_dim;
    struct shape hidden;
    if (known_shape(from->checkpoint, "mask_decoder.transformer.layers.0.mlp.lin1.weight", 2,
                    &hidden, from->error))
        return -1;
    tensors->mlp_width = (int)hidden.size[0];
    for (int i = 0; i < DECODER_LAYERS; i++)
        if (load_layer(tensors, from, i))
            return -1;
    if (load_attention(&tensors->final, from, "mask_decoder.transformer.final_attn_token_to_image.",
                       c, tensors->inner))
        return -1;
    return norm_load(&tensors->final_norm, from, "mask_decoder.transformer.norm_final_attn.", c);
}

static int load_upscaling(struct decoder_tensors *tensors, const struct layer_source *from)
{
    int c = tensors->embed_dim;
    if (convolution_transposed_load(&tensors->upscale[0], from, "mask_decoder.output_upscaling.0.",
                                    c, c / 4) ||
        norm_load(&tensors->upscale_norm, from, "mask_decoder.output_upscaling.1.", c / 4))
        return -1;
    return convolution_transposed_load(&tensors->upscale[1], from,
                                       "mask_decoder.output_upscaling.3.", c / 4, c / 8);
}

/* What SAM 2 has beyond SAM: a token for the object score, and features of higher resolution that
 * join the upscaling; all have both. The score itself changes neither masks nor scores, so its head is
 * not read. */
static int load_additions(struct decoder_tensors *tensors, const struct layer_source *from)
{
    static const char object[] = "mask_decoder.obj_score_token.weight";
    tensors->has_high = checkpoint_shape(from->checkpoint, "mask_decoder.conv_s0.weight", NULL);
    if (!tensors->has_high && !checkpoint_shape(from->checkpoint, object, NULL))
        return 0;
    tensors->object_token =
        checkpoint_tensor(from->checkpoint, object, shape_2d(1, tensors->embed_dim), from->error);
    tensors->outputs++;
    tensors->iou_at = 1;
    tensors->prompt.pads_boxes = true;
    return tensors->object_token ? 0 : -1;
}

static int load_heads(struct decoder_tensors *tensors, const struct layer_source *from)
{
    int c = tensors->embed_dim;
    const struct checkpoint_want tokens[] = {
        {&tensors->iou_token, "iou_token.weight", shape_2d(1, c)},
        {&tensors->mask_tokens, "mask_tokens.weight", shape_2d(SAM_MASKS, c)},
    };
    tensors->iou.gelu = tensors->efficient;
    if (checkpoint_tensors(from->checkpoint, "mask_decoder.", tokens, 2, from->error) ||
        mlp_load(&tensors->iou, from, "mask_decoder.iou_prediction_head.layers.", c, SAM_MASKS))
        return -1;
    for (int i = 0; i < SAM_MASKS; i++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "mask_decoder.output_hypernetworks_mlps.%d.layers.", i);
        tensors->hyper[i].gelu = tensors->efficient;
        if (mlp_load(&tensors->hyper[i], from, name, c, c / 8))
            return -1;
    }
    return 0;
}

/* C, from the shape of a tensor that every model has. */
static int read_embed_dim(const struct checkpoint *checkpoint, int *embed_dim, struct error *error)
{
    static const char name[] = "mask_decoder.iou_token.weight";
    char own[CHECKPOINT_NAME_SIZE];
    struct shape shape;
    if (known_shape(checkpoint, name, 2, &shape, error))
        return -1;
    *embed_dim = (int)shape.size[1];
    if (*embed_dim % 16 || *embed_dim > EMBED_MAX)
        return error_set(error, ERROR_MODEL,
                         "tensor %s has %d channels, expected a multiple of 16 up to %d",
                         checkpoint_own_name(checkpoint, name, own), *embed_dim, EMBED_MAX);
    return 0;
}

int decoder_tensors_load(struct decoder_tensors *tensors, struct checkpoint *checkpoint,
                         const struct decoder_frame *frame, enum isa isa, struct error *error)
{
    const struct layer_source from = {checkpoint, isa, name_of_weights, error};
    if (read_embed_dim(checkpoint, &tensors->embed_dim, error))
        return -1;
    int c = tensors->embed_dim;
    tensors->isa = isa;
    tensors->efficient =
        checkpoint_shape(checkpoint, "prompt_encoder.bbox_top_left_embeddings.weight", NULL);
    tensors->inner = c / 2;
    tensors->outputs = 1 + SAM_MASKS;
    tensors->grid = frame->grid;
    tensors->positions = frame->grid * frame->grid;
    tensors->prompt = (struct prompt_weights){
        .embed_dim = c,
        .grid = frame->grid,
        .image_size = frame->prompt_size,
        .points_min = tensors->efficient ? EFFICIENT_POINTS : 0,
    };
    if (prompt_weights_load(&tensors->prompt, &from) || load_transformer(tensors, &from) ||
        load_additions(tensors, &from) || load_heads(tensors, &from) ||
        load_upscaling(tensors, &from))
        return -1;
    if ((tensors->object_token != NULL) + (frame->early_channels > 0) + tensors->efficient > 1)
        return error_set(error, ERROR_MODEL,
                         "the mask decoder is of more than one family: it has two of "
                         "mask_decoder.obj_score_token (SAM 2), mask_decoder.hf_token (SAM-HQ) and "
                         "prompt_encoder.bbox_top_left_embeddings (EfficientSAM)");
    tensors->outputs += frame->early_channels > 0;
    if (frame->early_channels > 0 &&
        hq_load(&tensors->hq, &from, c, frame->grid, frame->early_channels))
        return -1;
    tensors->grid_encoding = memory_new((size_t)tensors->positions * c, sizeof(float),
                                        "positional encoding of the image", error);
    if (!tensors->grid_encoding)
        return -1;
    prompt_grid_encoding(&tensors->prompt, tensors->grid_encoding);
    return 0;
}

int decoder_tensors_pack_mlps(struct decoder_tensors *tensors, struct error *error)
{
    for (int i = 0; i < DECODER_LAYERS; i++)
        for (int j = 0; j < 2; j++)
            if (linear_pack_half16(&tensors->layers[i].mlp[j], tensors->half16, name_of_weights,
                                   error))
                return -1;
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
    hq_free(&tensors->hq);
    memory_free(tensors->grid_encoding);
}

void decoder_tokens(const struct decoder_tensors *tensors, const struct sam_prompts *prompts,
                    int prompt, int padding, float *tokens)
{
    size_t c = tensors->embed_dim;
    float *iou = tokens + tensors->iou_at * c;
    if (tensors->object_token)
        memcpy(tokens, tensors->object_token, c * sizeof *tokens);
    memcpy(iou, tensors->iou_token, c * sizeof *tokens);
    memcpy(iou + c, tensors->mask_tokens, SAM_MASKS * c * sizeof *tokens);
    if (tensors->hq.early_channels)
        memcpy(iou + (1 + SAM_MASKS) * c, tensors->hq.token, c * sizeof *tokens);
    prompt_tokens(&tensors->prompt, prompts, prompt, padding, tokens + tensors->outputs * c);
}

void decoder_iou(const struct decoder_tensors *tensors, int rows, const float *x, float *scratch,
                 float *iou)
{
    mlp_apply(&tensors->iou, rows, x, tensors->embed_dim, scratch, iou);
    /* All of SAM 2's configurations have both the token and the sigmoid, and no tensor tells of the
     * latter. */
    for (int i = 0; decoder_is_sam2(tensors) && i < rows * SAM_MASKS; i++)
        iou[i] = 1 / (1 + expf(-iou[i]));
}
