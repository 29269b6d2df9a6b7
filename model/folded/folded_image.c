#include "model/folded/folded_image.h"

#include <string.h>

static void begin(struct folded_softmax *softmax)
{
    memset(softmax, 0, sizeof *softmax);
    for (int i = 0; i < FOLDED_COLUMNS; i++)
        softmax->max[i] = -1e30f;
}

static void clear(float *x, size_t count)
{
    memset(x, 0, count * sizeof *x);
}

void folded_clear_sums(struct folded_prompt *prompt, size_t kept, size_t d)
{
    const size_t parts = FOLDED_HEADS * folded_groups(kept);
    for (size_t part = 0; part < parts; part++)
        begin(&prompt->softmax[part]);
    clear(prompt->values, parts * d * FOLDED_COLUMNS);
    clear(prompt->probs, parts * FOLDED_HEADS * kept * FOLDED_COLUMNS);
}

void folded_clear_last_sums(struct folded_last *last, size_t kept, size_t d)
{
    const size_t probs = SAM_MASKS * FOLDED_HEADS * kept * FOLDED_COLUMNS;
    for (int token = 0; token < SAM_MASKS; token++)
        begin(&last->softmax[token]);
    memset(last->scaled, 0, sizeof last->scaled);
    clear(last->values, FOLDED_HEADS * d * FOLDED_COLUMNS);
    clear(last->probs0, probs);
    clear(last->probs1, probs);
}

/* The d rows of head `head` of a table, as elements. */
static struct folded_rows table_rows(const struct folded_chunk *chunk, enum folded_table table,
                                     size_t head)
{
    const size_t row = (table * FOLDED_HEADS + head) * chunk->d;
    return folded_rows_from(chunk->elements, row / chunk->kernels->group);
}

static struct folded_rows pe_rows(const struct folded_chunk *chunk, size_t table, size_t head)
{
    return folded_rows_from(chunk->pe, (table * FOLDED_HEADS + head) * chunk->d);
}

/* Floats between strips of the state. */
static size_t state_strip(const struct folded_chunk *chunk)
{
    return folded_part_row(FOLDED_PARTS, chunk->pairs) * FOLDED_STRIP;
}

/* As folded_state, for writing. */
static float *state_at(const struct folded_chunk *chunk, const struct folded_prompt *prompt,
                       enum folded_part part)
{
    return prompt->state + chunk->first * state_strip(chunk) +
           folded_part_row(part, chunk->pairs) * FOLDED_STRIP;
}

struct folded_rows folded_state(const struct folded_chunk *chunk,
                                const struct folded_prompt *prompt, enum folded_part part)
{
    return (struct folded_rows){state_at(chunk, prompt, part), state_strip(chunk)};
}

/* The scores of one chunk, from row `row` on. */
static struct folded_rows score_rows(const struct folded_chunk *chunk, size_t row)
{
    return (struct folded_rows){chunk->scores + row * FOLDED_STRIP, FOLDED_SCORES_STRIP};
}

static const struct folded_rows no_rows = {NULL, 0};

/* A head and a group of tokens; `part` counts both. */
struct head_group {
    size_t head, group, part;
};

static struct head_group head_group(const struct folded_chunk *chunk, size_t part)
{
    return (struct head_group){part / chunk->groups, part % chunk->groups, part};
}

/* A small matrix of one head and group among those of `rows` rows. */
static size_t matrix_at(struct head_group place, size_t rows)
{
    return place.part * rows * FOLDED_COLUMNS;
}

/* The scores of all positions become softmax weights times `scale`, and what they sum of a table of
 * values is added to the prompt's. */
static void add_values(const struct folded_chunk *chunk, struct folded_prompt *prompt,
                       struct head_group place, enum folded_table table, struct folded_rows scale)
{
    const size_t columns = folded_group_columns(chunk->kept + 1, place.group);
    struct folded_softmax *softmax = &prompt->softmax[place.part];
    chunk->kernels->softmax(columns, chunk->strips, chunk->valid, scale, chunk->scores,
                            FOLDED_SCORES_STRIP, softmax);
    chunk->kernels->gather(columns, chunk->d, chunk->strips, score_rows(chunk, 0), 1,
                           table_rows(chunk, table, place.head), softmax->factor,
                           prompt->values + matrix_at(place, chunk->d));
}

