/* decoder_tensors.h - the tensors of the mask decoder and the sizes that follow from them. */
#ifndef MODEL_DECODER_DECODER_TENSORS_H
#define MODEL_DECODER_DECODER_TENSORS_H

#include <stdbool.h>

#include "model/decoder/hq.h"
#include "model/decoder/layers.h"
#include "model/decoder/prompt_encoder.h"

struct half16_kernel;

enum {
    DECODER_LAYERS = 2,                  /* layers of the two-way transformer */
    DECODER_HEADS = 8,                   /* H, of every attention */
    DECODER_OUTPUTS_MAX = 2 + SAM_MASKS, /* tokens before those of the prompt, at most */
    DECODER_TOKENS_MAX = DECODER_OUTPUTS_MAX + PROMPT_TOKENS_MAX /* T at most */
};

/* q, k, v: C -> width; out: width -> C. The width is C in self-attention, and C/2 between image and
 * tokens. */
struct attention {
    struct linear q, k, v, out;
};

struct decoder_layer {
    struct attention self;
    struct attention to_image;  /* queries are the tokens, keys the image */
    struct attention to_tokens; /* queries are the image, keys the tokens */
    struct norm norm[4];        /* after self, to_image, mlp and to_tokens */
    struct linear mlp[2];
};

struct decoder_tensors {
    enum isa isa;                       /* of the packed weights */
    const struct half16_kernel *half16; /* of factors in 16 bits, in pairs; NULL: floats */
    struct prompt_weights prompt;
    int embed_dim;             /* C, a multiple of 16 */
    int inner;                 /* D = C/2 */
    int grid;                  /* G */
    int positions;             /* N */
    int mlp_width;             /* hidden channels of decoder_layer.mlp */
    int outputs;               /* tokens before those of the prompt: iou, M masks, any others */
    int iou_at;                /* the iou token's place among them; the masks' follow */
    bool efficient;            /* whether transformer and upscaling are EfficientSAM's */
    bool has_high;             /* whether high-resolution features go into the upscaling */
    const float *object_token; /* [C], or NULL: SAM 2's first token, for the object score */
    const float *iou_token;    /* [C] */
    const float *mask_tokens;  /* [M][C] */
    struct decoder_layer layers[DECODER_LAYERS];
    struct attention final; /* tokens are the queries */
    struct norm final_norm;
    struct convolution upscale[2]; /* transposed: C -> C/4 -> C/8 */
    struct norm upscale_norm;    /* C/4: LayerNorm2d; EfficientSAM's is a GroupNorm of one group */
    struct mlp hyper[SAM_MASKS]; /* C -> C/8 */
    struct mlp iou;              /* C -> M */
    struct hq_tensors hq;        /* SAM-HQ's; its token follows the masks' */
    float *grid_encoding;        /* owned: [N][C], the positional encoding of the image */
};

/* What an image encoder gave, as in struct encoding. */
struct decoder_input {
    const float *embedding; /* [C][G][G] */
    const float *high[2];   /* with has_high [4G][4G][C/8] and [2G][2G][C/4], otherwise NULL */
};

/* What the decoder must know of the encoder. */
struct decoder_frame {
    int grid;           /* G */
    int prompt_size;    /* the side of the square in whose pixels prompts are given */
    int early_channels; /* of SAM-HQ's early features; 0: the model is no SAM-HQ */
};

/* Reads prompt_encoder.* and mask_decoder.* into a zeroed struct. Returns 0, or -1 with
 * ERROR_MODEL or ERROR_MEMORY; decoder_tensors_free is due in both cases. */
int decoder_tensors_load(struct decoder_tensors *tensors, struct checkpoint *checkpoint,
                         const struct decoder_frame *frame, enum isa isa, struct error *error);
void decoder_tensors_free(struct decoder_tensors *tensors);

/* Packs the MLPs of the transformer's layers again, as elements of half16, which is set. Returns 0, or
 * -1 with ERROR_MEMORY. */
int decoder_tensors_pack_mlps(struct decoder_tensors *tensors, struct error *error);

/* Whether the model is of SAM 2's kind. All of its published configurations have the object score. */
static inline bool decoder_is_sam2(const struct decoder_tensors *tensors)
{
    return tensors->object_token != NULL;
}

/* T of every prompt of this batch. */
static inline int decoder_token_count(const struct decoder_tensors *tensors,
                                      const struct sam_prompts *prompts)
{
    return tensors->outputs + prompt_own_tokens(prompts) +
           prompt_padding(&tensors->prompt, prompts);
}

/* tokens[][C] of prompt number `prompt`: the learned output tokens, then the prompt's own and
 * `padding` tokens of padding. */
void decoder_tokens(const struct decoder_tensors *tensors, const struct sam_prompts *prompts,
                    int prompt, int padding, float *tokens);

/* iou[rows][M] of finished iou tokens x[rows][C]; `scratch` holds 2 * rows *
 * mlp_width(&tensors->iou) floats. SAM 2 squeezes them by a sigmoid. */
void decoder_iou(const struct decoder_tensors *tensors, int rows, const float *x, float *scratch,
                 float *iou);

#endif
