/* folded_batch.h - the folded decoder's scratch of one thread, and what its two halves share: the
 * half up to the predicted IoU (folded.c) and the half up to the logits
 * (folded_logits.c). */
#ifndef MODEL_FOLDED_FOLDED_BATCH_H
#define MODEL_FOLDED_FOLDED_BATCH_H

#include "model/folded/folded.h"
#include "model/folded/folded_prompt.h"
#include "model/folded/folded_tokens.h"

enum { PIXELS_TILE = SAM_MASKS * 16 * DECODER_TILE };

struct decoder_folded {
    void *block; /* owned: all arrays below */
    const struct decoder_tensors *tensors;
    const struct decoder_fold *fold;
    const struct decoder_kernels *kernels;
    decoder_upscale_kernel *upscale;
    struct folded_tokens tokens;
    struct folded_bench bench;
    struct folded_prompt prompts[SAM_BATCH];
    float *scores;                  /* of struct folded_chunk */
    float *hidden;                  /* scratch of the small MLPs, for SAM_BATCH rows */
    float *rows;                    /* [SAM_BATCH][C]: finished output tokens */
    unsigned char ready[SAM_BATCH]; /* bit m: hyper of mask m is there */
    float *hyper;                   /* [SAM_BATCH][M][C/8] */
    float *chosen;                  /* [M][C/8]: of the masks being upscaled */
    float *upscale_weight[2];       /* [48][C] */
    float *upscale_start[2];        /* [C] */
    float *upscale_scratch;         /* [C/4][TILE] */
    float *pixels;                  /* [CHUNK][M][4][4][TILE] */
};

/* The chunk that begins at tile `first`. */
struct folded_chunk batch_chunk(const struct decoder_folded *folded, const float *tables,
                                int first);

/* Rows of one prompt in an array [prompts][7][width]. */
static inline float *batch_rows(float *rows, int prompt, size_t width)
{
    return rows + (size_t)prompt * FOLDED_TOKENS * width;
}

/* Begins the last attention of output tokens which[0..count) of one prompt. */
void batch_begin_last(struct decoder_folded *folded, int prompt, const int *which, int count);

/* rows[count][C]: those tokens after it, with the last norm. */
void batch_end_last(struct decoder_folded *folded, int prompt, const int *which, int count,
                    float *rows);

#endif
