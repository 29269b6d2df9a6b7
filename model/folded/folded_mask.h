/* folded_mask.h - masks as prompts in the folded decoder. A mask changes the embedding of the image, in
 * each position by a linear map of the few channels that the prompt encoder makes of it. So the tables
 * of a prompt with a mask are the image's tables plus the product of a small matrix and these channels.
 * They are made chunk by chunk when a pass needs them. */
#ifndef MODEL_FOLDED_FOLDED_MASK_H
#define MODEL_FOLDED_FOLDED_MASK_H

#include "model/folded/folded_image.h"

/* What is done with a chunk, which decides the rows of tables that are needed. */
enum folded_use {
    FOLDED_USE_FIRST,
    FOLDED_USE_SECOND,
    FOLDED_USE_THIRD,
    FOLDED_USE_LAST,
    FOLDED_USE_UPSCALE
};

/* channels[strips][m][STRIP] of mask[L][L] (logits), m = weights->mask_rows: the prompt encoder's, and
 * a row of ones. */
void folded_mask_channels(const struct decoder_tensors *tensors,
                          const struct folded_weights *weights, const float *mask, float *channels);

/* Rows of a strip of a prompt with a mask: linear_rows, two squared lengths, and the tables as elements. */
static inline size_t folded_mask_table_rows(const struct folded_weights *weights)
{
    return (size_t)weights->linear_rows + 2 + (size_t)weights->element_rows;
}

/* The chunk with the tables of a prompt with a mask, as far as `use` needs them, from the channels of
 * all strips. They are written to `room`, [FOLDED_CHUNK][folded_mask_table_rows][STRIP]. */
struct folded_chunk folded_mask_chunk(const struct folded_weights *weights,
                                      const struct folded_chunk *chunk, enum folded_use use,
                                      const float *channels, float *room);

#endif
