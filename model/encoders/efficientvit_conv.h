/* efficientvit_conv.h - reading EfficientViT's convolutions. */
#ifndef MODEL_ENCODERS_EFFICIENTVIT_CONV_H
#define MODEL_ENCODERS_EFFICIENTVIT_CONV_H

#include "model/decoder/layers.h"
#include "model/kernels/conv.h"

/* Reads the convolution PREFIX.conv, whose `in`, `kernel`, `stride` and `groups` are set; so is
 * `out`, unless the shape is to say it (0). PREFIX.conv.bias and PREFIX.norm, a BatchNorm, may be
 * there or not; both are folded in. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in either
 * case conv_free is due. */
int efficientvit_conv_read(struct conv *conv, const struct layer_source *from, const char *prefix);

/* The same of NAME.weight, with neither. */
int efficientvit_conv_read_bare(struct conv *conv, const struct layer_source *from,
                                const char *name);

#endif
