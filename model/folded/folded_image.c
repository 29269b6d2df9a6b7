#include "model/folded/folded_image.h"

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

/* Rows from `row` on. */
static struct decoder_rows rows_from(struct decoder_rows rows, size_t row)
{
    return (struct decoder_rows){rows.at + row * DECODER_TILE, rows.tile};
}

/* The d rows of head `head` of a table. */
static struct decoder_rows table_rows(const struct folded_chunk *chunk, enum decoder_table table,
                                      size_t head)
{
    return rows_from(chunk->tables, (table * FOLDED_HEADS + head) * chunk->d);
}

static struct decoder_rows pe_rows(const struct folded_chunk *chunk, size_t table, size_t head)
{
    return rows_from(chunk->pe, (table * FOLDED_HEADS + head) * chunk->d);
}

enum { STATE_TILE = STATE_ROWS * DECODER_TILE };

/* As folded_state, to be written. */
static float *state_at(const struct folded_chunk *chunk, const struct folded_prompt *prompt,
                       size_t row)
{
    return prompt->state + chunk->first * STATE_TILE + row * DECODER_TILE;
}

struct decoder_rows folded_state(const struct folded_chunk *chunk,
                                 const struct folded_prompt *prompt, size_t row)
{
    return (struct decoder_rows){state_at(chunk, prompt, row), STATE_TILE};
}

/* The scores of one chunk, from row `row`. */
static struct decoder_rows score_rows(const struct folded_chunk *chunk, size_t row)
{
    return (struct decoder_rows){chunk->scores + row * DECODER_TILE, SCORES_TILE};
}

static const struct decoder_rows no_rows = {NULL, 0};

void folded_pass_first(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct decoder_kernels *kernels = chunk->kernels;
    size_t d = chunk->d;
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        struct decoder_softmax *softmax = &prompt->softmax[head];
        const struct decoder_scores scores = {
            .tiles = chunk->tiles,
            .d = d,
            .x = table_rows(chunk, TABLE_K0, head),
            .weight = prompt->queries + head * d * DECODER_COLUMNS,
            .out = chunk->scores,
            .out_tile = SCORES_TILE,
        };
        kernels->scores(&scores);
        kernels->softmax(FOLDED_TOKENS, chunk->tiles, chunk->valid, no_rows, chunk->scores,
                         SCORES_TILE, softmax);
        kernels->gather(FOLDED_TOKENS, d, chunk->tiles, score_rows(chunk, 0), 1,
                        table_rows(chunk, TABLE_V0, head), softmax->factor,
                        prompt->values + head * d * DECODER_COLUMNS);
    }
}

/* A squared length of one chunk into row `row` of the state. */
static void measure(const struct folded_chunk *chunk, struct folded_prompt *prompt,
                    const struct folded_length *small, enum decoder_table table,
                    struct decoder_rows squares, size_t row)
{
    float *out = state_at(chunk, prompt, row);
    for (size_t tile = 0; tile < chunk->tiles; tile++)
        for (size_t i = 0; i < DECODER_TILE; i++)
            out[tile * STATE_TILE + i] = squares.at[tile * squares.tile + i] + small->base;
    const struct decoder_length length = {
        .tiles = chunk->tiles,
        .d = chunk->d,
        .x = table_rows(chunk, table, 0),
        .weight = small->weight,
        .a = folded_state(chunk, prompt, STATE_A0),
        .gram = small->gram,
        .start = small->start,
        .out = out,
        .out_tile = STATE_TILE,
    };
    chunk->kernels->length(&length);
}

/* A0, r, and the squared length of P(g X1). */
static void first_shares(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        const struct decoder_scores scores = {
            .tiles = chunk->tiles,
            .d = chunk->d,
            .x = table_rows(chunk, TABLE_Q0, head),
            .weight = prompt->keys + head * chunk->d * DECODER_COLUMNS,
            .out = state_at(chunk, prompt, STATE_A0 + head * FOLDED_KEPT),
            .out_tile = STATE_TILE,
        };
        chunk->kernels->token_softmax(&scores);
    }
    measure(chunk, prompt, &prompt->length, TABLE_CE, rows_from(chunk->squares, 1), STATE_R);
    measure(chunk, prompt, &prompt->scaled_length, TABLE_X0, rows_from(chunk->squares, 2), STATE_Q);
    chunk->kernels->inverse_deviation(chunk->tiles, chunk->channels, layer_norm_eps,
                                      state_at(chunk, prompt, STATE_R), STATE_TILE);
}

void folded_pass_second(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct decoder_kernels *kernels = chunk->kernels;
    size_t d = chunk->d;
    const struct decoder_rows shares = folded_state(chunk, prompt, STATE_A0);
    const struct decoder_rows r = folded_state(chunk, prompt, STATE_R);
    first_shares(chunk, prompt);
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        struct decoder_softmax *softmax = &prompt->softmax[head];
        const size_t matrix = head * FOLDED_PAIRS * DECODER_COLUMNS;
        const struct decoder_scores scores = {
            .tiles = chunk->tiles,
            .d = d,
            .x = table_rows(chunk, TABLE_EK, head),
            .pe = pe_rows(chunk, 0, head),
            .weight = prompt->queries + head * d * DECODER_COLUMNS,
            .shares = shares,
            .shares_weight = prompt->scores_weight + matrix,
            .start = prompt->scores_start + head * DECODER_COLUMNS,
            .r = r,
            .out = chunk->scores,
            .out_tile = SCORES_TILE,
        };
        kernels->scores(&scores);
        kernels->softmax(FOLDED_TOKENS, chunk->tiles, chunk->valid, r, chunk->scores, SCORES_TILE,
                         softmax);
        kernels->gather(FOLDED_TOKENS, d, chunk->tiles, score_rows(chunk, 0), 1,
                        table_rows(chunk, TABLE_EV, head), softmax->factor,
                        prompt->values + head * d * DECODER_COLUMNS);
        kernels->gather(FOLDED_TOKENS, FOLDED_PAIRS, chunk->tiles, score_rows(chunk, 0), 1, shares,
                        softmax->factor, prompt->shares + matrix);
    }
}

