#include "model/decoder_pass.h"

#include <string.h>

static const float layer_norm_eps = 1e-5f;

static void begin(struct decoder_softmax *softmax)
{
    memset(softmax, 0, sizeof *softmax);
    for (int i = 0; i < DECODER_COLUMNS; i++)
        softmax->max[i] = -1e30f;
}

static void clear(float *x, size_t count)
{
    memset(x, 0, count * sizeof *x);
}

void folded_begin(struct folded_prompt *prompt, size_t d)
{
    for (int head = 0; head < FOLDED_HEADS; head++)
        begin(&prompt->softmax[head]);
    clear(prompt->values, FOLDED_HEADS * d * DECODER_COLUMNS);
    clear(prompt->shares, FOLDED_HEADS * FOLDED_PAIRS * DECODER_COLUMNS);
}

void folded_begin_last(struct folded_last *last, size_t d)
{
    for (int token = 0; token < SAM_MASKS; token++)
        begin(&last->softmax[token]);
    memset(last->scaled, 0, sizeof last->scaled);
    clear(last->values, FOLDED_HEADS * d * DECODER_COLUMNS);
    clear(last->shares0, SAM_MASKS * FOLDED_PAIRS * DECODER_COLUMNS);
    clear(last->shares1, SAM_MASKS * FOLDED_PAIRS * DECODER_COLUMNS);
}

/* Rows of head `head` of a table. */
static const float *table_rows(const struct folded_chunk *chunk, enum decoder_table table,
                               size_t head)
{
    return chunk->tables + (table * FOLDED_HEADS + head) * chunk->d * DECODER_CHUNK;
}

static const float *pe_rows(const struct folded_chunk *chunk, size_t table, size_t head)
{
    return chunk->pe + (table * FOLDED_HEADS + head) * chunk->d * DECODER_CHUNK;
}

static float *state_row(const struct folded_chunk *chunk, const struct folded_prompt *prompt,
                        size_t row)
{
    return prompt->state + (chunk->index * (size_t)STATE_ROWS + row) * DECODER_CHUNK;
}

void folded_pass_first(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct decoder_kernels *kernels = chunk->kernels;
    size_t d = chunk->d;
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        struct decoder_softmax *softmax = &prompt->softmax[head];
        const struct decoder_scores scores = {
            .n = chunk->n,
            .d = d,
            .x = table_rows(chunk, TABLE_K0, head),
            .weight = prompt->queries + head * d * DECODER_COLUMNS,
        };
        kernels->scores(&scores, chunk->scores);
        kernels->softmax(FOLDED_TOKENS, chunk->n, chunk->valid, NULL, chunk->scores, softmax);
        kernels->gather(FOLDED_TOKENS, d, chunk->n, chunk->scores, DECODER_CHUNK,
                        table_rows(chunk, TABLE_V0, head), softmax->factor,
                        prompt->values + head * d * DECODER_COLUMNS);
    }
}

/* A0, and the squared lengths of X1 (which becomes r) and of P(g X1). */
static void first_shares(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct decoder_kernels *kernels = chunk->kernels;
    size_t d = chunk->d;
    float *shares = state_row(chunk, prompt, STATE_A0);
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        const struct decoder_scores scores = {
            .n = chunk->n,
            .d = d,
            .x = table_rows(chunk, TABLE_Q0, head),
            .weight = prompt->keys + head * d * DECODER_COLUMNS,
        };
        kernels->token_softmax(&scores, shares + head * FOLDED_KEPT * DECODER_CHUNK);
    }
    const struct {
        const struct folded_length *length;
        enum decoder_table table;
        float *out;
    } lengths[] = {
        {&prompt->length, TABLE_CE, state_row(chunk, prompt, STATE_R)},
        {&prompt->scaled_length, TABLE_X0, state_row(chunk, prompt, STATE_Q)},
    };
    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < chunk->n; j++)
            lengths[i].out[j] = chunk->squares[i * DECODER_CHUNK + j] + lengths[i].length->base;
        const struct decoder_length length = {
            .n = chunk->n,
            .d = d,
            .x = table_rows(chunk, lengths[i].table, 0),
            .weight = lengths[i].length->weight,
            .a = shares,
            .gram = lengths[i].length->gram,
            .start = lengths[i].length->start,
            .out = lengths[i].out,
        };
        kernels->length(&length);
    }
    kernels->inverse_deviation(chunk->n, chunk->channels, layer_norm_eps, lengths[0].out);
}

void folded_pass_second(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct decoder_kernels *kernels = chunk->kernels;
    size_t d = chunk->d;
    const float *shares = state_row(chunk, prompt, STATE_A0);
    const float *r = state_row(chunk, prompt, STATE_R);
    first_shares(chunk, prompt);
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        struct decoder_softmax *softmax = &prompt->softmax[head];
        const size_t matrix = head * FOLDED_PAIRS * DECODER_COLUMNS;
        const struct decoder_scores scores = {
            .n = chunk->n,
            .d = d,
            .x = table_rows(chunk, TABLE_EK, head),
            .pe = pe_rows(chunk, 0, head),
            .weight = prompt->queries + head * d * DECODER_COLUMNS,
            .shares = shares,
            .shares_weight = prompt->scores_weight + matrix,
            .start = prompt->scores_start + head * DECODER_COLUMNS,
            .r = r,
        };
        kernels->scores(&scores, chunk->scores);
        kernels->softmax(FOLDED_TOKENS, chunk->n, chunk->valid, r, chunk->scores, softmax);
        kernels->gather(FOLDED_TOKENS, d, chunk->n, chunk->scores, DECODER_CHUNK,
                        table_rows(chunk, TABLE_EV, head), softmax->factor,
                        prompt->values + head * d * DECODER_COLUMNS);
        kernels->gather(FOLDED_TOKENS, FOLDED_PAIRS, chunk->n, chunk->scores, DECODER_CHUNK, shares,
                        softmax->factor, prompt->shares + matrix);
    }
}

