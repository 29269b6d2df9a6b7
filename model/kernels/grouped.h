/* grouped.h - 1x1 convolutions in groups of channels: group g of the result depends on group g of
 * the input alone. */
#ifndef MODEL_KERNELS_GROUPED_H
#define MODEL_KERNELS_GROUPED_H

#include "model/kernels/conv.h"
#include "model/kernels/matmul.h"

struct grouped {
    size_t in, out, groups;
    struct matmul_packed *parts; /* [groups], each [in / groups][out / groups] */
};

/* Packs; conv->groups divides conv->in and conv->out. Returns 0, or -1 with ERROR_MEMORY; in either
 * case grouped_free is due. */
int grouped_pack(struct grouped *grouped, enum isa isa, const struct conv *conv,
                 struct error *error);
void grouped_free(struct grouped *grouped);

/* y[positions][out] = the convolution of x[positions][in]; rows lie x_row and y_row floats apart.
 */
void grouped_run(const struct grouped *grouped, size_t positions, const float *x, size_t x_row,
                 float *y, size_t y_row);

#endif
