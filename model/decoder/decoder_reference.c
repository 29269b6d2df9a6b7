/* Follows segment_anything/modeling/transformer.py (TwoWayTransformer) and mask_decoder.py, and
 * sam2/modeling/sam/mask_decoder.py where a model has what SAM 2 added; where it is EfficientSAM's,
 * efficient_sam/two_way_transformer.py and efficient_sam_decoder.py.
 * One prompt at a time; positions and tokens are rows, channels are columns. */
#include "model/decoder/decoder_reference.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* What one attention works on; rows are image positions or tokens. */
struct attention_scratch {
    float *q, *k, *v; /* [max(N, T)][C] */
    float *mix;       /* [max(N, T)][C]: weighted sums of v */
    float *scores;    /* [max(N, T)] of one query and head */
};

struct decoder_reference {
    const struct decoder_tensors *tensors;
    const struct hq_scratch *hq; /* NULL unless the model is a SAM-HQ */
    struct arena arena;          /* owns all arrays below */
    int token_count;             /* T of the batch */
    int current;                 /* the prompt whose queries and keys are held */
    bool has_masks;              /* whether the batch has mask prompts */
    float *batch_tokens;         /* [SAM_BATCH][T][C] */
    float *masks;                /* [SAM_BATCH][L][L], copies of the mask prompts */
    float *queries;              /* [T][C] */
    float *queries_pe;           /* [T][C]: queries + tokens */
    float *keys;                 /* [N][C] */
    float *keys_pe;              /* [N][C]: keys + positional encoding */
    float *update;               /* [max(N, T)][C]: what is added to queries or keys */
    float *hidden;               /* [T][hidden channels], of the MLPs */
    float *upscaled[2];          /* [G][4][C/4], [G][16][C/8]: one row of the grid */
    struct attention_scratch attention;
};

/* Floats of scratch for any of the small MLPs, and for the MLP of T tokens. */
static size_t hidden_size(const struct decoder_tensors *tensors)
{
    size_t size = (size_t)DECODER_TOKENS_MAX * tensors->mlp_width;
    const struct mlp *mlps[SAM_MASKS + 2] = {&tensors->iou, &tensors->hq.mlp};
    for (int i = 0; i < SAM_MASKS; i++)
        mlps[2 + i] = &tensors->hyper[i];
    for (int i = 0; i < SAM_MASKS + 2; i++) {
        size_t small = 2 * (size_t)mlp_width(mlps[i]);
        size = small > size ? small : size;
    }
    return size;
}

static void lay_out(void *context, struct arena *arena)
{
    struct decoder_reference *decoder = context;
    const struct decoder_tensors *tensors = decoder->tensors;
    size_t c = tensors->embed_dim;
    size_t n = tensors->positions;
    size_t t = DECODER_TOKENS_MAX;
    size_t rows = n > t ? n : t;
    decoder->batch_tokens = arena_floats(arena, SAM_BATCH * t, c);
    decoder->masks = arena_floats(arena, SAM_BATCH * 16, n);
    decoder->queries = arena_floats(arena, t, c);
    decoder->queries_pe = arena_floats(arena, t, c);
    decoder->keys = arena_floats(arena, n, c);
    decoder->keys_pe = arena_floats(arena, n, c);
    decoder->update = arena_floats(arena, rows, c);
    decoder->hidden = arena_floats(arena, hidden_size(tensors), 1);
    decoder->upscaled[0] = arena_floats(arena, tensors->grid, c);
    decoder->upscaled[1] = arena_floats(arena, tensors->grid, 2 * c);
    decoder->attention = (struct attention_scratch){
        .q = arena_floats(arena, rows, c),
        .k = arena_floats(arena, rows, c),
        .v = arena_floats(arena, rows, c),
        .mix = arena_floats(arena, rows, c),
        .scores = arena_floats(arena, rows, 1),
    };
}

struct decoder_reference *decoder_reference_new(const struct decoder_tensors *tensors,
                                                const struct hq_scratch *hq, struct error *error)
{
    const char *what = "scratch of the reference mask decoder";
    struct decoder_reference *decoder = memory_new(1, sizeof *decoder, what, error);
    if (!decoder)
        return NULL;
    decoder->tensors = tensors;
    decoder->hq = hq;
    if (arena_make(&decoder->arena, lay_out, decoder, what, error) == 0)
        return decoder;
    memory_free(decoder);
    return NULL;
}