void folded_pass_first(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    for (size_t part = 0; part < FOLDED_HEADS * chunk->groups; part++) {
        const struct head_group place = head_group(chunk, part);
        const struct folded_scores scores = {
            .columns = folded_group_columns(chunk->kept + 1, place.group),
            .strips = chunk->strips,
            .d = chunk->d,
            .x = table_rows(chunk, FOLDED_TABLE_K0, place.head),
            .weight = prompt->queries + matrix_at(place, chunk->d),
            .out = chunk->scores,
            .out_strip = FOLDED_SCORES_STRIP,
        };
        chunk->kernels->scores(&scores);
        add_values(chunk, prompt, place, FOLDED_TABLE_V0, no_rows);
    }
}

/* Where probabilities of a chunk go as floats: [J] rows of a strip. */
struct probs_place {
    float *at;
    size_t strip;
};

/* With floats, this is the state itself. */
static struct probs_place probs_place(const struct folded_chunk *chunk,
                                      struct folded_prompt *prompt, enum folded_part part)
{
    if (chunk->kernels->pack)
        return (struct probs_place){chunk->probs, chunk->pairs * FOLDED_STRIP};
    return (struct probs_place){state_at(chunk, prompt, part), state_strip(chunk)};
}

/* Elements of a part of the state: rows across, and behind them the same rows along. */
static void pack_probs(const struct folded_chunk *chunk, struct folded_prompt *prompt,
                       enum folded_part part)
{
    const struct folded_kernels *kernels = chunk->kernels;
    float *out = state_at(chunk, prompt, part);
    if (kernels->pack)
        kernels->pack(chunk->pairs, chunk->strips,
                      (struct folded_rows){chunk->probs, chunk->pairs * FOLDED_STRIP}, out,
                      out + chunk->pairs / kernels->group * FOLDED_STRIP, state_strip(chunk));
}

/* J rows of the state along; folded_state has them across. */
static struct folded_rows probs_along(const struct folded_chunk *chunk,
                                      const struct folded_prompt *prompt, enum folded_part part)
{
    const struct folded_rows across = folded_state(chunk, prompt, part);
    return chunk->kernels->pack ? folded_rows_from(across, chunk->pairs / chunk->kernels->group)
                                : across;
}

/* Probabilities of the kept tokens, from `scores` of the first group of a head, in which `out` is not
 * set. */
static void set_probs(const struct folded_chunk *chunk, struct probs_place place, size_t head,
                      struct folded_scores scores)
{
    float *out = place.at + head * chunk->kept * FOLDED_STRIP;
    scores.out = out;
    scores.out_strip = place.strip;
    scores.columns = folded_group_columns(chunk->kept, 0);
    if (chunk->kept <= FOLDED_COLUMNS) {
        chunk->kernels->scores_softmax(&scores);
        return;
    }
    for (size_t first = 0; first < chunk->kept; first += FOLDED_COLUMNS) {
        scores.columns = folded_group_columns(chunk->kept, first / FOLDED_COLUMNS);
        scores.out = out + first * FOLDED_STRIP;
        chunk->kernels->scores(&scores);
        scores.weight += chunk->d * FOLDED_COLUMNS;
        if (scores.probs.at) {
            scores.probs_weight += chunk->pairs * FOLDED_COLUMNS;
            scores.bias += FOLDED_COLUMNS;
        }
    }
    chunk->kernels->token_softmax(chunk->kept, chunk->strips, chunk->last, out, scores.out_strip);
}

/* Writes a squared length of one chunk to its row of the state. */
static void measure(const struct folded_chunk *chunk, struct folded_prompt *prompt,
                    const struct folded_length_weights *small, enum folded_table table,
                    struct folded_rows squares, enum folded_part part)
{
    float *out = state_at(chunk, prompt, part);
    const size_t step = state_strip(chunk);
    for (size_t strip = 0; strip < chunk->strips; strip++)
        for (size_t i = 0; i < FOLDED_STRIP; i++)
            out[strip * step + i] = squares.at[strip * squares.strip + i] + small->base;
    const struct folded_length length = {
        .kept = chunk->kept,
        .strips = chunk->strips,
        .d = chunk->d,
        .x = table_rows(chunk, table, 0),
        .weight = small->weight,
        .a = folded_state(chunk, prompt, FOLDED_A0),
        .own = probs_along(chunk, prompt, FOLDED_A0),
        .gram = small->gram,
        .bias = small->bias,
        .out = out,
        .out_strip = step,
    };
    chunk->kernels->length(&length);
}

