/* depthwise.h - packing of depthwise convolutions for kernels_for(isa)->depthwise. */
#ifndef MODEL_KERNELS_DEPTHWISE_H
#define MODEL_KERNELS_DEPTHWISE_H

#include "model/kernels/conv.h"
#include "model/kernels/kernels.h"

struct error;

/* Packs a depthwise convolution: the weights are copied with channels last, the bias stays where it
 * is and must outlive *depthwise. The kernel's side is odd and at most DEPTHWISE_KERNEL_MAX.
 * Returns 0, or -1 with ERROR_MEMORY; in either case depthwise_free is due. */
int depthwise_pack(struct depthwise *depthwise, const struct conv *conv, struct error *error);
void depthwise_free(struct depthwise *depthwise);

#endif
