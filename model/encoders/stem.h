/* stem.h - the first stage of TinyViT and RepViT: input[3][S][S] -> a plane of side S / 4.
 *
 *   3x3 convolution of stride 2, GELU, 3x3 convolution of stride 2 */
#ifndef MODEL_ENCODERS_STEM_H
#define MODEL_ENCODERS_STEM_H

#include "base/memory.h"
#include "model/kernels/conv.h"
#include "model/kernels/conv3.h"

struct stem {
    size_t image_size;          /* S */
    struct matmul_packed conv1; /* [3][3][3] x [middle] */
    struct conv3 conv2;
};

/* Packs, and frees the weights of both convolutions. Returns 0, or -1 with ERROR_MEMORY; in either
 * case stem_free is due. */
int stem_pack(struct stem *stem, struct conv *conv1, struct conv *conv2, enum isa isa,
              size_t image_size, struct error *error);
void stem_free(struct stem *stem);

struct stem_scratch {
    float *patches; /* [slots][S / 2][27] */
};
void stem_layout(struct stem_scratch *scratch, const struct stem *stem, size_t slots,
                 struct arena *arena);

/* input -> between (side S / 2, the channels of conv1) -> to (side S / 4, those of conv2). */
void stem_run(const struct stem *stem, const struct stem_scratch *scratch, const float *input,
              const struct plane *between, const struct plane *to, int threads);

#endif
