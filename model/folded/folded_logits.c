/* The folded decoder from a finished batch to logits: the last attention of mask tokens, their
 * weights, and the upscaling. */
#include "model/folded/folded_batch.h"

#include <string.h>

/* Output tokens of the masks in `wanted` that are not ready yet; returns their number. */
static int missing_tokens(const struct decoder_folded *folded, int prompt, unsigned wanted,
                          int tokens[SAM_MASKS])
{
    int count = 0;
    for (int mask = 0; mask < SAM_MASKS; mask++)
        if (wanted & ~(unsigned)folded->ready[prompt] & 1u << mask)
            tokens[count++] = 1 + mask;
    return count;
}

static float *hyper_of(const struct decoder_folded *folded, int prompt, int mask)
{
    return folded->hyper + (prompt * SAM_MASKS + mask) * (folded->tensors->embed_dim / 8);
}

/* The hyper weights of output tokens after their last attention. */
static void finish_hyper(struct decoder_folded *folded, int prompt, const int *tokens, int count)
{
    size_t c = folded->tensors->embed_dim;
    batch_end_last(folded, prompt, tokens, count, folded->rows);
    for (int i = 0; i < count; i++) {
        int mask = tokens[i] - 1;
        mlp_apply(&folded->tensors->hyper[mask], 1, folded->rows + i * c, (int)c, folded->hidden,
                  hyper_of(folded, prompt, mask));
        folded->ready[prompt] |= (unsigned char)(1u << mask);
    }
}

void decoder_folded_want(struct decoder_folded *folded, const float *tables,
                         const unsigned char *wanted)
{
    int tokens[SAM_BATCH][SAM_MASKS];
    int counts[SAM_BATCH] = {0};
    int prompts = folded->tokens.prompts;
    for (int i = 0; i < prompts; i++) {
        counts[i] = missing_tokens(folded, i, wanted[i], tokens[i]);
        if (counts[i])
            batch_begin_last(folded, i, tokens[i], counts[i]);
    }
    for (int first = 0; first < folded->fold->tiles; first += DECODER_CHUNK) {
        struct folded_chunk chunk = batch_chunk(folded, tables, first);
        for (int i = 0; i < prompts; i++)
            if (counts[i])
                folded_pass_last(&chunk, &folded->prompts[i], counts[i]);
    }
    for (int i = 0; i < prompts; i++)
        if (counts[i])
            finish_hyper(folded, i, tokens[i], counts[i]);
}

/* The weights of a prompt's upscaling, and the hyper weights of masks `which` side by side. */
static void prepare_upscale(struct decoder_folded *folded, int prompt, const int *which, int count)
{
    const struct decoder_fold *fold = folded->fold;
    const struct folded_prompt *state = &folded->prompts[prompt];
    size_t c = folded->tensors->embed_dim;
    int inner = folded->tensors->inner;
    const float *values[2] = {state->first, state->second};
    for (int i = 0; i < 2; i++) {
        const struct fold_map *map = &fold->maps[i ? SECOND_UPSCALE : FIRST_UPSCALE];
        fold_rows(map, values[i], inner, folded->upscale_weight[i]);
        fold_constant(map, values[i] + FOLDED_KEPT * inner, inner, folded->upscale_start[i]);
    }
    for (size_t i = 0; i < c; i++)
        folded->upscale_start[1][i] += fold->upscale_shift[i];
    for (int i = 0; i < count; i++)
        memcpy(folded->chosen + i * (c / 8), hyper_of(folded, prompt, which[i]),
               c / 8 * sizeof(float));
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

static void upscale_chunk(const struct decoder_folded *folded, const struct folded_chunk *chunk,
                          const struct folded_prompt *prompt, int count)
{
    const struct decoder_tensors *tensors = folded->tensors;
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
        .bias = folded->fold->upscale_bias,
        .r = folded_state(chunk, prompt, STATE_R),
        .r2 = folded_state(chunk, prompt, STATE_R2),
        .gain = tensors->upscale_norm.gain,
        .shift = tensors->upscale_norm.shift,
        .weight = tensors->upscale[1].weight,
        .weight_bias = tensors->upscale[1].bias,
        .hyper = folded->chosen,
        .scratch = folded->upscale_scratch,
        .out = folded->pixels,
        .out_tile = PIXELS_TILE,
    };
    folded->upscale(&upscale);
}

/* Places the pixels of one chunk of `count` masks. */
static void place_chunk(const struct decoder_folded *folded, const struct folded_chunk *chunk,
                        int count, float *logits)
{
    const struct decoder_tensors *tensors = folded->tensors;
    for (size_t tile = 0; tile < chunk->tiles; tile++) {
        size_t left = chunk->valid - tile * DECODER_TILE;
        for (int mask = 0; mask < count; mask++)
            place_pixels(folded->pixels + tile * PIXELS_TILE + (size_t)mask * 16 * DECODER_TILE,
                         tensors->grid, (chunk->first + tile) * DECODER_TILE,
                         left < DECODER_TILE ? left : DECODER_TILE,
                         logits + (size_t)mask * 16 * tensors->positions);
    }
}

void decoder_folded_logits(struct decoder_folded *folded, const float *tables, int prompt,
                           const int *which, int count, float *logits)
{
    unsigned char wanted[SAM_BATCH] = {0};
    for (int i = 0; i < count; i++)
        wanted[prompt] |= (unsigned char)(1u << which[i]);
    if (wanted[prompt] & ~folded->ready[prompt])
        decoder_folded_want(folded, tables, wanted);
    prepare_upscale(folded, prompt, which, count);
    for (int first = 0; first < folded->fold->tiles; first += DECODER_CHUNK) {
        struct folded_chunk chunk = batch_chunk(folded, tables, first);
        upscale_chunk(folded, &chunk, &folded->prompts[prompt], count);
        place_chunk(folded, &chunk, count, logits);
    }
}