void decoder_reference_free(struct decoder_reference *decoder)
{
    if (!decoder)
        return;
    arena_free(&decoder->arena);
    memory_free(decoder);
}

static void add(float *x, const float *y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] += y[i];
}

static void sum(float *out, const float *x, const float *y, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = x[i] + y[i];
}

/* x[n] = exp(x - max) / sum */
static void softmax(float *x, int n)
{
    float max = x[0];
    float total = 0;
    for (int i = 1; i < n; i++)
        max = x[i] > max ? x[i] : max;
    for (int i = 0; i < n; i++) {
        x[i] = expf(x[i] - max);
        total += x[i];
    }
    for (int i = 0; i < n; i++)
        x[i] /= total;
}

/* Rows of channels: tokens or positions of the image. */
struct rows {
    int count;
    const float *at; /* [count][C] */
};

/* mix[d] = softmax(q . k^T / sqrt(d)) @ v of one query and one head. Rows of q, k, v and mix lie
 * `width` floats apart. */
static void attend(const struct attention_scratch *scratch, int query, int head, int keys,
                   int width)
{
    int d = width / DECODER_HEADS;
    size_t at = (size_t)query * width + head * d;
    const float *q = scratch->q + at;
    const float *k = scratch->k + head * d;
    const float *v = scratch->v + head * d;
    float *mix = scratch->mix + at;
    float *scores = scratch->scores;
    float scale = 1 / sqrtf((float)d);
    for (int j = 0; j < keys; j++) {
        scores[j] = 0;
        for (int i = 0; i < d; i++)
            scores[j] += q[i] * k[(size_t)j * width + i];
        scores[j] *= scale;
    }
    softmax(scores, keys);
    memset(mix, 0, d * sizeof *mix);
    for (int j = 0; j < keys; j++)
        for (int i = 0; i < d; i++)
            mix[i] += scores[j] * v[(size_t)j * width + i];
}

/* out[q.count][C] = attention of q over the keys k and the values v[k.count][C]. */
static void attention_apply(const struct attention *attention,
                            const struct attention_scratch *scratch, struct rows q, struct rows k,
                            const float *v, float *out)
{
    int c = attention->q.in;
    int width = attention->q.out;
    linear_apply(&attention->q, q.count, q.at, c, scratch->q);
    linear_apply(&attention->k, k.count, k.at, c, scratch->k);
    linear_apply(&attention->v, k.count, v, c, scratch->v);
    for (int i = 0; i < q.count; i++)
        for (int head = 0; head < DECODER_HEADS; head++)
            attend(scratch, i, head, k.count, width);
    linear_apply(&attention->out, q.count, scratch->mix, width, out);
}

/* queries += attention of the tokens over the image. */
static void tokens_to_image(struct decoder_reference *decoder, const struct attention *attention,
                            const float *tokens)
{
    const struct decoder_tensors *tensors = decoder->tensors;
    size_t c = tensors->embed_dim;
    int t = decoder->token_count;
    const struct rows queries = {t, decoder->queries_pe};
    const struct rows keys = {tensors->positions, decoder->keys_pe};
    sum(decoder->queries_pe, decoder->queries, tokens, t * c);
    sum(decoder->keys_pe, decoder->keys, tensors->grid_encoding, tensors->positions * c);
    attention_apply(attention, &decoder->attention, queries, keys, decoder->keys, decoder->update);
    add(decoder->queries, decoder->update, t * c);
}

/* queries = queries + MLP(queries) */
static void token_mlp(const struct decoder_layer *layer, struct decoder_reference *decoder, int c)
{
    int t = decoder->token_count;
    int width = layer->mlp[0].out;
    linear_apply(&layer->mlp[0], t, decoder->queries, c, decoder->hidden);
    (decoder->tensors->efficient ? gelu_apply : relu_apply)(decoder->hidden, (size_t)t * width);
    linear_apply(&layer->mlp[1], t, decoder->hidden, width, decoder->update);
    add(decoder->queries, decoder->update, (size_t)t * c);
}

