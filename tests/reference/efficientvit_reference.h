/* efficientvit_reference.h - the reference of efficientvit.h: straight loops, step by step as the
 * official code has them. */
#ifndef TESTS_REFERENCE_EFFICIENTVIT_REFERENCE_H
#define TESTS_REFERENCE_EFFICIENTVIT_REFERENCE_H

#include "base/memory.h"
#include "model/encoders/efficientvit_weights.h"

/* Channel planes; each has room for the largest activation of any step. */
struct efficientvit_reference_scratch {
    float *x, *a, *b;
    float *inputs[EFFICIENTVIT_INPUTS]; /* of the neck, enlarged */
};

void efficientvit_reference_layout(struct efficientvit_reference_scratch *scratch,
                                   const struct efficientvit_weights *weights, struct arena *arena);

/* input[3][S][S] -> embedding[C][G][G]. */
void efficientvit_reference_run(const struct efficientvit_weights *weights,
                                const struct efficientvit_reference_scratch *scratch,
                                const float *input, float *embedding);

#endif
