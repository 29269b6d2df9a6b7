/* folded_tokens.h - the token side of the folded decoder, for all prompts at once that are held: a
 * batch, or as many of its prompts as have room. Each has T rows. */
#ifndef MODEL_FOLDED_FOLDED_TOKENS_H
#define MODEL_FOLDED_FOLDED_TOKENS_H

#include "model/decoder/decoder_tensors.h"
#include "model/folded/folded_kernel.h"

struct arena;

enum { FOLDED_ROWS = SAM_BATCH * FOLDED_TOKENS_MAX };
_Static_assert((int)FOLDED_TOKENS_MAX == (int)DECODER_TOKENS_MAX, "every prompt has room");
_Static_assert((int)FOLDED_HEADS == (int)DECODER_HEADS, "every attention has as many heads");

struct folded_tokens {
    int batch;           /* prompts of the batch */
    int first, prompts;  /* the first that is held, and how many are */
    int count;           /* T */
    int last_count;      /* how many equal tokens the last of a prompt stands for */
    float *all;          /* [batch * T][C], from the prompt encoder */
    const float *tokens; /* [rows][C]: of those held */
    float *queries;      /* [rows][C] */
    float *queries_pe;   /* [rows][C]: queries + tokens */
    float *update;       /* [rows][C] */
    float *q, *k, *v;    /* [rows][C], projections */
    float *mix;          /* [rows][C], weighted sums before an output projection */
    float *hidden;       /* [rows][mlp_width] */
    float *keys;         /* [C/8][8], one head's keys, transposed */
};

/* T of a batch: padding counts once at most, since its tokens are equal. */
int folded_token_count(const struct decoder_tensors *tensors, const struct sam_prompts *prompts);

/* Takes the arrays from `arena`. */
void folded_tokens_lay_out(struct folded_tokens *tokens, const struct decoder_tensors *tensors,
                           struct arena *arena);

/* Takes a batch of prompts, of which none is held yet. */
void folded_tokens_begin(struct folded_tokens *tokens, const struct decoder_tensors *tensors,
                         const struct sam_prompts *prompts);

/* Holds `prompts` prompts of the batch from `first` on: sets their tokens and queries. */
void folded_tokens_hold(struct folded_tokens *tokens, int embed_dim, int first, int prompts);

/* queries_pe = queries + tokens */
void folded_tokens_add_pe(struct folded_tokens *tokens, int embed_dim);

/* Self-attention of layer `index` with its residual (SAM's layer 0 has none) and norm. */
void folded_tokens_self(struct folded_tokens *tokens, const struct decoder_tensors *tensors,
                        int index);

/* queries = norm(queries + out(mix)) after a tokens-to-image attention whose weighted sums are in
 * mix[rows][D], then the MLP with its norm. */
void folded_tokens_finish(struct folded_tokens *tokens, const struct decoder_tensors *tensors,
                          int index);

#endif