/* State A0, R and Q. */
static void first_probs(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct probs_place place = probs_place(chunk, prompt, FOLDED_A0);
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        const size_t part = head * chunk->groups;
        const struct folded_scores scores = {
            .strips = chunk->strips,
            .d = chunk->d,
            .x = table_rows(chunk, FOLDED_TABLE_Q0, head),
            .weight = prompt->keys + part * chunk->d * FOLDED_COLUMNS,
            .last = chunk->last,
        };
        set_probs(chunk, place, head, scores);
    }
    pack_probs(chunk, prompt, FOLDED_A0);
    measure(chunk, prompt, &prompt->length, FOLDED_TABLE_CE, folded_rows_from(chunk->squares, 1),
            FOLDED_R);
    measure(chunk, prompt, &prompt->scaled_length, FOLDED_TABLE_X0,
            folded_rows_from(chunk->squares, 2), FOLDED_Q);
    chunk->kernels->rstd(chunk->strips, chunk->channels, LAYER_NORM_EPS,
                         state_at(chunk, prompt, FOLDED_R), state_strip(chunk));
}

void folded_pass_second(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct folded_rows probs = folded_state(chunk, prompt, FOLDED_A0);
    const struct folded_rows r = folded_state(chunk, prompt, FOLDED_R);
    first_probs(chunk, prompt);
    for (size_t part = 0; part < FOLDED_HEADS * chunk->groups; part++) {
        const struct head_group place = head_group(chunk, part);
        const size_t columns = folded_group_columns(chunk->kept + 1, place.group);
        const struct folded_scores scores = {
            .columns = columns,
            .pairs = chunk->pairs,
            .strips = chunk->strips,
            .d = chunk->d,
            .x = table_rows(chunk, FOLDED_TABLE_EK, place.head),
            .pe = pe_rows(chunk, 0, place.head),
            .weight = prompt->queries + matrix_at(place, chunk->d),
            .probs = probs,
            .probs_weight = prompt->scores_weight + matrix_at(place, chunk->pairs),
            .bias = prompt->scores_bias + matrix_at(place, 1),
            .r = r,
            .out = chunk->scores,
            .out_strip = FOLDED_SCORES_STRIP,
        };
        chunk->kernels->scores(&scores);
        add_values(chunk, prompt, place, FOLDED_TABLE_EV, r);
        chunk->kernels->gather(columns, chunk->pairs, chunk->strips, score_rows(chunk, 0), 1,
                               probs_along(chunk, prompt, FOLDED_A0), prompt->softmax[part].factor,
                               prompt->probs + matrix_at(place, chunk->pairs));
    }
}

/* State A1. */
static void second_probs(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct probs_place place = probs_place(chunk, prompt, FOLDED_A1);
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        const size_t part = head * chunk->groups;
        const struct folded_scores scores = {
            .pairs = chunk->pairs,
            .strips = chunk->strips,
            .d = chunk->d,
            .x = table_rows(chunk, FOLDED_TABLE_EQ, head),
            .pe = pe_rows(chunk, 1, head),
            .weight = prompt->keys + part * chunk->d * FOLDED_COLUMNS,
            .probs = folded_state(chunk, prompt, FOLDED_A0),
            .probs_weight = prompt->keys_weight + part * chunk->pairs * FOLDED_COLUMNS,
            .bias = prompt->keys_bias + part * FOLDED_COLUMNS,
            .r = folded_state(chunk, prompt, FOLDED_R),
            .last = chunk->last,
        };
        set_probs(chunk, place, head, scores);
    }
    pack_probs(chunk, prompt, FOLDED_A1);
}

