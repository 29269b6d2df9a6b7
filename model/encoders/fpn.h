/* fpn.h - the neck of SAM 2: four levels of features -> the embedding and the features for the
 * upscaling.
 *
 *   level 0, side 4G:  high[0] = conv_s0(lateral of level 0)        C/8 channels
 *   level 1, side 2G:  high[1] = conv_s1(lateral of level 1)        C/4 channels
 *   level 2, side G:   embedding = lateral of level 2 + lateral of level 3, each position of it
 *   level 3, side G/2:             four times + no_mem_embed
 *
 * A lateral is a 1x1 convolution to C channels. conv_s0 and conv_s1 are 1x1 convolutions of the
 * mask decoder; nothing stands between them and the lateral, so both are one matrix. An encoder
 * multiplies the positions of a level as soon as it has them. */
#ifndef MODEL_ENCODERS_FPN_H
#define MODEL_ENCODERS_FPN_H

#include "base/memory.h"
#include "model/kernels/matmul.h"

struct checkpoint;
struct error;

enum { FPN_LEVELS = 4 };

/* A 1x1 convolution. */
struct fpn_conv {
    size_t in, out;
    const float *weight, *bias; /* [out][in], [out] */
};

/* The tensors as read; they point into the checkpoint. */
struct fpn_weights {
    size_t grid, channels;                /* G, C */
    struct fpn_conv laterals[FPN_LEVELS]; /* by level: the widths of the trunk -> C */
    struct fpn_conv above[2];             /* conv_s0, conv_s1 */
    const float *no_memory;               /* [C] */
};

/* Reads image_encoder.neck.*, no_mem_embed, and conv_s0 and conv_s1 of mask_decoder. widths[level]
 * are the channels of the trunk; C comes from the first shape and must be a multiple of 8. Returns
 * 0, or -1 with ERROR_MODEL. */
int fpn_read(struct fpn_weights *weights, struct checkpoint *checkpoint, size_t grid,
             const size_t *widths, struct error *error);

struct fpn {
    struct fpn_weights weights; /* pointers to matrices are NULL */
    /* [width][C/8], [width][C/4], [width][C], [width][C]; the third has no_mem_embed in its bias */
    struct matmul_packed levels[FPN_LEVELS];
};

/* Folds and packs, and releases the memory of the tensors in the checkpoint. Returns 0, or -1 with
 * ERROR_MEMORY; in either case fpn_free is due. */
int fpn_pack(struct fpn *fpn, struct fpn_weights *weights, struct checkpoint *checkpoint,
             enum isa isa, struct error *error);
void fpn_free(struct fpn *fpn);

/* embedding[C][G][G] of middle[G][G][C] and low[G/2][G/2][C], the products of levels 2 and 3, with
 * up to `threads` threads. */
void fpn_join(const struct fpn *fpn, const float *middle, const float *low, int threads,
              float *embedding);

#endif
