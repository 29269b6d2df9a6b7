#include "model/folded/folded_batch.h"

#include "base/memory.h"
#include "model/kernels/kernels.h"

static const float layer_norm_eps = 1e-5f;

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

static void lay_out(struct decoder_folded *folded, struct arena *arena)
{
    const struct decoder_tensors *tensors = folded->tensors;
    size_t c = tensors->embed_dim;
    size_t inner = tensors->inner;
    folded_tokens_lay_out(&folded->tokens, tensors, arena);
    folded->bench.z = floats(arena, FOLDED_PAIRS, c);
    folded->bench.constant = floats(arena, c, 1);
    folded->bench.single = floats(arena, inner, DECODER_COLUMNS);
    folded->bench.columns = floats(arena, FOLDED_PAIRS + inner, DECODER_COLUMNS);
    for (int i = 0; i < SAM_BATCH; i++)
        lay_out_prompt(&folded->prompts[i], folded->fold, inner, arena);
    folded->scores = floats(arena, DECODER_CHUNK, SCORES_TILE);
    folded->hidden = floats(arena, hidden_size(tensors), 1);
    folded->rows = floats(arena, SAM_BATCH, c);
    folded->hyper = floats(arena, SAM_BATCH * SAM_MASKS, c / 8);
    folded->chosen = floats(arena, SAM_MASKS, c / 8);
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
    folded->tensors = tensors;
    folded->fold = fold;
    folded->kernels = decoder_kernels(tensors->isa);
    folded->upscale = decoder_upscale(tensors->isa);
    struct arena arena = {0};
    lay_out(folded, &arena);
    folded->block = memory_new(arena.used, 1, what, error);
    if (!folded->block) {
        memory_free(folded);
        return NULL;
    }
    arena = (struct arena){.base = folded->block, .size = arena.used};
    lay_out(folded, &arena);
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

struct folded_chunk batch_chunk(const struct decoder_folded *folded, const float *tables, int first)
{
    const struct decoder_tensors *tensors = folded->tensors;
    const struct decoder_fold *fold = folded->fold;
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
        .d = folded->bench.d,
        .channels = (float)tensors->embed_dim,
        .tables = {rows, tile},
        .squares = {rows + (size_t)(fold->linear_rows - 1) * DECODER_TILE, tile},
        .pe = {fold->pe + first * pe_tile, pe_tile},
        .scores = folded->scores,
    };
}

void batch_begin_last(struct decoder_folded *folded, int prompt, const int *which, int count)
{
    const struct decoder_tensors *tensors = folded->tensors;
    size_t c = tensors->embed_dim;
    const float *queries = batch_rows(folded->tokens.queries_pe, prompt, c);
    float *q = folded->tokens.q; /* [count][D] */
    for (int i = 0; i < count; i++)
        linear_apply(&tensors->final.q, 1, queries + which[i] * c, (int)c, q + i * tensors->inner);
    folded_begin_last(&folded->prompts[prompt].last, folded->bench.d);
    folded_fold_last(&folded->bench, q, count, &folded->prompts[prompt]);
}

void batch_end_last(struct decoder_folded *folded, int prompt, const int *which, int count,
                    float *rows)
{
    const struct decoder_tensors *tensors = folded->tensors;
    size_t c = tensors->embed_dim;
    const float *queries = batch_rows(folded->tokens.queries, prompt, c);
    float *mix = folded->tokens.mix; /* [count][D] */
    folded_last_sums(&folded->bench, &folded->prompts[prompt], count, mix);
    linear_apply(&tensors->final.out, count, mix, tensors->inner, rows);
    for (int i = 0; i < count; i++)
        for (size_t j = 0; j < c; j++)
            rows[i * c + j] += queries[which[i] * c + j];
    const struct norm *norm = &tensors->final_norm;
    struct layer_norm layer_norm = {c, norm->gain, norm->shift, layer_norm_eps};
    kernels_for(tensors->isa)->layer_norm(&layer_norm, count, rows, c, rows, c);
}
