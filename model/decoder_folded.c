#include "model/decoder_folded.h"

#include <string.h>

#include "base/memory.h"
#include "model/decoder_small.h"
#include "model/decoder_tokens.h"
#include "model/kernels.h"

static const float layer_norm_eps = 1e-5f;

enum { PIXELS_TILE = SAM_MASKS * 16 * DECODER_TILE };

struct decoder_folded {
    void *block; /* owned: all arrays below */
    const struct decoder_kernels *kernels;
    decoder_upscale_kernel *upscale;
    struct folded_tokens tokens;
    struct folded_bench bench;
    struct folded_prompt prompts[SAM_BATCH];
    float *scores;            /* of struct folded_chunk */
    float *hidden;            /* scratch of the small MLPs, for SAM_BATCH rows */
    float *rows;              /* [SAM_BATCH][C] */
    float *hyper;             /* [M][C/8] */
    float *upscale_weight[2]; /* [48][C] */
    float *upscale_start[2];  /* [C] */
    float *upscale_scratch;   /* [C/4][TILE] */
    float *pixels;            /* [CHUNK][M][4][4][TILE] */
};

bool decoder_folded_serves(const struct sam_prompts *prompts)
{
    return !prompts->masks && decoder_token_count(prompts) == FOLDED_TOKENS;
}

static float *floats(struct arena *arena, size_t rows, size_t columns)
{
    return arena_take(arena, rows * columns, sizeof(float));
}

/* Matrices of all heads of one prompt. */
enum { PAIRS_SIZE = FOLDED_HEADS * FOLDED_PAIRS * DECODER_COLUMNS };

static void lay_out_prompt(struct folded_prompt *prompt, const struct decoder_fold *fold,
                           size_t inner, struct arena *arena)
{
    const size_t small = FOLDED_HEADS * DECODER_COLUMNS;
    const size_t last = SAM_MASKS * FOLDED_PAIRS * DECODER_COLUMNS;
    prompt->first = floats(arena, FOLDED_TOKENS, inner);
    prompt->second = floats(arena, FOLDED_TOKENS, inner);
    prompt->queries = floats(arena, inner, DECODER_COLUMNS);
    prompt->keys = floats(arena, inner, DECODER_COLUMNS);
    prompt->scores_weight = floats(arena, PAIRS_SIZE, 1);
    prompt->scores_start = floats(arena, small, 1);
    prompt->keys_weight = floats(arena, PAIRS_SIZE, 1);
    prompt->keys_start = floats(arena, small, 1);
    prompt->length.weight = floats(arena, inner, DECODER_COLUMNS);
    prompt->length.gram = floats(arena, PAIRS_SIZE, 1);
    prompt->length.start = floats(arena, small, 1);
    prompt->scaled_length.weight = prompt->length.weight;
    prompt->scaled_length.gram = floats(arena, PAIRS_SIZE, 1);
    prompt->scaled_length.start = floats(arena, small, 1);
    prompt->cross = floats(arena, PAIRS_SIZE, 1);
    prompt->linear = floats(arena, small, 1);
    prompt->first_shift = floats(arena, FOLDED_PAIRS, 1);
    prompt->values = floats(arena, inner, DECODER_COLUMNS);
    prompt->shares = floats(arena, PAIRS_SIZE, 1);
    prompt->last.weight = floats(arena, inner, DECODER_COLUMNS);
    prompt->last.weight0 = floats(arena, last, 1);
    prompt->last.weight1 = floats(arena, last, 1);
    prompt->last.start0 = floats(arena, SAM_MASKS, DECODER_COLUMNS);
    prompt->last.start1 = floats(arena, SAM_MASKS, DECODER_COLUMNS);
    prompt->last.values = floats(arena, inner, DECODER_COLUMNS);
    prompt->last.shares0 = floats(arena, last, 1);
    prompt->last.shares1 = floats(arena, last, 1);
    prompt->state = floats(arena, (size_t)fold->tiles * STATE_ROWS, DECODER_TILE);
}

static size_t hidden_size(const struct decoder_tensors *tensors)
{
    size_t width = mlp_width(&tensors->iou);
    for (int i = 0; i < SAM_MASKS; i++) {
        size_t other = mlp_width(&tensors->hyper[i]);
        width = other > width ? other : width;
    }
    return 2 * SAM_BATCH * width;
}

