/* neck.h - the neck of both image encoders, from packed products: the 1x1 convolution is one, the
 * 3x3 one is three, each with three neighbouring positions as one long row. */
#ifndef MODEL_NECK_H
#define MODEL_NECK_H

#include "base/memory.h"
#include "model/matmul.h"
#include "model/neck_weights.h"

struct neck {
    struct neck_weights weights;   /* without the convolutions */
    struct matmul_packed conv1;    /* [in][C] */
    struct matmul_packed conv2[3]; /* [3 columns, C][C] for each of 3 rows */
};

/* Packs what neck_read has read and gives the convolutions back to the checkpoint. Returns 0, or -1
 * with ERROR_MEMORY; in either case neck_free is due. */
int neck_pack(struct neck *neck, struct neck_weights *weights, struct checkpoint *checkpoint,
              enum isa isa, struct error *error);
void neck_free(struct neck *neck);

struct neck_scratch {
    float *framed; /* [G + 2][G + 2][C] between the convolutions; the frame stays zero */
    float *rows;   /* [N][C] */
};
void neck_layout(struct neck_scratch *scratch, const struct neck *neck, struct arena *arena);

/* x[N][in] -> embedding[C][G][G]. The scratch was zeroed when it was allocated. */
void neck_run(const struct neck *neck, const struct neck_scratch *scratch, const float *x,
              int threads, float *embedding);

#endif
