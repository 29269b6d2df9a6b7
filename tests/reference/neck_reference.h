/* neck_reference.h - the reference of neck.h: straight loops. */
#ifndef TESTS_REFERENCE_NECK_REFERENCE_H
#define TESTS_REFERENCE_NECK_REFERENCE_H

#include "base/memory.h"
#include "model/encoders/neck.h"

struct neck_reference_scratch {
    float *before; /* [in][N] */
    float *inner;  /* [C][N] */
};
void neck_reference_layout(struct neck_reference_scratch *scratch,
                           const struct neck_weights *weights, struct arena *arena);
/* x[N][in] -> embedding[C][G][G]. */
void neck_reference_run(const struct neck_weights *weights,
                        const struct neck_reference_scratch *scratch, const float *x,
                        float *embedding);

#endif
