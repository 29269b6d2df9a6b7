/* prompt_encoder.h - the prompt encoder: points, boxes and masks -> tokens and a dense embedding.
 *
 * The positional encoding of a point is a vector of random Fourier features: sin and cos of
 * 2 pi (2 p - 1) @ gaussian, where p is the point's position as a fraction of the image. Pixels are
 * addressed by their centres, so 0.5 is added to coordinates. A learned vector for the kind of
 * point is added. Source of every formula: segment_anything/modeling/prompt_encoder.py;
 * of the padding of SAM 2's boxes: _predict in sam2/sam2_image_predictor.py, which makes two points
 * of a box; of EfficientSAM's: efficient_sam/efficient_sam_decoder.py and predict_masks in
 * efficient_sam.py. A text's token is the projection of its embedding (section D.5 of SAM's paper; no published model
 * has one). Nothing depends on the order of a prompt's tokens. */
#ifndef MODEL_DECODER_PROMPT_ENCODER_H
#define MODEL_DECODER_PROMPT_ENCODER_H

#include <stdbool.h>

#include "model/decoder/layers.h"
#include "model/decoder/prompts.h"

/* All points, a box's corners, a text, padding. */
enum { PROMPT_TOKENS_MAX = SAM_POINTS_MAX + 4, PROMPT_TEXT_MAX = 4096 /* E at most */ };

struct prompt_weights {
    int embed_dim;            /* C, a multiple of 2 */
    int grid;                 /* G */
    int image_size;           /* S */
    bool pads_boxes;          /* whether padding follows a box, too, as in SAM 2 */
    int points_min;           /* points and corners that prompts are padded to in EfficientSAM,
                                        6; in other models 0 */
    const float *gaussian;    /* [2][C/2]: a row for x, a row for y */
    const float *kinds[4];    /* [C]: background (EfficientSAM's is NULL: zeros), foreground,
                                        first and second box corner */
    const float *not_a_point; /* [C]: of padding. EfficientSAM adds it to a point's encoding */
    const float *no_mask;     /* [C]: the dense embedding where no mask is given. EfficientSAM's
                                        is NULL: zeros, and no mask can be given */
    struct convolution mask_conv[2]; /* 1 -> few -> more channels, L -> 2G -> G pixels a side */
    struct norm mask_norm[2];
    const float *mask_weight; /* [C][mask_conv[1].out] */
    const float *mask_bias;   /* [C] */
    int text_width;           /* E: numbers of a text's embedding; 0: no text can be given */
    const float *text_weight; /* [C][E] */
    const float *text_bias;   /* [C] */
};

/* Reads prompt_encoder.* into a struct whose sizes are set and whose tensors are not.
 * Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY. */
int prompt_weights_load(struct prompt_weights *weights, const struct layer_source *from);

/* Tokens of each prompt of this batch: first its own, a token for each point, two of a box and one of a text; then
 * padding. The tokens of padding are all equal. Together at most PROMPT_TOKENS_MAX. */
int prompt_own_tokens(const struct sam_prompts *prompts);

/* One if there are points but no box, or a box and pads_boxes; a text changes nothing; with points_min, what is
 * missing from that. */
int prompt_padding(const struct prompt_weights *weights, const struct sam_prompts *prompts);

/* tokens[prompt_own_tokens + padding][C] of prompt number `prompt`, with `padding` tokens of padding.
 */
void prompt_tokens(const struct prompt_weights *weights, const struct sam_prompts *prompts,
                   int prompt, int padding, float *tokens);

/* out[N][C]: the positional encoding of the centre of every grid cell. */
void prompt_grid_encoding(const struct prompt_weights *weights, float *out);

/* Channels of a mask before the last convolution, which is of 1x1; 0 where no mask can be given. */
static inline int prompt_mask_channels(const struct prompt_weights *weights)
{
    return weights->mask_conv[1].out;
}

enum { PROMPT_MASK_RUN = 32, PROMPT_MASK_CHANNELS_MAX = 64 };

/* out[count][prompt_mask_channels]: those of mask[L][L] (logits) at positions first .. first + count
 * - 1 of the grid, PROMPT_MASK_RUN at most. The bits of a position do not depend on the others. */
void prompt_mask_features(const struct prompt_weights *weights, enum isa isa, const float *mask,
                          int first, int count, float *out);

/* out[N][C]: the dense embedding of mask[L][L]. */
void prompt_mask(const struct prompt_weights *weights, enum isa isa, const float *mask, float *out);

#endif