static void lay_out(struct decoder_folded *folded, const struct decoder_tensors *tensors,
                    const struct decoder_fold *fold, struct arena *arena)
{
    size_t c = tensors->embed_dim;
    size_t inner = tensors->inner;
    folded_tokens_lay_out(&folded->tokens, tensors, arena);
    folded->bench.z = floats(arena, FOLDED_PAIRS, c);
    folded->bench.constant = floats(arena, c, 1);
    folded->bench.single = floats(arena, inner, DECODER_COLUMNS);
    folded->bench.columns = floats(arena, FOLDED_PAIRS + inner, DECODER_COLUMNS);
    for (int i = 0; i < SAM_BATCH; i++)
        lay_out_prompt(&folded->prompts[i], fold, inner, arena);
    folded->scores = floats(arena, DECODER_CHUNK, SCORES_TILE);
    folded->hidden = floats(arena, hidden_size(tensors), 1);
    folded->rows = floats(arena, SAM_BATCH, c);
    folded->hyper = floats(arena, SAM_MASKS, c / 8);
    for (int i = 0; i < 2; i++) {
        folded->upscale_weight[i] = floats(arena, FOLDED_PAIRS, c);
        folded->upscale_start[i] = floats(arena, c, 1);
    }
    folded->upscale_scratch = floats(arena, c / 4, DECODER_TILE);
    folded->pixels = floats(arena, DECODER_CHUNK, PIXELS_TILE);
}

struct decoder_folded *decoder_folded_new(const struct decoder_tensors *tensors,
                                          const struct decoder_fold *fold, struct error *error)
{
    const char *what = "scratch of the mask decoder";
    struct decoder_folded *folded = memory_new(1, sizeof *folded, what, error);
    if (!folded)
        return NULL;
    struct arena arena = {0};
    lay_out(folded, tensors, fold, &arena);
    folded->block = memory_new(arena.used, 1, what, error);
    if (!folded->block) {
        memory_free(folded);
        return NULL;
    }
    arena = (struct arena){.base = folded->block, .size = arena.used};
    lay_out(folded, tensors, fold, &arena);
    folded->kernels = decoder_kernels(tensors->isa);
    folded->upscale = decoder_upscale(tensors->isa);
    folded->bench.kernels = folded->kernels;
    folded->bench.fold = fold;
    folded->bench.c = tensors->embed_dim;
    folded->bench.inner = tensors->inner;
    folded->bench.d = tensors->inner / DECODER_HEADS;
    return folded;
}

void decoder_folded_free(struct decoder_folded *folded)
{
    if (!folded)
        return;
    memory_free(folded->block);
    memory_free(folded);
}

/* The chunk that begins at tile `first`. */
static struct folded_chunk chunk_at(const struct decoder_tensors *tensors,
                                    const struct decoder_fold *fold,
                                    const struct decoder_folded *folded, const float *tables,
                                    int first)
{
    size_t tile = (size_t)fold->rows * DECODER_TILE;
    size_t pe_tile = (size_t)3 * tensors->inner * DECODER_TILE;
    size_t tiles = fold->tiles - first < DECODER_CHUNK ? fold->tiles - first : DECODER_CHUNK;
    size_t left = tensors->positions - (size_t)first * DECODER_TILE;
    const float *rows = tables + first * tile;
    return (struct folded_chunk){
        .kernels = folded->kernels,
        .first = first,
        .tiles = tiles,
        .valid = left < tiles * DECODER_TILE ? left : tiles * DECODER_TILE,
        .d = tensors->inner / DECODER_HEADS,
        .channels = (float)tensors->embed_dim,
        .tables = {rows, tile},
        .squares = {rows + (size_t)(fold->linear_rows - 1) * DECODER_TILE, tile},
        .pe = {fold->pe + first * pe_tile, pe_tile},
        .scores = folded->scores,
    };
}

/* Rows of one prompt in an array [prompts][7][width]. */
static float *prompt_rows(float *rows, int prompt, size_t width)
{
    return rows + (size_t)prompt * FOLDED_TOKENS * width;
}