/* A1 */
static void second_shares(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        const struct decoder_scores scores = {
            .tiles = chunk->tiles,
            .d = chunk->d,
            .x = table_rows(chunk, TABLE_EQ, head),
            .pe = pe_rows(chunk, 1, head),
            .weight = prompt->keys + head * chunk->d * DECODER_COLUMNS,
            .shares = folded_state(chunk, prompt, STATE_A0),
            .shares_weight = prompt->keys_weight + head * FOLDED_PAIRS * DECODER_COLUMNS,
            .start = prompt->keys_start + head * DECODER_COLUMNS,
            .r = folded_state(chunk, prompt, STATE_R),
            .out = state_at(chunk, prompt, STATE_A1 + head * FOLDED_KEPT),
            .out_tile = STATE_TILE,
        };
        chunk->kernels->token_softmax(&scores);
    }
}

void folded_pass_third(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct decoder_kernels *kernels = chunk->kernels;
    float *r2 = state_at(chunk, prompt, STATE_R2);
    const struct decoder_length_start start = {
        .tiles = chunk->tiles,
        .r = folded_state(chunk, prompt, STATE_R),
        .q = folded_state(chunk, prompt, STATE_Q),
        .x = chunk->squares,
        .a = folded_state(chunk, prompt, STATE_A0),
        .e = prompt->first_shift,
        .c = prompt->first_base,
        .constant = prompt->length.base,
        .out = r2,
        .out_tile = STATE_TILE,
    };
    const struct decoder_length length = {
        .tiles = chunk->tiles,
        .d = chunk->d,
        .x = table_rows(chunk, TABLE_X1, 0),
        .weight = prompt->length.weight,
        .a = folded_state(chunk, prompt, STATE_A1),
        .gram = prompt->length.gram,
        .start = prompt->length.start,
        .b = folded_state(chunk, prompt, STATE_A0),
        .cross = prompt->cross,
        .linear = prompt->linear,
        .r = folded_state(chunk, prompt, STATE_R),
        .out = r2,
        .out_tile = STATE_TILE,
    };
    second_shares(chunk, prompt);
    kernels->length_start(&start);
    kernels->length(&length);
    kernels->inverse_deviation(chunk->tiles, chunk->channels, layer_norm_eps, r2, STATE_TILE);
}

/* The weighted sums of one chunk; p of token t and head h is row 8 t + h of the scores. */
static void gather_last(const struct folded_chunk *chunk, struct folded_prompt *prompt, int tokens)
{
    const struct decoder_kernels *kernels = chunk->kernels;
    struct folded_last *last = &prompt->last;
    size_t d = chunk->d;
    const size_t matrix = FOLDED_PAIRS * DECODER_COLUMNS;
    for (int token = 0; token < tokens; token++) {
        struct decoder_softmax *softmax = &last->softmax[token];
        const struct decoder_rows p = score_rows(chunk, token * FOLDED_HEADS);
        float *scores = chunk->scores + token * FOLDED_HEADS * DECODER_TILE;
        kernels->softmax(FOLDED_HEADS, chunk->tiles, chunk->valid,
                         folded_state(chunk, prompt, STATE_R2), scores, SCORES_TILE, softmax);
        kernels->gather(FOLDED_HEADS, FOLDED_PAIRS, chunk->tiles, p, 1,
                        folded_state(chunk, prompt, STATE_A1), softmax->factor,
                        last->shares1 + token * matrix);
        kernels->rescale(FOLDED_HEADS, chunk->tiles, folded_state(chunk, prompt, STATE_R), scores,
                         SCORES_TILE, softmax->factor, last->scaled[token]);
        kernels->gather(FOLDED_HEADS, FOLDED_PAIRS, chunk->tiles, p, 1,
                        folded_state(chunk, prompt, STATE_A0), softmax->factor,
                        last->shares0 + token * matrix);
    }
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        float factor[DECODER_COLUMNS] = {0};
        for (int token = 0; token < tokens; token++)
            factor[token] = last->softmax[token].factor[head];
        kernels->gather(tokens, d, chunk->tiles, score_rows(chunk, head), FOLDED_HEADS,
                        table_rows(chunk, TABLE_FV, head), factor,
                        last->values + head * d * DECODER_COLUMNS);
    }
}

void folded_pass_last(const struct folded_chunk *chunk, struct folded_prompt *prompt, int tokens)
{
    const struct folded_last *last = &prompt->last;
    const struct decoder_last_scores scores = {
        .tiles = chunk->tiles,
        .d = chunk->d,
        .tokens = tokens,
        .x = table_rows(chunk, TABLE_FK, 0),
        .pe = pe_rows(chunk, 2, 0),
        .weight = last->weight,
        .a0 = folded_state(chunk, prompt, STATE_A0),
        .a1 = folded_state(chunk, prompt, STATE_A1),
        .weight0 = last->weight0,
        .weight1 = last->weight1,
        .start0 = last->start0,
        .start1 = last->start1,
        .r = folded_state(chunk, prompt, STATE_R),
        .r2 = folded_state(chunk, prompt, STATE_R2),
        .out = chunk->scores,
        .out_tile = SCORES_TILE,
    };
    chunk->kernels->last_scores(&scores);
    gather_last(chunk, prompt, tokens);
}