/* EfficientSAM's: after layer 0, the positional part becomes a part of the queries. */
static void efficient_self_attention(const struct decoder_layer *layer,
                                     struct decoder_reference *decoder, int c, bool first,
                                     const float *tokens)
{
    int t = decoder->token_count;
    const struct rows rows = {t, decoder->queries};
    if (!first)
        add(decoder->queries, tokens, (size_t)t * c);
    attention_apply(&layer->self, &decoder->attention, rows, rows, decoder->queries,
                    decoder->update);
    add(decoder->queries, decoder->update, (size_t)t * c);
}

/* Layer 0 has no positional part in its self-attention, and no residual. */
static void self_attention(const struct decoder_layer *layer, struct decoder_reference *decoder,
                           int c, bool first, const float *tokens)
{
    int t = decoder->token_count;
    struct rows rows = {t, decoder->queries};
    if (!first) {
        sum(decoder->queries_pe, decoder->queries, tokens, (size_t)t * c);
        rows.at = decoder->queries_pe;
    }
    attention_apply(&layer->self, &decoder->attention, rows, rows, decoder->queries,
                    decoder->update);
    if (first)
        memcpy(decoder->queries, decoder->update, (size_t)t * c * sizeof(float));
    else
        add(decoder->queries, decoder->update, (size_t)t * c);
}

static void layer_apply(struct decoder_reference *decoder, int index, const float *tokens)
{
    const struct decoder_tensors *tensors = decoder->tensors;
    const struct decoder_layer *layer = &tensors->layers[index];
    int c = tensors->embed_dim;
    int n = tensors->positions;
    int t = decoder->token_count;
    const struct rows positions = {n, decoder->keys_pe};
    const struct rows queries = {t, decoder->queries_pe};
    (tensors->efficient ? efficient_self_attention : self_attention)(layer, decoder, c, index == 0,
                                                                     tokens);
    norm_apply(&layer->norm[0], LAYER_NORM_EPS, t, decoder->queries);
    tokens_to_image(decoder, &layer->to_image, tokens);
    norm_apply(&layer->norm[1], LAYER_NORM_EPS, t, decoder->queries);
    token_mlp(layer, decoder, c);
    norm_apply(&layer->norm[2], LAYER_NORM_EPS, t, decoder->queries);
    sum(decoder->queries_pe, decoder->queries, tokens, (size_t)t * c);
    attention_apply(&layer->to_tokens, &decoder->attention, positions, queries, decoder->queries,
                    decoder->update);
    add(decoder->keys, decoder->update, (size_t)n * c);
    norm_apply(&layer->norm[3], LAYER_NORM_EPS, n, decoder->keys);
}

/* keys[N][C] = the transposed embedding + the dense embedding of the mask, or of no mask;
 * EfficientSAM has neither. */
static void set_keys(struct decoder_reference *decoder, const float *embedding, int prompt)
{
    const struct decoder_tensors *tensors = decoder->tensors;
    size_t c = tensors->embed_dim;
    size_t n = tensors->positions;
    if (decoder->has_masks)
        prompt_mask(&tensors->prompt, tensors->isa, decoder->masks + prompt * 16 * n,
                    decoder->keys);
    for (size_t i = 0; i < n; i++) {
        float *key = decoder->keys + i * c;
        if (!tensors->prompt.no_mask)
            memset(key, 0, c * sizeof *key);
        else if (!decoder->has_masks)
            memcpy(key, tensors->prompt.no_mask, c * sizeof *key);
        for (size_t j = 0; j < c; j++)
            key[j] += embedding[j * n + i];
    }
}

/* The two-way transformer for one prompt. Its outputs are then in queries and keys. */
static void transform(struct decoder_reference *decoder, const float *embedding, int prompt)
{
    const struct decoder_tensors *tensors = decoder->tensors;
    size_t tokens_size = (size_t)decoder->token_count * tensors->embed_dim;
    const float *tokens = decoder->batch_tokens + prompt * tokens_size;
    set_keys(decoder, embedding, prompt);
    memcpy(decoder->queries, tokens, tokens_size * sizeof(float));
    for (int i = 0; i < DECODER_LAYERS; i++)
        layer_apply(decoder, i, tokens);
    tokens_to_image(decoder, &tensors->final, tokens);
    norm_apply(&tensors->final_norm, LAYER_NORM_EPS, decoder->token_count, decoder->queries);
    decoder->current = prompt;
}