static void run_first(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                      struct decoder_folded *folded, const float *tables)
{
    struct folded_tokens *tokens = &folded->tokens;
    int rows = tokens->prompts * FOLDED_TOKENS;
    int c = tensors->embed_dim;
    folded_tokens_self(tokens, tensors, 0);
    folded_tokens_add_pe(tokens, c);
    linear_apply(&tensors->layers[0].to_image.q, rows, tokens->queries_pe, c, tokens->q);
    for (int i = 0; i < tokens->prompts; i++) {
        folded_begin(&folded->prompts[i], folded->bench.d);
        folded_set_queries(&folded->bench, prompt_rows(tokens->q, i, tensors->inner),
                           &folded->prompts[i]);
    }
    for (int first = 0; first < fold->tiles; first += DECODER_CHUNK) {
        struct folded_chunk chunk = chunk_at(tensors, fold, folded, tables, first);
        for (int i = 0; i < tokens->prompts; i++)
            folded_pass_first(&chunk, &folded->prompts[i]);
    }
    for (int i = 0; i < tokens->prompts; i++)
        folded_first_sums(&folded->bench, &folded->prompts[i],
                          prompt_rows(tokens->mix, i, tensors->inner));
    folded_tokens_finish(tokens, tensors, 0);
}

/* k and v of the image-to-tokens attention of a layer, from its finished queries. */
static void project_keys(const struct decoder_tensors *tensors, struct folded_tokens *tokens,
                         int layer)
{
    const struct attention *attention = &tensors->layers[layer].to_tokens;
    int rows = tokens->prompts * FOLDED_TOKENS;
    int c = tensors->embed_dim;
    folded_tokens_add_pe(tokens, c);
    linear_apply(&attention->k, rows, tokens->queries_pe, c, tokens->k);
    linear_apply(&attention->v, rows, tokens->queries, c, tokens->v);
}

static void run_second(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                       struct decoder_folded *folded, const float *tables)
{
    struct folded_tokens *tokens = &folded->tokens;
    size_t inner = tensors->inner;
    int rows = tokens->prompts * FOLDED_TOKENS;
    int c = tensors->embed_dim;
    project_keys(tensors, tokens, 0);
    for (int i = 0; i < tokens->prompts; i++)
        folded_fold_first(&folded->bench, prompt_rows(tokens->k, i, inner),
                          prompt_rows(tokens->v, i, inner), &folded->prompts[i]);
    folded_tokens_self(tokens, tensors, 1);
    folded_tokens_add_pe(tokens, c);
    linear_apply(&tensors->layers[1].to_image.q, rows, tokens->queries_pe, c, tokens->q);
    for (int i = 0; i < tokens->prompts; i++) {
        folded_begin(&folded->prompts[i], folded->bench.d);
        folded_fold_queries(&folded->bench, prompt_rows(tokens->q, i, inner), &folded->prompts[i]);
    }
    for (int first = 0; first < fold->tiles; first += DECODER_CHUNK) {
        struct folded_chunk chunk = chunk_at(tensors, fold, folded, tables, first);
        for (int i = 0; i < tokens->prompts; i++)
            folded_pass_second(&chunk, &folded->prompts[i]);
    }
    for (int i = 0; i < tokens->prompts; i++)
        folded_second_sums(&folded->bench, &folded->prompts[i], prompt_rows(tokens->mix, i, inner));
    folded_tokens_finish(tokens, tensors, 1);
}

/* Projected queries q[tokens][D] of rows `which` of one prompt, for the last attention. */
static void last_queries(const struct decoder_tensors *tensors, struct folded_tokens *tokens,
                         int prompt, const int *which, int count, float *q)
{
    size_t c = tensors->embed_dim;
    for (int i = 0; i < count; i++)
        linear_apply(&tensors->final.q, 1,
                     prompt_rows(tokens->queries_pe, prompt, c) + which[i] * c, (int)c,
                     q + i * tensors->inner);
}

