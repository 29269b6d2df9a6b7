/* folded_batch.h - the folded decoder's state in one thread, and what its two flows have in common:
 * the flow up to the predicted IoU (folded.c) and the one up to the logits (folded_logits.c). */
#ifndef MODEL_FOLDED_FOLDED_BATCH_H
#define MODEL_FOLDED_FOLDED_BATCH_H

#include "base/memory.h"
#include "model/folded/folded.h"
#include "model/folded/folded_mask.h"
#include "model/folded/folded_prompt.h"
#include "model/folded/folded_tokens.h"

/* M masks, and SAM-HQ's, which counts as mask number M. */
enum { FOLDED_HYPERS = SAM_MASKS + 1 };

enum { FOLDED_PIXELS_STRIP = SAM_MASKS * 16 * FOLDED_STRIP };

struct folded_decoder {
    struct arena arena; /* owns all arrays below but those of `prompts` */
    struct arena room;  /* owns those, which are laid out anew for each batch */
    int room_for;       /* how many prompts of the batch have room at a time */
    const struct decoder_tensors *tensors;
    const struct folded_weights *weights;
    const struct hq_scratch *hq; /* NULL unless the model is a SAM-HQ */
    const struct folded_kernels *kernels;
    folded_upscale_kernel *upscale;
    struct folded_tokens tokens;
    struct folded_prompt_scratch scratch;
    struct folded_prompt prompts[SAM_BATCH]; /* those held */
    bool has_masks;                          /* whether the prompts of the batch have masks */
    float *masks;                            /* [SAM_BATCH]: folded_mask_channels of the batch */
    float *mask_tables;                      /* of folded_mask_chunk */
    float *scores;                           /* of struct folded_chunk */
    float *probs;                            /* of struct folded_chunk */
    float *hidden;                           /* scratch of the small MLPs, for SAM_BATCH rows */
    float *rows;                             /* [SAM_BATCH][C]: finished output tokens */
    float *iou;                     /* [SAM_BATCH][M]: of prompts decoded again for their logits */
    unsigned char ready[SAM_BATCH]; /* bit m: hyper of mask m is computed */
    float *hyper; /* [SAM_BATCH][FOLDED_HYPERS][C/8]: weights of each mask over upscaled channels */
    float *chosen;            /* [M][C/8]: hyper of the masks being upscaled */
    float *upscale_weight[2]; /* [J][C], or [J / 2][C] pairs */
    float *upscale_bias[2];   /* [C] */
    float *upscale_scratch;   /* [C/4][STRIP] */
    float mean, scale;        /* of EfficientSAM's norm over the whole image; otherwise 0 */
    float *sums;              /* [CHUNK][2][STRIP], for that */
    float *pixels;            /* [CHUNK][M][4][4][STRIP] */
    float *upscaled;          /* [CHUNK][4][C/8][4][STRIP], of a SAM-HQ */
};

/* Takes a batch of prompts, of which none is held yet, and makes room for them. A prompt of many
 * tokens takes much room, so the prompts of a large batch of them take turns. */
void folded_begin(struct folded_decoder *folded, const struct sam_prompts *prompts);

/* The place in `prompts` of a prompt of the batch, which is decoded again if it is not held. */
int folded_hold(struct folded_decoder *folded, const float *tables, int prompt);

/* The chunk that begins at strip `first`. */
struct folded_chunk folded_chunk_at(const struct folded_decoder *folded, const float *tables,
                                    int first);

/* The same with the tables that a use needs of one prompt that is held. They hold good until the next
 * call. */
struct folded_chunk folded_chunk_of(const struct folded_decoder *folded,
                                    const struct folded_chunk *chunk, int prompt,
                                    enum folded_use use);

/* Rows of one prompt that is held, in an array [prompts][T][width]. */
static inline float *folded_prompt_rows(const struct folded_tokens *tokens, float *rows, int prompt,
                                        size_t width)
{
    return rows + (size_t)prompt * tokens->count * width;
}

/* Begins the last attention of output tokens which[0..count) of a prompt that is held;
 * folded_pass_last follows, for each chunk. */
void folded_last_begin(struct folded_decoder *folded, int prompt, const int *which, int count);

/* rows[count][C]: those tokens after the last attention and its norm. */
void folded_last_end(struct folded_decoder *folded, int prompt, const int *which, int count,
                     float *rows);

#endif
