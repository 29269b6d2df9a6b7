/* neck_reference.h - the neck as straight loops: the twin of neck.h, for tests. */
#ifndef MODEL_NECK_REFERENCE_H
#define MODEL_NECK_REFERENCE_H

#include "base/memory.h"
#include "model/neck_weights.h"

struct neck_plain_scratch {
    float *before; /* [in][N] */
    float *inner;  /* [C][N] */
};
void neck_plain_layout(struct neck_plain_scratch *scratch, const struct neck_weights *weights,
                       struct arena *arena);
/* x[N][in] -> embedding[C][G][G]. */
void neck_plain(const struct neck_weights *weights, const struct neck_plain_scratch *scratch,
                const float *x, float *embedding);

#endif
