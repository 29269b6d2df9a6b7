#include "model/folded/folded_tokens.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/kernels/half16.h"
#include "model/kernels/kernels.h"

int folded_token_count(const struct decoder_tensors *tensors, const struct sam_prompts *prompts)
{
    bool padded = prompt_padding(&tensors->prompt, prompts) > 0;
    return tensors->outputs + prompt_own_tokens(prompts) + padded;
}

void folded_tokens_lay_out(struct folded_tokens *tokens, const struct decoder_tensors *tensors,
                           struct arena *arena)
{
    size_t c = tensors->embed_dim;
    float **arrays[] = {&tokens->all, &tokens->queries, &tokens->queries_pe, &tokens->update,
                        &tokens->q,   &tokens->k,       &tokens->v,          &tokens->mix};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = arena_take(arena, FOLDED_ROWS * c, sizeof(float));
    tokens->hidden = arena_take(arena, FOLDED_ROWS * (size_t)tensors->mlp_width, sizeof(float));
    tokens->keys = arena_take(arena, c, sizeof(float));
}

void folded_tokens_begin(struct folded_tokens *tokens, const struct decoder_tensors *tensors,
                         const struct sam_prompts *prompts)
{
    int padding = prompt_padding(&tensors->prompt, prompts);
    tokens->batch = prompts->count;
    tokens->first = 0;
    tokens->prompts = 0;
    tokens->count = folded_token_count(tensors, prompts);
    tokens->last_count = padding > 0 ? padding : 1;
    size_t prompt_size = (size_t)tokens->count * tensors->embed_dim;
    for (int i = 0; i < prompts->count; i++)
        decoder_tokens(tensors, prompts, i, padding > 0, tokens->all + i * prompt_size);
}

void folded_tokens_hold(struct folded_tokens *tokens, int embed_dim, int first, int prompts)
{
    size_t prompt_size = (size_t)tokens->count * embed_dim;
    tokens->first = first;
    tokens->prompts = prompts;
    tokens->tokens = tokens->all + first * prompt_size;
    memcpy(tokens->queries, tokens->tokens, prompts * prompt_size * sizeof(float));
}

void folded_tokens_add_pe(struct folded_tokens *tokens, int embed_dim)
{
    size_t count = (size_t)tokens->prompts * tokens->count * embed_dim;
    for (size_t i = 0; i < count; i++)
        tokens->queries_pe[i] = tokens->queries[i] + tokens->tokens[i];
}

static void normalise(const struct folded_tokens *tokens, enum isa isa, const struct norm *norm)
{
    struct layer_norm layer_norm = {norm->width, norm->weight, norm->bias, LAYER_NORM_EPS};
    kernels_for(isa)->layer_norm(&layer_norm, tokens->prompts * tokens->count, tokens->queries,
                                 norm->width, tokens->queries, norm->width);
}

/* s[T] = exp(s * scale - max) / sum, the last one times last_count. */
static void softmax(const struct folded_tokens *tokens, float *s, float scale)
{
    float max = s[0];
    float sum = 0;
    for (int i = 1; i < tokens->count; i++)
        max = s[i] > max ? s[i] : max;
    for (int i = 0; i < tokens->count; i++) {
        s[i] = expf((s[i] - max) * scale);
        if (i == tokens->count - 1)
            s[i] *= (float)tokens->last_count;
        sum += s[i];
    }
    for (int i = 0; i < tokens->count; i++)
        s[i] /= sum;
}

/* mix[T][d] of one head of one prompt, whose q, k, v and mix begin `at` floats into the arrays;
 * rows lie `row` = C floats apart. */
