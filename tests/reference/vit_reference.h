/* vit_reference.h - the reference of vit.h: straight loops, step by step as the official code has
 * them (padded windows are projected too, every score is stored). */
#ifndef TESTS_REFERENCE_VIT_REFERENCE_H
#define TESTS_REFERENCE_VIT_REFERENCE_H

#include "base/memory.h"
#include "model/encoders/vit_weights.h"
#include "tests/reference/neck_reference.h"

struct vit_reference_scratch {
    float *x, *y;  /* [N][D] tokens, and their change */
    float *planes; /* [D][N] */
    float *window; /* [window_max^2][D] one window's tokens, zeros where padded */
    float *qkv;    /* [window_max^2][3 D] */
    float *mixed;  /* [window_max^2][D] what attention makes of them */
    float *scores; /* [window_max^2] of one query */
    float *hidden; /* [N][hidden] */
    struct neck_reference_scratch neck;
};

void vit_reference_layout(struct vit_reference_scratch *scratch, const struct vit_weights *weights,
                          struct arena *arena);

/* input[3][S][S] -> embedding[C][G][G]. */
void vit_reference_run(const struct vit_weights *weights,
                       const struct vit_reference_scratch *scratch, const float *input,
                       float *embedding);

#endif