void decoder_reference_run(struct decoder_reference *decoder, const struct decoder_input *input,
                           const struct sam_prompts *prompts, float *iou)
{
    const struct decoder_tensors *tensors = decoder->tensors;
    size_t n = tensors->positions;
    decoder->token_count = decoder_token_count(tensors, prompts);
    decoder->has_masks = prompts->masks && tensors->prompt.no_mask;
    if (decoder->has_masks)
        memcpy(decoder->masks, prompts->masks, prompts->count * 16 * n * sizeof(float));
    for (int i = 0; i < prompts->count; i++)
        decoder_tokens(tensors, prompts, i, prompt_padding(&tensors->prompt, prompts),
                       decoder->batch_tokens +
                           (size_t)i * decoder->token_count * tensors->embed_dim);
    for (int i = 0; i < prompts->count; i++) {
        transform(decoder, input->embedding, i);
        decoder_iou(tensors, 1, decoder->queries + tensors->iou_at * tensors->embed_dim,
                    decoder->hidden, iou + i * SAM_MASKS);
    }
}

/* y[rows][4][out] = x[rows][in] through a transposed convolution; the 4 are dy, dx. */
static void upscale_apply(const struct convolution *convolution, enum isa isa, int rows,
                          const float *x, float *y)
{
    size_t in = convolution->in;
    size_t out = convolution->out;
    for (int i = 0; i < rows * 4; i++)
        memcpy(y + i * out, convolution->bias, out * sizeof *y);
    for (int k = 0; k < 4; k++) {
        struct matmul_view weight = {convolution->weight + k, 4 * out, 4};
        matmul(isa, (struct matmul_shape){rows, out, in}, matmul_rows(x, in), weight,
               matmul_add(y + k * out, 4 * out));
    }
}

/* Adds a grid row's high-resolution features to the pixels behind the first convolution ([G][4][C/4],
 * `steps` 1) or the second ([G][4][4][C/8], `steps` 2). Each step halves a pixel, first dy, dx. */
static void add_high(const struct decoder_input *input, const struct decoder_tensors *tensors,
                     int y, int steps, float *x)
{
    size_t channels = tensors->embed_dim / (steps == 1 ? 4 : 8);
    size_t each = (size_t)1 << steps; /* pixels along a cell's side */
    size_t side = each * tensors->grid;
    const float *high = input->high[steps == 1 ? 1 : 0] + y * each * side * channels;
    for (size_t cell = 0; cell < (size_t)tensors->grid; cell++)
        for (size_t i = 0; i < each * each; i++, x += channels) {
            size_t row = steps == 1 ? i >> 1 : 2 * (i >> 3) + (i >> 1 & 1);
            size_t column = steps == 1 ? i & 1 : 2 * (i >> 2 & 1) + (i & 1);
            add(x, high + (row * side + cell * each + column) * channels, channels);
        }
}

/* Logits of one row of the grid (4 rows of L pixels) of one mask, from pixels[G][4][4][C/8] and the
 * mask's weights hyper[C/8]. Pixel (dy, dx, ey, ex) of a cell lies at row 2 dy + ey, column
 * 2 dx + ex. */
static void mask_rows(int grid, int channels, const float *pixels, const float *hyper,
                      float *logits)
{
    for (int i = 0; i < grid * 16; i++, pixels += channels) {
        int y = 2 * (i >> 3 & 1) + (i >> 1 & 1);
        int x = 2 * (i >> 2 & 1) + (i & 1);
        float value = 0;
        for (int j = 0; j < channels; j++)
            value += hyper[j] * pixels[j];
        logits[(size_t)y * 4 * grid + 4 * (i >> 4) + x] = value;
    }
}

/* x[count][C/4] normalised by one mean and one variance of all its numbers: GroupNorm of one
 * group. */
static void norm_whole(const struct norm *norm, size_t count, float *x)
{
    size_t n = norm->width;
    double mean = 0, variance = 0;
    for (size_t i = 0; i < count * n; i++)
        mean += x[i];
    mean /= (double)(count * n);
    for (size_t i = 0; i < count * n; i++)
        variance += (x[i] - mean) * (x[i] - mean);
    variance /= (double)(count * n);
    float scale = (float)(1 / sqrt(variance + (double)LAYER_NORM_EPS));
    for (size_t i = 0; i < count * n; i++)
        x[i] = (x[i] - (float)mean) * scale * norm->weight[i % n] + norm->bias[i % n];
}