/* rows[count][C]: the finished output tokens `which` of one prompt after the last attention. */
static void last_tokens(const struct decoder_tensors *tensors, struct decoder_folded *folded,
                        int prompt, const int *which, int count, float *rows)
{
    struct folded_tokens *tokens = &folded->tokens;
    size_t c = tensors->embed_dim;
    folded_last_sums(&folded->bench, &folded->prompts[prompt], count, tokens->mix);
    linear_apply(&tensors->final.out, count, tokens->mix, tensors->inner, rows);
    for (int i = 0; i < count; i++) {
        const float *query = prompt_rows(tokens->queries, prompt, c) + which[i] * c;
        for (size_t j = 0; j < c; j++)
            rows[i * c + j] += query[j];
    }
    kernels_for(tensors->isa)
        ->layer_norm(count, c, rows, c, tensors->final_norm.gain, tensors->final_norm.shift,
                     layer_norm_eps, rows, c);
}

/* Begins the last attention of one prompt. */
static void begin_last(const struct decoder_tensors *tensors, struct decoder_folded *folded,
                       int prompt, const int *which, int count)
{
    folded_begin_last(&folded->prompts[prompt].last, folded->bench.d);
    last_queries(tensors, &folded->tokens, prompt, which, count, folded->tokens.q);
    folded_fold_last(&folded->bench, folded->tokens.q, count, &folded->prompts[prompt]);
}

static void run_last(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                     struct decoder_folded *folded, const float *tables, float *iou)
{
    static const int iou_token[] = {0};
    struct folded_tokens *tokens = &folded->tokens;
    size_t c = tensors->embed_dim;
    size_t inner = tensors->inner;
    project_keys(tensors, tokens, 1);
    for (int i = 0; i < tokens->prompts; i++) {
        folded_fold_second(&folded->bench, prompt_rows(tokens->k, i, inner),
                           prompt_rows(tokens->v, i, inner), &folded->prompts[i]);
        begin_last(tensors, folded, i, iou_token, 1);
    }
    for (int first = 0; first < fold->tiles; first += DECODER_CHUNK) {
        struct folded_chunk chunk = chunk_at(tensors, fold, folded, tables, first);
        for (int i = 0; i < tokens->prompts; i++) {
            folded_pass_third(&chunk, &folded->prompts[i]);
            folded_pass_last(&chunk, &folded->prompts[i], 1);
        }
    }
    for (int i = 0; i < tokens->prompts; i++)
        last_tokens(tensors, folded, i, iou_token, 1, folded->rows + i * c);
    mlp_apply(&tensors->iou, tokens->prompts, folded->rows, (int)c, folded->hidden, iou);
}

void decoder_folded_run(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                        struct decoder_folded *folded, const float *tables,
                        const struct sam_prompts *prompts, float *iou)
{
    folded_tokens_begin(&folded->tokens, tensors, prompts);
    run_first(tensors, fold, folded, tables);
    run_second(tensors, fold, folded, tables);
    run_last(tensors, fold, folded, tables, iou);
}

/* Mask weights hyper[count][C/8] of masks `which` of a prompt. */
static void make_hyper(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                       struct decoder_folded *folded, const float *tables, int prompt,
                       const int *which, int count)
{
    size_t c = tensors->embed_dim;
    int rows[SAM_MASKS];
    for (int i = 0; i < count; i++)
        rows[i] = 1 + which[i];
    begin_last(tensors, folded, prompt, rows, count);
    for (int first = 0; first < fold->tiles; first += DECODER_CHUNK) {
        struct folded_chunk chunk = chunk_at(tensors, fold, folded, tables, first);
        folded_pass_last(&chunk, &folded->prompts[prompt], count);
    }
    last_tokens(tensors, folded, prompt, rows, count, folded->rows);
    for (int i = 0; i < count; i++)
        mlp_apply(&tensors->hyper[which[i]], 1, folded->rows + i * c, (int)c, folded->hidden,
                  folded->hyper + i * (c / 8));
}

