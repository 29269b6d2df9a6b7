/* conv3.h - 3x3 convolutions over a plane, as one product for each of the three rows of the kernel.
 */
#ifndef MODEL_KERNELS_CONV3_H
#define MODEL_KERNELS_CONV3_H

#include "model/kernels/matmul.h"
#include "model/kernels/plane.h"

struct conv3 {
    size_t in, out, stride;
    struct matmul_packed rows[3]; /* [3 columns, in][out] for each row of the kernel */
};

struct conv3_weights {
    size_t in, out, stride;
    const float *weight; /* [out][in][3][3] */
    const float *bias;   /* [out], or NULL: zeros */
};

/* Packs. Returns 0, or -1 with ERROR_MEMORY; in either case conv3_free is due. */
int conv3_pack(struct conv3 *conv, enum isa isa, const struct conv3_weights *weights,
               struct error *error);
void conv3_free(struct conv3 *conv);

/* y[from->side / stride][out] = row `row` of the result. `from` has `in` channels. */
void conv3_row(const struct conv3 *conv, const struct plane *from, size_t row, float *y);

#endif
