/* vit_reference.h - SAM's ViT image encoder as straight loops, step by step as the reference has it
 * (padded windows projected too, every score stored): the twin of vit.h, for tests. */
#ifndef MODEL_VIT_REFERENCE_H
#define MODEL_VIT_REFERENCE_H

#include "base/memory.h"
#include "model/neck_reference.h"
#include "model/vit_weights.h"

struct vit_plain_scratch {
    float *x, *y;  /* [N][D] tokens, and their change */
    float *planes; /* [D][N] */
    float *window; /* [window_max^2][D] one window's tokens, zeros where padded */
    float *qkv;    /* [window_max^2][3 D] */
    float *mixed;  /* [window_max^2][D] what attention makes of them */
    float *scores; /* [window_max^2] of one query */
    float *hidden; /* [N][hidden] */
    struct neck_plain_scratch neck;
};

void vit_plain_layout(struct vit_plain_scratch *scratch, const struct vit_weights *weights,
                      struct arena *arena);

/* input[3][S][S] -> embedding[C][G][G]. */
void vit_plain_encode(const struct vit_weights *weights, const struct vit_plain_scratch *scratch,
                      const float *input, float *embedding);

#endif
