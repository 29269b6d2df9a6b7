#include "model/folded/folded_batch.h"

#include <math.h>

#include "base/memory.h"
#include "model/kernels/kernels.h"

/* The arrays of one prompt with K = `kept`. */
static void lay_out_prompt(struct folded_prompt *prompt, const struct folded_weights *weights,
                           size_t inner, size_t kept, struct arena *arena)
{
    const size_t columns = folded_groups(kept) * FOLDED_COLUMNS;
    const size_t pairs = FOLDED_HEADS * kept;
    const size_t state_rows = folded_part_row(FOLDED_PARTS, pairs);
    const size_t last = SAM_MASKS * pairs * FOLDED_COLUMNS;
    float **const small[] = {&prompt->scores_bias, &prompt->keys_bias, &prompt->length.bias,
                             &prompt->scaled_length.bias, &prompt->linear};
    float **const large[] = {&prompt->scores_weight, &prompt->keys_weight,
                             &prompt->length.gram,   &prompt->scaled_length.gram,
                             &prompt->cross,         &prompt->probs};
    float **const channels[] = {&prompt->queries, &prompt->keys, &prompt->length.weight,
                                &prompt->values};
    prompt->first = arena_floats(arena, kept + 1, inner);
    prompt->second = arena_floats(arena, kept + 1, inner);
    for (size_t i = 0; i < sizeof small / sizeof *small; i++)
        *small[i] = arena_floats(arena, FOLDED_HEADS, columns);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        *large[i] = arena_floats(arena, FOLDED_HEADS * pairs, columns);
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        *channels[i] = arena_floats(arena, inner, columns);
    prompt->scaled_length.weight = prompt->length.weight;
    prompt->first_constant = arena_floats(arena, pairs, 1);
    prompt->last.weight = arena_floats(arena, inner, FOLDED_COLUMNS);
    prompt->last.weight0 = arena_floats(arena, last, 1);
    prompt->last.weight1 = arena_floats(arena, last, 1);
    prompt->last.bias0 = arena_floats(arena, SAM_MASKS, FOLDED_COLUMNS);
    prompt->last.bias1 = arena_floats(arena, SAM_MASKS, FOLDED_COLUMNS);
    prompt->last.values = arena_floats(arena, inner, FOLDED_COLUMNS);
    prompt->last.probs0 = arena_floats(arena, last, 1);
    prompt->last.probs1 = arena_floats(arena, last, 1);
    prompt->state = arena_floats(arena, (size_t)weights->strips * state_rows, FOLDED_STRIP);
}

/* Bytes of the arrays of one prompt. */
static size_t prompt_size(const struct folded_decoder *folded, size_t kept)
{
    struct folded_prompt prompt;
    struct arena measure = {0};
    lay_out_prompt(&prompt, folded->weights, folded->tensors->inner, kept, &measure);
    return measure.used;
}

/* For a full batch of prompts of up to eight tokens, as grids of points make, or for one prompt of any
 * length. */
static void lay_out_room(void *context, struct arena *arena)
{
    const struct folded_decoder *folded = context;
    const size_t one = prompt_size(folded, FOLDED_KEPT_MAX);
    const size_t batch = prompt_size(folded, FOLDED_COLUMNS - 1);
    arena_take(arena, batch > one / SAM_BATCH ? batch : one / SAM_BATCH + 1, SAM_BATCH);
}

/* Floats of the channels of one mask. */
static size_t mask_size(const struct folded_weights *weights)
{
    return (size_t)weights->strips * weights->mask_rows * FOLDED_STRIP;
}

int folded_room_for(const struct folded_decoder *folded, const struct sam_prompts *prompts)
{
    const int kept = folded_token_count(folded->tensors, prompts) - 1;
    const size_t have_room = folded->room.size / prompt_size(folded, (size_t)kept);
    return have_room < SAM_BATCH ? (int)have_room : SAM_BATCH;
}

