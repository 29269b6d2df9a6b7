#include "model/folded/folded_floats_simd.h"

#include "model/folded/folded_attention_blocks_simd.h"

const struct folded_kernels ISA_NAME(folded_kernels) = {
    GROUP, NULL,        scores,  scores_softmax, token_softmax, length_init, length,
    rstd,  last_scores, softmax, rescale,        gather,        mask_rows,   gemm_n8,
};
