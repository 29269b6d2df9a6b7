/* tinyvit_reference.h - the reference of tinyvit.h: straight loops, step by step as the official
 * code has them. */
#ifndef TESTS_REFERENCE_TINYVIT_REFERENCE_H
#define TESTS_REFERENCE_TINYVIT_REFERENCE_H

#include "base/memory.h"
#include "model/encoders/tinyvit_weights.h"
#include "tests/reference/neck_reference.h"

struct tinyvit_reference_scratch {
    float *x, *a, *b; /* the largest activation of any step: planes or tokens */
    float *window;    /* [window^2][D] one window's tokens, zeros where padded */
    float *qkv;       /* [window^2][3 D] */
    float *mixed;     /* [window^2][D] what attention makes of them */
    float *scores;    /* [window^2] of one query */
    struct neck_reference_scratch neck;
};

void tinyvit_reference_layout(struct tinyvit_reference_scratch *scratch,
                              const struct tinyvit_weights *weights, struct arena *arena);

/* input[3][S][S] -> embedding[C][G][G]. */
void tinyvit_reference_run(const struct tinyvit_weights *weights,
                           const struct tinyvit_reference_scratch *scratch, const float *input,
                           float *embedding);

#endif
