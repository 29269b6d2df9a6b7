/* neck.h - the neck of both image encoders, from packed products. */
#ifndef MODEL_NECK_H
#define MODEL_NECK_H

#include "base/memory.h"
#include "model/kernels/conv3.h"
#include "model/neck_weights.h"

struct neck {
    struct neck_weights weights; /* without the convolutions */
    struct matmul_packed conv1;  /* [in][C] */
    struct conv3 conv2;
};

/* Packs what neck_read has read and gives the convolutions back to the checkpoint. Returns 0, or -1
 * with ERROR_MEMORY; in either case neck_free is due. */
int neck_pack(struct neck *neck, struct neck_weights *weights, struct checkpoint *checkpoint,
              enum isa isa, struct error *error);
void neck_free(struct neck *neck);

struct neck_scratch {
    struct plane inner; /* G, C: between the convolutions */
    float *rows;        /* [N][C] */
};
void neck_layout(struct neck_scratch *scratch, const struct neck *neck, struct arena *arena);

/* x -> embedding[C][G][G]; row r of the grid is the G x in numbers at x + r * x_row. */
void neck_run(const struct neck *neck, const struct neck_scratch *scratch, const float *x,
              size_t x_row, int threads, float *embedding);

#endif
