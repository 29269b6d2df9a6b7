/* The folded decoder from a decoded batch to logits: the last attention of the mask tokens, their
 * hyper weights, and the upscaling. */
#include "model/folded/folded_batch.h"

#include <math.h>
#include <string.h>

/* Sets `tokens` to the output tokens of the masks in `wanted` that are not ready, as many as have
 * room, and returns their number. */
static int missing_tokens(const struct folded_decoder *folded, int prompt, unsigned wanted,
                          int tokens[SAM_MASKS])
{
    int count = 0;
    for (int mask = 0; mask < FOLDED_HYPERS && count < SAM_MASKS; mask++)
        if (wanted & ~(unsigned)folded->ready[prompt] & 1u << mask)
            tokens[count++] = folded->tensors->iou_at + 1 + mask;
    return count;
}

static float *hyper_of(const struct folded_decoder *folded, int prompt, int mask)
{
    return folded->hyper + (prompt * FOLDED_HYPERS + mask) * (folded->tensors->embed_dim / 8);
}

/* The hyper weights of output tokens after their last attention. */
static void finish_hyper(struct folded_decoder *folded, int prompt, const int *tokens, int count)
{
    size_t c = folded->tensors->embed_dim;
    folded_last_end(folded, prompt, tokens, count, folded->rows);
    for (int i = 0; i < count; i++) {
        int mask = tokens[i] - 1 - folded->tensors->iou_at;
        const struct mlp *mlp =
            mask < SAM_MASKS ? &folded->tensors->hyper[mask] : &folded->tensors->hq.mlp;
        mlp_apply(mlp, 1, folded->rows + i * c, (int)c, folded->hidden,
                  hyper_of(folded, prompt, mask));
        folded->ready[prompt] |= (unsigned char)(1u << mask);
    }
}

/* Bits of `wanted`, and that of the HQ mask, which is added to every mask of a SAM-HQ. */
static unsigned with_hq(const struct folded_decoder *folded, unsigned wanted)
{
    return wanted && folded->hq ? wanted | 1u << SAM_MASKS : wanted;
}

/* The last attention of up to SAM_MASKS missing tokens of each prompt that is held. Returns whether there were
 * any. */
static bool want_some(struct folded_decoder *folded, const float *tables,
                      const unsigned char *wanted)
{
    int tokens[SAM_BATCH][SAM_MASKS];
    int counts[SAM_BATCH] = {0};
    int prompts = folded->tokens.prompts, most = 0;
    for (int i = 0; i < prompts; i++) {
        const unsigned masks = with_hq(folded, wanted[folded->tokens.first + i]);
        counts[i] = missing_tokens(folded, i, masks, tokens[i]);
        most = counts[i] > most ? counts[i] : most;
        if (counts[i])
            folded_last_begin(folded, i, tokens[i], counts[i]);
    }
    if (most == 0)
        return false;
    for (int first = 0; first < folded->weights->strips; first += FOLDED_CHUNK) {
        const struct folded_chunk chunk = folded_chunk_at(folded, tables, first);
        for (int i = 0; i < prompts; i++)
            if (counts[i]) {
                const struct folded_chunk own = folded_chunk_of(folded, &chunk, i, FOLDED_USE_LAST);
                folded_pass_last(&own, &folded->prompts[i], counts[i]);
            }
    }
    for (int i = 0; i < prompts; i++)
        if (counts[i])
            finish_hyper(folded, i, tokens[i], counts[i]);
    return true;
}

void folded_want(struct folded_decoder *folded, const float *tables, const unsigned char *wanted)
{
    while (want_some(folded, tables, wanted))
        continue;
}