void folded_pass_third(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    const struct folded_kernels *kernels = chunk->kernels;
    float *r2 = state_at(chunk, prompt, FOLDED_R2);
    const struct folded_length_init init = {
        .kept = chunk->kept,
        .strips = chunk->strips,
        .r = folded_state(chunk, prompt, FOLDED_R),
        .q = folded_state(chunk, prompt, FOLDED_Q),
        .x = chunk->squares,
        .a = probs_along(chunk, prompt, FOLDED_A0),
        .e = prompt->first_constant,
        .c = prompt->first_base,
        .constant = prompt->length.base,
        .out = r2,
        .out_strip = state_strip(chunk),
    };
    const struct folded_length length = {
        .kept = chunk->kept,
        .strips = chunk->strips,
        .d = chunk->d,
        .x = table_rows(chunk, FOLDED_TABLE_X1, 0),
        .weight = prompt->length.weight,
        .a = folded_state(chunk, prompt, FOLDED_A1),
        .own = probs_along(chunk, prompt, FOLDED_A1),
        .gram = prompt->length.gram,
        .bias = prompt->length.bias,
        .b = folded_state(chunk, prompt, FOLDED_A0),
        .cross = prompt->cross,
        .linear = prompt->linear,
        .r = folded_state(chunk, prompt, FOLDED_R),
        .out = r2,
        .out_strip = state_strip(chunk),
    };
    second_probs(chunk, prompt);
    kernels->length_init(&init);
    kernels->length(&length);
    kernels->rstd(chunk->strips, chunk->channels, LAYER_NORM_EPS, r2, state_strip(chunk));
}

/* The weighted sums of one chunk; p of token t and head h is row 8 t + h of the scores. */
static void gather_last(const struct folded_chunk *chunk, struct folded_prompt *prompt, int tokens)
{
    const struct folded_kernels *kernels = chunk->kernels;
    struct folded_last *last = &prompt->last;
    size_t d = chunk->d;
    const size_t matrix = chunk->pairs * FOLDED_COLUMNS;
    for (int token = 0; token < tokens; token++) {
        struct folded_softmax *softmax = &last->softmax[token];
        const struct folded_rows p = score_rows(chunk, token * FOLDED_HEADS);
        float *scores = chunk->scores + token * FOLDED_HEADS * FOLDED_STRIP;
        kernels->softmax(FOLDED_HEADS, chunk->strips, chunk->valid,
                         folded_state(chunk, prompt, FOLDED_R2), scores, FOLDED_SCORES_STRIP,
                         softmax);
        kernels->gather(FOLDED_HEADS, chunk->pairs, chunk->strips, p, 1,
                        probs_along(chunk, prompt, FOLDED_A1), softmax->factor,
                        last->probs1 + token * matrix);
        kernels->rescale(FOLDED_HEADS, chunk->strips, folded_state(chunk, prompt, FOLDED_R), scores,
                         FOLDED_SCORES_STRIP, softmax->factor, last->scaled[token]);
        kernels->gather(FOLDED_HEADS, chunk->pairs, chunk->strips, p, 1,
                        probs_along(chunk, prompt, FOLDED_A0), softmax->factor,
                        last->probs0 + token * matrix);
    }
    for (size_t head = 0; head < FOLDED_HEADS; head++) {
        float factor[FOLDED_COLUMNS] = {0};
        for (int token = 0; token < tokens; token++)
            factor[token] = last->softmax[token].factor[head];
        kernels->gather(tokens, d, chunk->strips, score_rows(chunk, head), FOLDED_HEADS,
                        table_rows(chunk, FOLDED_TABLE_FV, head), factor,
                        last->values + head * d * FOLDED_COLUMNS);
    }
}

void folded_pass_last(const struct folded_chunk *chunk, struct folded_prompt *prompt, int tokens)
{
    const struct folded_last *last = &prompt->last;
    const struct folded_last_scores scores = {
        .kept = chunk->kept,
        .strips = chunk->strips,
        .d = chunk->d,
        .tokens = tokens,
        .x = table_rows(chunk, FOLDED_TABLE_FK, 0),
        .pe = pe_rows(chunk, 2, 0),
        .weight = last->weight,
        .a0 = folded_state(chunk, prompt, FOLDED_A0),
        .a1 = folded_state(chunk, prompt, FOLDED_A1),
        .weight0 = last->weight0,
        .weight1 = last->weight1,
        .bias0 = last->bias0,
        .bias1 = last->bias1,
        .r = folded_state(chunk, prompt, FOLDED_R),
        .r2 = folded_state(chunk, prompt, FOLDED_R2),
        .out = chunk->scores,
        .out_strip = FOLDED_SCORES_STRIP,
    };
    chunk->kernels->last_scores(&scores);
    gather_last(chunk, prompt, tokens);
}