static void make_upscale_weights(const struct decoder_tensors *tensors,
                                 const struct decoder_fold *fold, struct decoder_folded *folded,
                                 const struct folded_prompt *prompt)
{
    size_t c = tensors->embed_dim;
    int inner = tensors->inner;
    const float *values[2] = {prompt->first, prompt->second};
    for (int i = 0; i < 2; i++) {
        const struct fold_map *map = &fold->maps[i ? SECOND_UPSCALE : FIRST_UPSCALE];
        fold_rows(map, values[i], inner, folded->upscale_weight[i]);
        fold_constant(map, values[i] + FOLDED_KEPT * inner, inner, folded->upscale_start[i]);
    }
    for (size_t i = 0; i < c; i++)
        folded->upscale_start[1][i] += fold->upscale_shift[i];
}

/* Puts pixels[4 s][4 e][TILE] of `count` positions from `first` of one mask where they belong in
 * logits[L][L]: pixel s = (dy, dx), e = (ey, ex) of a position lies at row 2 dy + ey, column
 * 2 dx + ex of its 4x4. */
static void place_pixels(const float *pixels, size_t grid, size_t first, size_t count,
                         float *logits)
{
    for (size_t i = 0; i < count;) {
        size_t y = (first + i) / grid;
        size_t x = (first + i) % grid;
        size_t run = grid - x < count - i ? grid - x : count - i;
        for (size_t dy = 0; dy < 4; dy++) {
            const float *s0 = pixels + ((dy / 2 * 2) * 4 + dy % 2 * 2) * DECODER_TILE + i;
            const float *s1 = s0 + 4 * DECODER_TILE;
            float *to = logits + (4 * y + dy) * 4 * grid + 4 * x;
            for (size_t k = 0; k < run; k++) {
                to[4 * k] = s0[k];
                to[4 * k + 1] = s0[k + DECODER_TILE];
                to[4 * k + 2] = s1[k];
                to[4 * k + 3] = s1[k + DECODER_TILE];
            }
        }
        i += run;
    }
}

static void upscale_chunk(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                          const struct decoder_folded *folded, const struct folded_chunk *chunk,
                          const struct folded_prompt *prompt, int count)
{
    const size_t upscale_rows = (size_t)TABLES * tensors->inner;
    const struct decoder_upscale upscale = {
        .tiles = chunk->tiles,
        .channels = tensors->embed_dim,
        .masks = count,
        .x = {chunk->tables.at + upscale_rows * DECODER_TILE, chunk->tables.tile},
        .a0 = folded_state(chunk, prompt, STATE_A0),
        .a1 = folded_state(chunk, prompt, STATE_A1),
        .weight0 = folded->upscale_weight[0],
        .weight1 = folded->upscale_weight[1],
        .start0 = folded->upscale_start[0],
        .start1 = folded->upscale_start[1],
        .bias = fold->upscale_bias,
        .r = folded_state(chunk, prompt, STATE_R),
        .r2 = folded_state(chunk, prompt, STATE_R2),
        .gain = tensors->upscale_norm.gain,
        .shift = tensors->upscale_norm.shift,
        .weight = tensors->upscale[1].weight,
        .weight_bias = tensors->upscale[1].bias,
        .hyper = folded->hyper,
        .scratch = folded->upscale_scratch,
        .out = folded->pixels,
        .out_tile = PIXELS_TILE,
    };
    folded->upscale(&upscale);
}

void decoder_folded_logits(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                           struct decoder_folded *folded, const float *tables, int prompt,
                           const int *which, int count, float *logits)
{
    make_hyper(tensors, fold, folded, tables, prompt, which, count);
    make_upscale_weights(tensors, fold, folded, &folded->prompts[prompt]);
    for (int first = 0; first < fold->tiles; first += DECODER_CHUNK) {
        struct folded_chunk chunk = chunk_at(tensors, fold, folded, tables, first);
        upscale_chunk(tensors, fold, folded, &chunk, &folded->prompts[prompt], count);
        for (size_t i = 0; i < chunk.valid; i += DECODER_TILE) {
            size_t left = chunk.valid - i;
            for (int mask = 0; mask < count; mask++)
                place_pixels(folded->pixels + i / DECODER_TILE * PIXELS_TILE +
                                 (size_t)mask * 16 * DECODER_TILE,
                             tensors->grid, (size_t)first * DECODER_TILE + i,
                             left < DECODER_TILE ? left : DECODER_TILE,
                             logits + (size_t)mask * 16 * tensors->positions);
        }
    }
}