/* The weights of a prompt's upscaling, and the hyper weights of masks `which` side by side. */
static void prepare_upscale(struct folded_decoder *folded, int prompt, const int *which, int count)
{
    const struct folded_weights *weights = folded->weights;
    const struct folded_prompt *state = &folded->prompts[prompt];
    size_t c = folded->tensors->embed_dim;
    size_t kept = folded->scratch.kept;
    const float *values[2] = {state->first, state->second};
    for (int i = 0; i < 2; i++) {
        const struct folded_map *map =
            &weights->maps[i ? FOLDED_SECOND_UPSCALE : FOLDED_FIRST_UPSCALE];
        folded_map_rows(map, (int)kept, values[i], folded->upscale_weight[i]);
        folded_pack(folded->tensors->half16, FOLDED_HEADS * kept, c, folded->upscale_weight[i]);
        folded_map_constant(map, values[i] + kept * folded->scratch.inner, folded->upscale_bias[i]);
    }
    for (size_t i = 0; i < c; i++)
        folded->upscale_bias[1][i] += weights->upscale_constant[i];
    for (int i = 0; i < count; i++)
        memcpy(folded->chosen + i * (c / 8), hyper_of(folded, prompt, which[i]),
               c / 8 * sizeof(float));
    if (folded->hq)
        memcpy(folded->hq->hyper, hyper_of(folded, prompt, SAM_MASKS), c / 8 * sizeof(float));
}

/* Copies pixels[4 s][4 e][STRIP] of one mask, of `count` positions from `first` on, to
 * logits[L][L]. A position has 4x4 pixels: s = (dy, dx), e = (ey, ex) lies at row 2 dy + ey, column
 * 2 dx + ex. */
static void place_pixels(const float *pixels, size_t grid, size_t first, size_t count,
                         float *logits)
{
    for (size_t i = 0; i < count;) {
        size_t y = (first + i) / grid;
        size_t x = (first + i) % grid;
        size_t run = grid - x < count - i ? grid - x : count - i;
        for (size_t dy = 0; dy < 4; dy++) {
            const float *s0 = pixels + ((dy / 2 * 2) * 4 + dy % 2 * 2) * FOLDED_STRIP + i;
            const float *s1 = s0 + 4 * FOLDED_STRIP;
            float *to = logits + (4 * y + dy) * 4 * grid + 4 * x;
            for (size_t k = 0; k < run; k++) {
                to[4 * k] = s0[k];
                to[4 * k + 1] = s0[k + FOLDED_STRIP];
                to[4 * k + 2] = s1[k];
                to[4 * k + 3] = s1[k + FOLDED_STRIP];
            }
        }
        i += run;
    }
}

/* What the upscaling kernel is told. sums: where its sums go, or NULL for pixels. */
static void upscale_chunk(const struct folded_decoder *folded, const struct folded_chunk *chunk,
                          const struct folded_prompt *prompt, int count, float *sums)
{
    const struct decoder_tensors *tensors = folded->tensors;
    const struct folded_rows none = {NULL, 0};
    const size_t upscale_rows = (size_t)FOLDED_TABLES * tensors->inner;
    const size_t high_rows = (size_t)folded->weights->linear_rows + 2;
    const struct folded_upscale upscale = {
        .kept = chunk->kept,
        .strips = chunk->strips,
        .channels = tensors->embed_dim,
        .masks = count,
        .x = folded_rows_from(chunk->tables, upscale_rows),
        .high1 = tensors->has_high ? folded_rows_from(chunk->image, high_rows) : none,
        .high0 = tensors->has_high ? folded_rows_from(chunk->image, high_rows + tensors->embed_dim)
                                   : none,
        .a0 = folded_state(chunk, prompt, FOLDED_A0),
        .a1 = folded_state(chunk, prompt, FOLDED_A1),
        .weight0 = folded->upscale_weight[0],
        .weight1 = folded->upscale_weight[1],
        .bias0 = folded->upscale_bias[0],
        .bias1 = folded->upscale_bias[1],
        .bias = folded->weights->upscale_bias,
        .r = folded_state(chunk, prompt, FOLDED_R),
        .r2 = folded_state(chunk, prompt, FOLDED_R2),
        .mean = folded->mean,
        .scale = folded->scale,
        .norm_weight = tensors->upscale_norm.weight,
        .norm_bias = tensors->upscale_norm.bias,
        .conv_weight = folded->weights->upscale_conv,
        .conv_bias = tensors->upscale[1].bias,
        .hyper = folded->chosen,
        .scratch = folded->upscale_scratch,
        .out = folded->pixels,
        .out_strip = FOLDED_PIXELS_STRIP,
        .sums = sums,
        .upscaled = folded->upscaled,
    };
    folded->upscale(&upscale);
}

