/* clip_reference.h - CLIP's towers as straight loops, from a checkpoint with OpenAI's names. */
#ifndef TESTS_REFERENCE_CLIP_REFERENCE_H
#define TESTS_REFERENCE_CLIP_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

struct checkpoint;

/* Letters are those of model/clip. The MLP's hidden layer is 4 D wide. */
struct clip_reference_sizes {
    size_t embedding;   /* E */
    size_t patch, grid; /* P, G */
    size_t image_width, image_depth;
    size_t context, text_width, text_depth;
};

/* embedding[E] of input[3][G P][G P]. */
void clip_reference_image(struct checkpoint *checkpoint, const struct clip_reference_sizes *sizes,
                          const float *input, float *embedding);

/* embedding[E] of tokens[context], all of which are computed. */
void clip_reference_text(struct checkpoint *checkpoint, const struct clip_reference_sizes *sizes,
                         const int32_t *tokens, float *embedding);

#endif