void folded_pass_third(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct decoder_kernels *kernels = chunk->kernels;
    size_t d = chunk->d;
    const float *first = state_row(chunk, prompt, STATE_A0);
    float *second = state_row(chunk, prompt, STATE_A1);
    const float *r = state_row(chunk, prompt, STATE_R);
    float *r2 = state_row(chunk, prompt, STATE_R2);
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        const struct decoder_scores scores = {
            .n = chunk->n,
            .d = d,
            .x = table_rows(chunk, TABLE_EQ, head),
            .pe = pe_rows(chunk, 1, head),
            .weight = prompt->keys + head * d * DECODER_COLUMNS,
            .shares = first,
            .shares_weight = prompt->keys_weight + head * FOLDED_PAIRS * DECODER_COLUMNS,
            .start = prompt->keys_start + head * DECODER_COLUMNS,
            .r = r,
        };
        kernels->token_softmax(&scores, second + head * FOLDED_KEPT * DECODER_CHUNK);
    }
    kernels->length_start(chunk->n, r, state_row(chunk, prompt, STATE_Q),
                          chunk->squares - DECODER_CHUNK, prompt->first_base, first,
                          prompt->first_shift, prompt->length.base, r2);
    const struct decoder_length length = {
        .n = chunk->n,
        .d = d,
        .x = table_rows(chunk, TABLE_X1, 0),
        .weight = prompt->length.weight,
        .a = second,
        .gram = prompt->length.gram,
        .start = prompt->length.start,
        .b = first,
        .cross = prompt->cross,
        .linear = prompt->linear,
        .r = r,
        .out = r2,
    };
    kernels->length(&length);
    kernels->inverse_deviation(chunk->n, chunk->channels, layer_norm_eps, r2);
}

/* The weighted sums of one chunk; p of token t and head h is row 8 t + h of chunk->scores. */
static void gather_last(const struct folded_chunk *chunk, struct folded_prompt *prompt, int tokens)
{
    const struct decoder_kernels *kernels = chunk->kernels;
    struct folded_last *last = &prompt->last;
    size_t d = chunk->d;
    const size_t matrix = FOLDED_PAIRS * DECODER_COLUMNS;
    for (int token = 0; token < tokens; token++) {
        struct decoder_softmax *softmax = &last->softmax[token];
        float *p = chunk->scores + token * FOLDED_HEADS * DECODER_CHUNK;
        kernels->softmax(FOLDED_HEADS, chunk->n, chunk->valid, state_row(chunk, prompt, STATE_R2),
                         p, softmax);
        kernels->gather(FOLDED_HEADS, FOLDED_PAIRS, chunk->n, p, DECODER_CHUNK,
                        state_row(chunk, prompt, STATE_A1), softmax->factor,
                        last->shares1 + token * matrix);
        kernels->rescale(FOLDED_HEADS, chunk->n, state_row(chunk, prompt, STATE_R), p,
                         softmax->factor, last->scaled[token]);
        kernels->gather(FOLDED_HEADS, FOLDED_PAIRS, chunk->n, p, DECODER_CHUNK,
                        state_row(chunk, prompt, STATE_A0), softmax->factor,
                        last->shares0 + token * matrix);
    }
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        float factor[DECODER_COLUMNS] = {0};
        for (int token = 0; token < tokens; token++)
            factor[token] = last->softmax[token].factor[head];
        kernels->gather(tokens, d, chunk->n, chunk->scores + head * DECODER_CHUNK,
                        FOLDED_HEADS * DECODER_CHUNK, table_rows(chunk, TABLE_FV, head), factor,
                        last->values + head * d * DECODER_COLUMNS);
    }
}

void folded_pass_last(const struct folded_chunk *chunk, struct folded_prompt *prompt, int tokens)
{
    const struct folded_last *last = &prompt->last;
    const struct decoder_last_scores scores = {
        .n = chunk->n,
        .d = chunk->d,
        .tokens = tokens,
        .x = table_rows(chunk, TABLE_FK, 0),
        .pe = pe_rows(chunk, 2, 0),
        .weight = last->weight,
        .a0 = state_row(chunk, prompt, STATE_A0),
        .a1 = state_row(chunk, prompt, STATE_A1),
        .weight0 = last->weight0,
        .weight1 = last->weight1,
        .start0 = last->start0,
        .start1 = last->start1,
        .r = state_row(chunk, prompt, STATE_R),
        .r2 = state_row(chunk, prompt, STATE_R2),
    };
    chunk->kernels->last_scores(&scores, chunk->scores);
    gather_last(chunk, prompt, tokens);
}
