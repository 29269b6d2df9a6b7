/* The attentions with factors in bfloat16, sums in float. Empty unless compiled for AVX512-BF16. */
#include "model/folded/folded_kernel.h"

#if defined(__AVX512BF16__)

#include "model/folded/folded_bf16_simd.h"

#include "model/folded/folded_attention_blocks_simd.h"

static void pack(size_t rows, size_t strips, struct folded_rows from, float *across, float *along,
                 size_t step)
{
    for (size_t strip = 0; strip < strips; strip++)
        for (size_t row = 0; row < rows; row += GROUP) {
            vector x[GROUP][WIDE];
            for (size_t i = 0; i < GROUP; i++)
                block_load_row(rows_at(&from, strip, row + i, 0), x[i]);
            if (across)
                set_elements(across + strip * step + row / GROUP * ROW, x);
            for (size_t i = 0; along && i < GROUP; i++)
                set_along(along + strip * step + (row + i) * ALONG, x[i]);
        }
}

const struct folded_kernels ISA_NAME(folded_kernels_bf16) = {
    GROUP, pack,        scores,  scores_softmax, token_softmax, length_init, length,
    rstd,  last_scores, softmax, rescale,        gather,        mask_rows,   gemm_n8,
};

#endif