/* keys_pe[N][4][C/4]: EfficientSAM's first convolution of the whole image, and its norm. */
static void upscale_whole(struct decoder_reference *decoder)
{
    const struct decoder_tensors *tensors = decoder->tensors;
    size_t n = tensors->positions;
    upscale_apply(&tensors->upscale[0], tensors->isa, (int)n, decoder->keys, decoder->keys_pe);
    norm_whole(&tensors->upscale_norm, 4 * n, decoder->keys_pe);
}

/* decoder->upscaled[0]: one row of the grid behind the first convolution and its norm. */
static void upscale_first(struct decoder_reference *decoder, const struct decoder_input *input,
                          int y)
{
    const struct decoder_tensors *tensors = decoder->tensors;
    int g = tensors->grid;
    size_t at = (size_t)y * g * tensors->embed_dim;
    float *first = decoder->upscaled[0];
    if (tensors->efficient) {
        memcpy(first, decoder->keys_pe + at, (size_t)g * tensors->embed_dim * sizeof *first);
        return;
    }
    upscale_apply(&tensors->upscale[0], tensors->isa, g, decoder->keys + at, first);
    if (tensors->has_high)
        add_high(input, tensors, y, 1, first);
    norm_apply(&tensors->upscale_norm, LAYER_NORM_2D_EPS, 4 * g, first);
}

/* decoder->upscaled[1]: the upscaled pixels of one row of the grid. */
static void upscale_row(struct decoder_reference *decoder, const struct decoder_input *input, int y)
{
    const struct decoder_tensors *tensors = decoder->tensors;
    int c = tensors->embed_dim;
    int g = tensors->grid;
    float *first = decoder->upscaled[0];
    float *second = decoder->upscaled[1];
    upscale_first(decoder, input, y);
    gelu_apply(first, (size_t)g * c);
    upscale_apply(&tensors->upscale[1], tensors->isa, 4 * g, first, second);
    if (tensors->has_high)
        add_high(input, tensors, y, 2, second);
    gelu_apply(second, (size_t)g * 2 * c);
}

/* Copies the upscaled pixels of one row of the grid to SAM-HQ's plane. */
static void keep_upscaled(const struct decoder_reference *decoder, int y)
{
    const struct plane plane = hq_upscaled(&decoder->tensors->hq, decoder->hq);
    const float *pixels = decoder->upscaled[1];
    for (long i = 0; i < decoder->tensors->grid * 16; i++, pixels += plane.channels)
        memcpy(plane_at(&plane, 4 * y + 2 * (i >> 3 & 1) + (i >> 1 & 1),
                        4 * (i >> 4) + 2 * (i >> 2 & 1) + (i & 1)),
               pixels, plane.channels * sizeof *pixels);
}

void decoder_reference_logits(struct decoder_reference *decoder, const struct decoder_input *input,
                              int prompt, const int *which, int count, float *logits)
{
    const struct decoder_tensors *tensors = decoder->tensors;
    if (decoder->current != prompt)
        transform(decoder, input->embedding, prompt);
    int c = tensors->embed_dim;
    int g = tensors->grid;
    const float *tokens = decoder->queries + (tensors->iou_at + 1) * c; /* of the masks */
    float *hyper = decoder->update;                                     /* [count][C/8] */
    for (int m = 0; m < count; m++)
        mlp_apply(&tensors->hyper[which[m]], 1, tokens + which[m] * c, c, decoder->hidden,
                  hyper + m * (c / 8));
    if (decoder->hq)
        mlp_apply(&tensors->hq.mlp, 1, tokens + SAM_MASKS * c, c, decoder->hidden,
                  decoder->hq->hyper);
    if (tensors->efficient)
        upscale_whole(decoder);
    for (int y = 0; y < g; y++) {
        upscale_row(decoder, input, y);
        if (decoder->hq)
            keep_upscaled(decoder, y);
        for (int m = 0; m < count; m++)
            mask_rows(g, c / 8, decoder->upscaled[1], hyper + m * (c / 8),
                      logits + ((size_t)m * g + y) * 16 * g);
    }
}
