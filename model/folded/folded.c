/* The folded decoder up to the predicted IoU. */
#include "model/folded/folded_batch.h"

#include <string.h>

typedef void folded_pass(const struct folded_chunk *chunk, struct folded_prompt *prompt);

/* One pass over all chunks. Every prompt that is held takes its turn while a chunk's tables are in
 * the cache. */
static void run_pass(struct folded_decoder *folded, const float *tables, enum folded_use use,
                     folded_pass *pass)
{
    for (int first = 0; first < folded->weights->strips; first += FOLDED_CHUNK) {
        const struct folded_chunk chunk = folded_chunk_at(folded, tables, first);
        for (int i = 0; i < folded->tokens.prompts; i++) {
            const struct folded_chunk own = folded_chunk_of(folded, &chunk, i, use);
            pass(&own, &folded->prompts[i]);
        }
    }
}

/* tokens.q: the projected queries of a layer's tokens-to-image attention. */
static void project_queries(struct folded_decoder *folded, int layer)
{
    const struct decoder_tensors *tensors = folded->tensors;
    struct folded_tokens *tokens = &folded->tokens;
    int c = tensors->embed_dim;
    folded_tokens_add_pe(tokens, c);
    linear_apply(&tensors->layers[layer].to_image.q, tokens->prompts * tokens->count,
                 tokens->queries_pe, c, tokens->q);
}

/* tokens.k and tokens.v: keys and values of a layer's image-to-tokens attention. */
static void project_keys(struct folded_decoder *folded, int layer)
{
    const struct attention *attention = &folded->tensors->layers[layer].to_tokens;
    struct folded_tokens *tokens = &folded->tokens;
    int rows = tokens->prompts * tokens->count;
    int c = folded->tensors->embed_dim;
    folded_tokens_add_pe(tokens, c);
    linear_apply(&attention->k, rows, tokens->queries_pe, c, tokens->k);
    linear_apply(&attention->v, rows, tokens->queries, c, tokens->v);
}

static void run_first(struct folded_decoder *folded, const float *tables)
{
    struct folded_tokens *tokens = &folded->tokens;
    const struct folded_prompt_scratch *scratch = &folded->scratch;
    folded_tokens_self(tokens, folded->tensors, 0);
    project_queries(folded, 0);
    for (int i = 0; i < tokens->prompts; i++) {
        folded_clear_sums(&folded->prompts[i], scratch->kept, scratch->d);
        folded_set_queries(scratch, folded_prompt_rows(tokens, tokens->q, i, scratch->inner),
                           &folded->prompts[i]);
    }
    run_pass(folded, tables, FOLDED_USE_FIRST, folded_pass_first);
    for (int i = 0; i < tokens->prompts; i++)
        folded_first_sums(scratch, &folded->prompts[i],
                          folded_prompt_rows(tokens, tokens->mix, i, scratch->inner));
    folded_tokens_finish(tokens, folded->tensors, 0);
}

static void run_second(struct folded_decoder *folded, const float *tables)
{
    struct folded_tokens *tokens = &folded->tokens;
    const struct folded_prompt_scratch *scratch = &folded->scratch;
    project_keys(folded, 0);
    for (int i = 0; i < tokens->prompts; i++)
        folded_fold_first(scratch, folded_prompt_rows(tokens, tokens->k, i, scratch->inner),
                          folded_prompt_rows(tokens, tokens->v, i, scratch->inner),
                          &folded->prompts[i]);
    folded_tokens_self(tokens, folded->tensors, 1);
    project_queries(folded, 1);
    for (int i = 0; i < tokens->prompts; i++) {
        folded_clear_sums(&folded->prompts[i], scratch->kept, scratch->d);
        folded_fold_queries(scratch, folded_prompt_rows(tokens, tokens->q, i, scratch->inner),
                            &folded->prompts[i]);
    }
    run_pass(folded, tables, FOLDED_USE_SECOND, folded_pass_second);
    for (int i = 0; i < tokens->prompts; i++)
        folded_second_sums(scratch, &folded->prompts[i],
                           folded_prompt_rows(tokens, tokens->mix, i, scratch->inner));
    folded_tokens_finish(tokens, folded->tensors, 1);
}

static void third_pass(const struct folded_chunk *chunk, struct folded_prompt *prompt)
{
    folded_pass_third(chunk, prompt);
    folded_pass_last(chunk, prompt, 1);
}

static void run_last(struct folded_decoder *folded, const float *tables, float *iou)
{
    const int iou_token[] = {folded->tensors->iou_at};
    struct folded_tokens *tokens = &folded->tokens;
    const struct folded_prompt_scratch *scratch = &folded->scratch;
    size_t c = scratch->c;
    project_keys(folded, 1);
    for (int i = 0; i < tokens->prompts; i++) {
        folded_fold_second(scratch, folded_prompt_rows(tokens, tokens->k, i, scratch->inner),
                           folded_prompt_rows(tokens, tokens->v, i, scratch->inner),
                           &folded->prompts[i]);
        folded_last_begin(folded, i, iou_token, 1);
    }
    run_pass(folded, tables, FOLDED_USE_THIRD, third_pass);
    for (int i = 0; i < tokens->prompts; i++)
        folded_last_end(folded, i, iou_token, 1, folded->rows + i * c);
    decoder_iou(folded->tensors, tokens->prompts, folded->rows, folded->hidden, iou);
}

/* iou[][M] of the prompts that have room from `first` on, which are held from then on. */
static void hold(struct folded_decoder *folded, const float *tables, int first, float *iou)
{
    const int left = folded->tokens.batch - first;
    memset(folded->ready, 0, sizeof folded->ready);
    folded_tokens_hold(&folded->tokens, folded->tensors->embed_dim, first,
                       left < folded->room_for ? left : folded->room_for);
    run_first(folded, tables);
    run_second(folded, tables);
    run_last(folded, tables, iou);
}

void folded_run(struct folded_decoder *folded, const float *tables,
                const struct sam_prompts *prompts, float *iou)
{
    folded_begin(folded, prompts);
    for (int first = 0; first < folded->tokens.batch; first += folded->room_for)
        hold(folded, tables, first, iou + (size_t)first * SAM_MASKS);
}

int folded_hold(struct folded_decoder *folded, const float *tables, int prompt)
{
    const struct folded_tokens *tokens = &folded->tokens;
    if (prompt < tokens->first || prompt >= tokens->first + tokens->prompts)
        hold(folded, tables, prompt / folded->room_for * folded->room_for, folded->iou);
    return prompt - folded->tokens.first;
}
