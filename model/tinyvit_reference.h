/* tinyvit_reference.h - the TinyViT image encoder as straight loops, step by step as the reference has
 * it: the twin of tinyvit.h, for tests. */
#ifndef MODEL_TINYVIT_REFERENCE_H
#define MODEL_TINYVIT_REFERENCE_H

#include "base/memory.h"
#include "model/neck_reference.h"
#include "model/tinyvit_weights.h"

struct tinyvit_plain_scratch {
    float *x, *a, *b; /* the largest activation of any step: planes or tokens */
    float *window;    /* [window^2][D] one window's tokens, zeros where padded */
    float *qkv;       /* [window^2][3 D] */
    float *mixed;     /* [window^2][D] what attention makes of them */
    float *scores;    /* [window^2] of one query */
    struct neck_plain_scratch neck;
};

void tinyvit_plain_layout(struct tinyvit_plain_scratch *scratch,
                          const struct tinyvit_weights *weights, struct arena *arena);

/* input[3][S][S] -> embedding[C][G][G]. */
void tinyvit_plain_encode(const struct tinyvit_weights *weights,
                          const struct tinyvit_plain_scratch *scratch, const float *input,
                          float *embedding);

#endif
