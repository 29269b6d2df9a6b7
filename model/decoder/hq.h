/* hq.h - what SAM-HQ adds to the mask decoder: a sixth output token with an MLP of its own, and
 * features for the mask that it gives. Source: segment_anything/modeling/mask_decoder_hq.py of
 * SAM-HQ. Letters as in sam.h, and U = C/8 channels of the upscaled embedding.
 *
 *   features = embedding_encoder(embedding) + compress_vit_feat(early)     once an image
 *   mask     = hyper . (embedding_maskfeature(upscaled) + features)        once a prompt
 *
 * Both terms of the features are two transposed convolutions with LayerNorm2d and GELU between
 * them. embedding_maskfeature is a 3x3 convolution, LayerNorm2d, GELU and another 3x3 convolution.
 * The last one is linear, so its product with the hyper weights is a convolution with one output:
 * C/4 * 9 multiply-adds a pixel instead of C/4 * 9 * U. */
#ifndef MODEL_DECODER_HQ_H
#define MODEL_DECODER_HQ_H

#include "base/memory.h"
#include "model/decoder/layers.h"
#include "model/kernels/conv3.h"
#include "model/kernels/plane.h"

/* Two transposed convolutions of 2x2 with stride 2, LayerNorm2d and GELU between them. */
struct hq_upscaling {
    int in, hidden;               /* channels; the result has U */
    struct matmul_packed conv[2]; /* owned: [in][4][hidden], [hidden][4][U]; the 4 are dy, dx */
    struct norm norm;             /* hidden */
};

struct hq_tensors {
    int early_channels;  /* 0: the model is no SAM-HQ, and nothing below is set */
    int embed_dim, grid; /* C, G */
    enum isa isa;
    const float *token;            /* [C] */
    struct mlp mlp;                /* C -> U */
    struct hq_upscaling early;     /* early_channels -> C -> U */
    struct hq_upscaling embedding; /* C -> C/4 -> U */
    struct conv3 mask_conv;        /* U -> C/4 */
    struct norm mask_norm;         /* C/4 */
    const float *last_weight;      /* [U][C/4][3][3] */
    const float *last_bias;        /* [U] */
};

/* Reads the tensors into a zeroed struct; `early_channels` is what the encoder gives, above 0.
 * Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; hq_free is due in both cases. */
int hq_load(struct hq_tensors *hq, const struct layer_source *from, int embed_dim, int grid,
            int early_channels);

/* A zeroed struct is allowed. */
void hq_free(struct hq_tensors *hq);

enum { HQ_THREADS = 8 }; /* that hq_features uses at most */

/* Floats of the scratch of hq_features. */
size_t hq_features_scratch(const struct hq_tensors *hq);

/* features[L][L][U] of embedding[C][G][G] and early[G][G][early_channels], with up to `threads`
 * threads. The bits do not depend on their number. */
void hq_features(const struct hq_tensors *hq, const float *embedding, const float *early,
                 int threads, float *scratch, float *features);

/* Scratch of one thread that makes masks. A decoder fills the first two. */
struct hq_scratch {
    float *upscaled; /* a plane of L x L positions and U channels; its frame stays zero */
    float *hyper;    /* [U]: the hyper weights of the HQ mask */
    float *mask;     /* [L][L], out: its logits */
    float *row;      /* [L][C/4] */
    float *taps;     /* [C/4][9] */
    float *products; /* [L][9] */
};

void hq_layout(struct hq_scratch *scratch, const struct hq_tensors *hq, struct arena *arena);

/* The plane in scratch->upscaled. plane_clear_frame is due once. */
struct plane hq_upscaled(const struct hq_tensors *hq, const struct hq_scratch *scratch);

/* scratch->mask from what a decoder has put into the scratch and from features of hq_features. */
void hq_mask(const struct hq_tensors *hq, const struct hq_scratch *scratch, const float *features);

#endif