/* Copies the upscaled embedding of one chunk to SAM-HQ's plane. */
static void keep_upscaled(const struct folded_decoder *folded, const struct folded_chunk *chunk)
{
    const struct plane plane = hq_upscaled(&folded->tensors->hq, folded->hq);
    const size_t grid = (size_t)folded->tensors->grid;
    for (size_t i = 0; i < chunk->valid; i++) {
        const size_t at = chunk->first * FOLDED_STRIP + i;
        const float *from = folded->upscaled +
                            i / FOLDED_STRIP * 16 * plane.channels * FOLDED_STRIP +
                            i % FOLDED_STRIP;
        for (size_t pixel = 0; pixel < 16; pixel++) {
            const size_t s = pixel / 4, e = pixel % 4;
            float *to = plane_at(&plane, (long)(4 * (at / grid) + s / 2 * 2 + e / 2),
                                 (long)(4 * (at % grid) + s % 2 * 2 + e % 2));
            for (size_t c = 0; c < plane.channels; c++)
                to[c] = from[((s * plane.channels + c) * 4 + e) * FOLDED_STRIP];
        }
    }
}

/* Places the pixels of one chunk of `count` masks. */
static void place_chunk(const struct folded_decoder *folded, const struct folded_chunk *chunk,
                        int count, float *logits)
{
    const struct decoder_tensors *tensors = folded->tensors;
    for (size_t strip = 0; strip < chunk->strips; strip++) {
        size_t left = chunk->valid - strip * FOLDED_STRIP;
        for (int mask = 0; mask < count; mask++)
            place_pixels(folded->pixels + strip * FOLDED_PIXELS_STRIP +
                             (size_t)mask * 16 * FOLDED_STRIP,
                         tensors->grid, (chunk->first + strip) * FOLDED_STRIP,
                         left < FOLDED_STRIP ? left : FOLDED_STRIP,
                         logits + (size_t)mask * 16 * tensors->positions);
    }
}

/* folded->mean and folded->scale: EfficientSAM's GroupNorm has one group, so its mean and
 * variance are those of all pixels and channels of the prompt (eps 1e-5). */
static void measure(struct folded_decoder *folded, const float *tables, int prompt)
{
    double sum = 0, squares = 0;
    for (int first = 0; first < folded->weights->strips; first += FOLDED_CHUNK) {
        struct folded_chunk chunk = folded_chunk_at(folded, tables, first);
        upscale_chunk(folded, &chunk, &folded->prompts[prompt], 0, folded->sums);
        for (size_t i = 0; i < chunk.valid; i++) {
            const float *at = folded->sums + i / FOLDED_STRIP * 2 * FOLDED_STRIP + i % FOLDED_STRIP;
            sum += at[0];
            squares += at[FOLDED_STRIP];
        }
    }
    double count = (double)folded->tensors->positions * folded->tensors->embed_dim;
    double mean = sum / count, variance = squares / count - mean * mean;
    folded->mean = (float)mean;
    folded->scale = (float)(1 / sqrt((variance > 0 ? variance : 0) + 1e-5));
}

void folded_logits(struct folded_decoder *folded, const float *tables, int prompt, const int *which,
                   int count, float *logits)
{
    unsigned char wanted[SAM_BATCH] = {0};
    for (int i = 0; i < count; i++)
        wanted[prompt] |= (unsigned char)(1u << which[i]);
    const int held = folded_hold(folded, tables, prompt);
    folded_want(folded, tables, wanted);
    prepare_upscale(folded, held, which, count);
    if (folded->tensors->efficient)
        measure(folded, tables, held);
    for (int first = 0; first < folded->weights->strips; first += FOLDED_CHUNK) {
        const struct folded_chunk shared = folded_chunk_at(folded, tables, first);
        const struct folded_chunk chunk =
            folded_chunk_of(folded, &shared, held, FOLDED_USE_UPSCALE);
        upscale_chunk(folded, &chunk, &folded->prompts[held], count, NULL);
        place_chunk(folded, &chunk, count, logits);
        if (folded->hq)
            keep_upscaled(folded, &chunk);
    }
}
