/* hiera_reference.h - the reference of hiera.h: straight loops over grids in the order of their
 * rows, step by step as the official code has them. */
#ifndef TESTS_REFERENCE_HIERA_REFERENCE_H
#define TESTS_REFERENCE_HIERA_REFERENCE_H

#include "base/memory.h"
#include "model/encoders/encoding.h"
#include "model/encoders/hiera_weights.h"

struct hiera_reference_scratch {
    float *x, *y, *shortcut, *hidden;     /* tokens of a stage, each as large as any of them */
    float *window, *qkv, *mixed, *scores; /* of one window: [window^2][in], [3 out], [out], [1] */
    float *levels[HIERA_STAGES], *planes; /* laterals: [C][positions]; x as channel planes */
};

void hiera_reference_layout(struct hiera_reference_scratch *scratch,
                            const struct hiera_weights *weights, struct arena *arena);

/* input[3][S][S] -> embedding, high[0] and high[1]. */
void hiera_reference_run(const struct hiera_weights *weights,
                         const struct hiera_reference_scratch *scratch, const float *input,
                         const struct encoding *to);

#endif