static void self_attend(const struct folded_tokens *tokens, const struct folded_kernels *kernels,
                        size_t row, size_t at)
{
    const size_t d = row / DECODER_HEADS;
    const size_t count = tokens->count;
    const float *k = tokens->k + at;
    const float *v = tokens->v + at;
    float *keys = tokens->keys; /* [d][8] */
    float *mix = tokens->mix + at;
    float scores[FOLDED_GROUPS_MAX][FOLDED_TOKENS_MAX * FOLDED_COLUMNS];
    for (size_t first = 0; first < count; first += FOLDED_COLUMNS) {
        for (size_t i = 0; i < d; i++)
            for (size_t t = 0; t < FOLDED_COLUMNS; t++)
                keys[i * FOLDED_COLUMNS + t] = first + t < count ? k[(first + t) * row + i] : 0;
        kernels->gemm_n8(count, d, tokens->q + at, row, 1, keys, 0, scores[first / FOLDED_COLUMNS]);
    }
    for (size_t t = 0; t < count; t++) {
        float probs[FOLDED_GROUPS_MAX * FOLDED_COLUMNS];
        float *out = mix + t * row;
        for (size_t u = 0; u < count; u++)
            probs[u] = scores[u / FOLDED_COLUMNS][t * FOLDED_COLUMNS + u % FOLDED_COLUMNS];
        softmax(tokens, probs, 1 / sqrtf((float)d));
        for (size_t i = 0; i < d; i++)
            out[i] = 0;
        for (size_t u = 0; u < count; u++)
            for (size_t i = 0; i < d; i++)
                out[i] += probs[u] * v[u * row + i];
    }
}

void folded_tokens_self(struct folded_tokens *tokens, const struct decoder_tensors *tensors,
                        int index)
{
    const struct attention *attention = &tensors->layers[index].self;
    const struct folded_kernels *kernels = folded_kernels_for(tensors->isa, NULL);
    int c = tensors->embed_dim;
    int rows = tokens->prompts * tokens->count;
    size_t d = c / DECODER_HEADS;
    bool residual = index > 0 || tensors->efficient;
    const float *x = tokens->queries;
    if (index > 0) {
        folded_tokens_add_pe(tokens, c);
        x = tokens->queries_pe;
    }
    if (index > 0 && tensors->efficient) /* for good */
        memcpy(tokens->queries, x, (size_t)rows * c * sizeof *x);
    linear_apply(&attention->q, rows, x, c, tokens->q);
    linear_apply(&attention->k, rows, x, c, tokens->k);
    linear_apply(&attention->v, rows, tokens->queries, c, tokens->v);
    for (int prompt = 0; prompt < tokens->prompts; prompt++)
        for (size_t head = 0; head < DECODER_HEADS; head++) {
            size_t at = (size_t)prompt * tokens->count * c + head * d;
            self_attend(tokens, kernels, c, at);
        }
    linear_apply(&attention->out, rows, tokens->mix, c, tokens->update);
    for (int i = 0; i < rows * c; i++)
        tokens->queries[i] = tokens->update[i] + (residual ? tokens->queries[i] : 0);
    normalise(tokens, tensors->isa, &tensors->layers[index].norm[0]);
}

/* queries = norm(queries + update) */
static void add_update(struct folded_tokens *tokens, const struct decoder_tensors *tensors,
                       const struct norm *norm)
{
    int count = tokens->prompts * tokens->count * tensors->embed_dim;
    for (int i = 0; i < count; i++)
        tokens->queries[i] += tokens->update[i];
    normalise(tokens, tensors->isa, norm);
}

/* y = x @ weight^T + bias. x[rows][in] becomes elements if the weights are. */
static void multiply(const struct linear *linear, int rows, float *x, float *y)
{
    const struct half16_kernel *half16 = linear->packed.half16;
    if (half16)
        half16->along(rows, linear->in, x, linear->in, x, linear->in);
    linear_apply(linear, rows, x, linear->in, y);
}

void folded_tokens_finish(struct folded_tokens *tokens, const struct decoder_tensors *tensors,
                          int index)
{
    const struct decoder_layer *layer = &tensors->layers[index];
    int rows = tokens->prompts * tokens->count;
    linear_apply(&layer->to_image.out, rows, tokens->mix, tensors->inner, tokens->update);
    add_update(tokens, tensors, &layer->norm[1]);
    memcpy(tokens->update, tokens->queries, (size_t)rows * tensors->embed_dim * sizeof(float));
    multiply(&layer->mlp[0], rows, tokens->update, tokens->hidden);
    if (tensors->efficient)
        kernels_for(tensors->isa)
            ->gelu(rows, tensors->mlp_width, tokens->hidden, tensors->mlp_width);
    else
        relu_apply(tokens->hidden, (size_t)rows * tensors->mlp_width);
    multiply(&layer->mlp[1], rows, tokens->hidden, tokens->update);
    add_update(tokens, tensors, &layer->norm[2]);
}