void folded_begin(struct folded_decoder *folded, const struct sam_prompts *prompts)
{
    folded_tokens_begin(&folded->tokens, folded->tensors, prompts);
    struct folded_prompt_scratch *scratch = &folded->scratch;
    scratch->kept = folded->tokens.count - 1;
    scratch->groups = folded_groups(scratch->kept);
    scratch->pairs = FOLDED_HEADS * scratch->kept;
    folded->room_for = folded_room_for(folded, prompts);
    folded->has_masks = prompts->masks && folded->weights->mask_rows;
    for (int i = 0; folded->has_masks && i < prompts->count; i++)
        folded_mask_channels(folded->tensors, folded->weights,
                             prompts->masks + (size_t)i * 16 * folded->tensors->positions,
                             folded->masks + (size_t)i * mask_size(folded->weights));
    folded->room.used = 0;
    for (int i = 0; i < folded->room_for; i++)
        lay_out_prompt(&folded->prompts[i], folded->weights, folded->tensors->inner, scratch->kept,
                       &folded->room);
}

static size_t hidden_size(const struct decoder_tensors *tensors)
{
    size_t width = mlp_width(&tensors->iou);
    size_t hq = mlp_width(&tensors->hq.mlp);
    width = hq > width ? hq : width;
    for (int i = 0; i < SAM_MASKS; i++) {
        size_t other = mlp_width(&tensors->hyper[i]);
        width = other > width ? other : width;
    }
    return 2 * SAM_BATCH * width;
}

static void lay_out(void *context, struct arena *arena)
{
    struct folded_decoder *folded = context;
    const struct decoder_tensors *tensors = folded->tensors;
    size_t c = tensors->embed_dim;
    size_t inner = tensors->inner;
    folded_tokens_lay_out(&folded->tokens, tensors, arena);
    folded->scratch.z = arena_floats(arena, FOLDED_PAIRS_MAX, c);
    folded->scratch.constant = arena_floats(arena, c, 1);
    folded->scratch.single = arena_floats(arena, inner, FOLDED_GROUPS_MAX * FOLDED_COLUMNS);
    folded->scratch.columns = arena_floats(arena, FOLDED_PAIRS_MAX + inner, FOLDED_COLUMNS);
    const struct folded_weights *weights = folded->weights;
    if (weights->mask_rows) {
        folded->masks = arena_floats(arena, SAM_BATCH, mask_size(weights));
        folded->mask_tables =
            arena_floats(arena, FOLDED_CHUNK * folded_mask_table_rows(weights), FOLDED_STRIP);
    }
    folded->scores = arena_floats(arena, FOLDED_CHUNK, FOLDED_SCORES_STRIP);
    if (tensors->half16)
        folded->probs = arena_floats(arena, (size_t)FOLDED_CHUNK * FOLDED_PAIRS_MAX, FOLDED_STRIP);
    folded->hidden = arena_floats(arena, hidden_size(tensors), 1);
    folded->rows = arena_floats(arena, SAM_BATCH, c);
    folded->iou = arena_floats(arena, SAM_BATCH, SAM_MASKS);
    folded->hyper = arena_floats(arena, SAM_BATCH * FOLDED_HYPERS, c / 8);
    folded->chosen = arena_floats(arena, SAM_MASKS, c / 8);
    for (int i = 0; i < 2; i++) {
        folded->upscale_weight[i] = arena_floats(arena, FOLDED_PAIRS_MAX, c);
        folded->upscale_bias[i] = arena_floats(arena, c, 1);
    }
    folded->upscale_scratch = arena_floats(arena, c / 4, FOLDED_STRIP);
    folded->sums = arena_floats(arena, FOLDED_CHUNK * 2, FOLDED_STRIP);
    folded->pixels = arena_floats(arena, FOLDED_CHUNK, FOLDED_PIXELS_STRIP);
    if (folded->hq)
        folded->upscaled = arena_floats(arena, FOLDED_CHUNK * 2 * c, FOLDED_STRIP);
}

struct folded_decoder *folded_new(const struct decoder_tensors *tensors,
                                  const struct folded_weights *weights, const struct hq_scratch *hq,
                                  struct error *error)
{
    const char *what = "scratch of the mask decoder";
    struct folded_decoder *folded = memory_new(1, sizeof *folded, what, error);
    if (!folded)
        return NULL;
    folded->tensors = tensors;
    folded->weights = weights;
    folded->hq = hq;
    folded->kernels = folded_kernels_for(tensors->isa, tensors->half16);
    folded->upscale = folded_upscale_for(tensors->isa, tensors->half16);
    folded->scratch.kernels = folded->kernels;
    folded->scratch.half16 = tensors->half16;
    folded->scratch.weights = weights;
    folded->scratch.c = tensors->embed_dim;
    folded->scratch.inner = tensors->inner;
    folded->scratch.d = tensors->inner / DECODER_HEADS;
    if (arena_make(&folded->arena, lay_out, folded, what, error) == 0 &&
        arena_make(&folded->room, lay_out_room, folded, what, error) == 0)
        return folded;
    folded_free(folded);
    return NULL;
}

void folded_free(struct folded_decoder *folded)
{
    if (!folded)
        return;
    arena_free(&folded->arena);
    arena_free(&folded->room);
    memory_free(folded);
}

struct folded_chunk folded_chunk_at(const struct folded_decoder *folded, const float *tables,
                                    int first)
{
    const struct decoder_tensors *tensors = folded->tensors;
    const struct folded_weights *weights = folded->weights;
    size_t strip = (size_t)weights->rows * FOLDED_STRIP;
    size_t pe_strip = (size_t)3 * tensors->inner * FOLDED_STRIP;
    size_t strips = weights->strips - first < FOLDED_CHUNK ? weights->strips - first : FOLDED_CHUNK;
    size_t left = tensors->positions - (size_t)first * FOLDED_STRIP;
    const float *rows = tables + first * strip;
    return (struct folded_chunk){
        .kernels = folded->kernels,
        .first = first,
        .strips = strips,
        .valid = left < strips * FOLDED_STRIP ? left : strips * FOLDED_STRIP,
        .kept = folded->scratch.kept,
        .groups = folded->scratch.groups,
        .pairs = folded->scratch.pairs,
        .last = log2f((float)folded->tokens.last_count),
        .d = folded->scratch.d,
        .channels = (float)tensors->embed_dim,
        .image = {rows, strip},
        .tables = {rows, strip},
        .elements = {rows + (size_t)weights->element_row * FOLDED_STRIP, strip},
        .squares = {rows + (size_t)(weights->linear_rows - 1) * FOLDED_STRIP, strip},
        .pe = {weights->pe + first * pe_strip, pe_strip},
        .scores = folded->scores,
        .probs = folded->probs,
    };
}

struct folded_chunk folded_chunk_of(const struct folded_decoder *folded,
                                    const struct folded_chunk *chunk, int prompt,
                                    enum folded_use use)
{
    const size_t in_batch = (size_t)folded->tokens.first + prompt;
    if (!folded->has_masks)
        return *chunk;
    return folded_mask_chunk(folded->weights, chunk, use,
                             folded->masks + in_batch * mask_size(folded->weights),
                             folded->mask_tables);
}

void folded_last_begin(struct folded_decoder *folded, int prompt, const int *which, int count)
{
    const struct decoder_tensors *tensors = folded->tensors;
    size_t c = tensors->embed_dim;
    const float *queries =
        folded_prompt_rows(&folded->tokens, folded->tokens.queries_pe, prompt, c);
    float *q = folded->tokens.q; /* [count][D] */
    for (int i = 0; i < count; i++)
        linear_apply(&tensors->final.q, 1, queries + which[i] * c, (int)c, q + i * tensors->inner);
    folded_clear_last_sums(&folded->prompts[prompt].last, folded->scratch.kept, folded->scratch.d);
    folded_fold_last(&folded->scratch, q, count, &folded->prompts[prompt]);
}

void folded_last_end(struct folded_decoder *folded, int prompt, const int *which, int count,
                     float *rows)
{
    const struct decoder_tensors *tensors = folded->tensors;
    size_t c = tensors->embed_dim;
    const float *queries = folded_prompt_rows(&folded->tokens, folded->tokens.queries, prompt, c);
    float *mix = folded->tokens.mix; /* [count][D] */
    folded_last_sums(&folded->scratch, &folded->prompts[prompt], count, mix);
    linear_apply(&tensors->final.out, count, mix, tensors->inner, rows);
    for (int i = 0; i < count; i++)
        for (size_t j = 0; j < c; j++)
            rows[i * c + j] += queries[which[i] * c + j];
    const struct norm *norm = &tensors->final_norm;
    struct layer_norm layer_norm = {c, norm->weight, norm->bias, LAYER_NORM_EPS};
    kernels_for(tensors->isa)->layer_norm(&layer_norm, count, rows, c, rows, c);
}
