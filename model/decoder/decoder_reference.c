/* Follows segment_anything/modeling/transformer.py (TwoWayTransformer) and mask_decoder.py.
 * One prompt at a time; positions and tokens are rows, channels are columns. */
#include "model/decoder/decoder_reference.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

static const float layer_norm_eps = 1e-5f;
static const float layer_norm_2d_eps = 1e-6f;

/* What one attention works on; rows are image positions or tokens. */
struct attention_scratch {
    float *q, *k, *v; /* [max(N, T)][C] */
    float *mix;       /* [max(N, T)][C]: weighted sums of v */
    float *scores;    /* [max(N, T)] of one query and head */
};

struct decoder_plain {
    void *block;         /* owned: all arrays below */
    int token_count;     /* T of the batch */
    int current;         /* the prompt whose queries and keys are held */
    bool has_masks;      /* whether the batch has mask prompts */
    float *batch_tokens; /* [SAM_BATCH][T][C] */
    float *masks;        /* [SAM_BATCH][L][L], copies of the mask prompts */
    float *queries;      /* [T][C] */
    float *queries_pe;   /* [T][C]: queries + tokens */
    float *keys;         /* [N][C] */
    float *keys_pe;      /* [N][C]: keys + positional encoding */
    float *update;       /* [max(N, T)][C]: what is added to queries or keys */
    float *hidden;       /* [T][hidden channels], of the MLPs */
    float *upscaled[2];  /* [G][4][C/4], [G][16][C/8]: one row of the grid */
    struct attention_scratch attention;
};

static float *floats(struct arena *arena, size_t rows, size_t columns)
{
    return arena_take(arena, rows * columns, sizeof(float));
}

/* Floats that one of the small MLPs needs as scratch, and the token MLP for T tokens. */
static size_t hidden_size(const struct decoder_tensors *tensors)
{
    size_t size = (size_t)DECODER_TOKENS_MAX * tensors->mlp_width;
    for (int i = 0; i <= SAM_MASKS; i++) {
        const struct mlp *mlp = i < SAM_MASKS ? &tensors->hyper[i] : &tensors->iou;
        size_t small = 2 * (size_t)mlp_width(mlp);
        size = small > size ? small : size;
    }
    return size;
}

static void lay_out(const struct decoder_tensors *tensors, struct decoder_plain *plain,
                    struct arena *arena)
{
    size_t c = tensors->embed_dim;
    size_t n = tensors->positions;
    size_t t = DECODER_TOKENS_MAX;
    size_t rows = n > t ? n : t;
    plain->batch_tokens = floats(arena, SAM_BATCH * t, c);
    plain->masks = floats(arena, SAM_BATCH * 16, n);
    plain->queries = floats(arena, t, c);
    plain->queries_pe = floats(arena, t, c);
    plain->keys = floats(arena, n, c);
    plain->keys_pe = floats(arena, n, c);
    plain->update = floats(arena, rows, c);
    plain->hidden = floats(arena, hidden_size(tensors), 1);
    plain->upscaled[0] = floats(arena, tensors->grid, c);
    plain->upscaled[1] = floats(arena, tensors->grid, 2 * c);
    plain->attention = (struct attention_scratch){
        .q = floats(arena, rows, c),
        .k = floats(arena, rows, c),
        .v = floats(arena, rows, c),
        .mix = floats(arena, rows, c),
        .scores = floats(arena, rows, 1),
    };
}

struct decoder_plain *decoder_plain_new(const struct decoder_tensors *tensors, struct error *error)
{
    const char *what = "scratch of the plain mask decoder";
    struct decoder_plain *plain = memory_new(1, sizeof *plain, what, error);
    if (!plain)
        return NULL;
    struct arena arena = {0};
    lay_out(tensors, plain, &arena);
    plain->block = memory_new(arena.used, 1, what, error);
    if (!plain->block) {
        memory_free(plain);
        return NULL;
    }
    arena = (struct arena){.base = plain->block, .size = arena.used};
    lay_out(tensors, plain, &arena);
    return plain;
}

void decoder_plain_free(struct decoder_plain *plain)
{
    if (!plain)
        return;
    memory_free(plain->block);
    memory_free(plain);
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

/* mix[d] = softmax(q . k^T / sqrt(d)) @ v of one query and one head; rows of k and v lie `width`
 * floats apart. */
static void attend(const float *q, const float *k, const float *v, int keys, int width, int d,
                   float *scores, float *mix)
{
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

/* out[queries][C] = attention of q[queries][C] over k[keys][C] and v[keys][C]. */
static void attention_apply(const struct attention *attention, struct attention_scratch *scratch,
                            int queries, const float *q, int keys, const float *k, const float *v,
                            float *out)
{
    int c = attention->q.in;
    int width = attention->q.out;
    int d = width / DECODER_HEADS;
    linear_apply(&attention->q, queries, q, c, scratch->q);
    linear_apply(&attention->k, keys, k, c, scratch->k);
    linear_apply(&attention->v, keys, v, c, scratch->v);
    for (int i = 0; i < queries; i++)
        for (int head = 0; head < DECODER_HEADS; head++) {
            size_t at = (size_t)i * width + head * d;
            attend(scratch->q + at, scratch->k + head * d, scratch->v + head * d, keys, width, d,
                   scratch->scores, scratch->mix + at);
        }
    linear_apply(&attention->out, queries, scratch->mix, width, out);
}

/* queries += attention of the tokens over the image. */
static void tokens_to_image(const struct decoder_tensors *tensors, struct decoder_plain *plain,
                            const struct attention *attention, const float *tokens)
{
    size_t c = tensors->embed_dim;
    int t = plain->token_count;
    sum(plain->queries_pe, plain->queries, tokens, t * c);
    sum(plain->keys_pe, plain->keys, tensors->grid_encoding, tensors->positions * c);
    attention_apply(attention, &plain->attention, t, plain->queries_pe, tensors->positions,
                    plain->keys_pe, plain->keys, plain->update);
    add(plain->queries, plain->update, t * c);
}

/* queries = queries + MLP(queries) */
static void token_mlp(const struct decoder_layer *layer, struct decoder_plain *plain, int c)
{
    int t = plain->token_count;
    int width = layer->mlp[0].out;
    linear_apply(&layer->mlp[0], t, plain->queries, c, plain->hidden);
    relu_apply(plain->hidden, (size_t)t * width);
    linear_apply(&layer->mlp[1], t, plain->hidden, width, plain->update);
    add(plain->queries, plain->update, (size_t)t * c);
}

/* Layer 0 has no positional part in its self-attention, and no residual. */
static void self_attention(const struct decoder_layer *layer, struct decoder_plain *plain, int c,
                           bool first, const float *tokens)
{
    int t = plain->token_count;
    const float *q = plain->queries;
    if (!first) {
        sum(plain->queries_pe, plain->queries, tokens, (size_t)t * c);
        q = plain->queries_pe;
    }
    attention_apply(&layer->self, &plain->attention, t, q, t, q, plain->queries, plain->update);
    if (first)
        memcpy(plain->queries, plain->update, (size_t)t * c * sizeof(float));
    else
        add(plain->queries, plain->update, (size_t)t * c);
}

static void layer_apply(const struct decoder_tensors *tensors, struct decoder_plain *plain,
                        int index, const float *tokens)
{
    const struct decoder_layer *layer = &tensors->layers[index];
    int c = tensors->embed_dim;
    int n = tensors->positions;
    int t = plain->token_count;
    self_attention(layer, plain, c, index == 0, tokens);
    norm_apply(&layer->norm[0], layer_norm_eps, t, plain->queries);
    tokens_to_image(tensors, plain, &layer->to_image, tokens);
    norm_apply(&layer->norm[1], layer_norm_eps, t, plain->queries);
    token_mlp(layer, plain, c);
    norm_apply(&layer->norm[2], layer_norm_eps, t, plain->queries);
    sum(plain->queries_pe, plain->queries, tokens, (size_t)t * c);
    attention_apply(&layer->to_tokens, &plain->attention, n, plain->keys_pe, t, plain->queries_pe,
                    plain->queries, plain->update);
    add(plain->keys, plain->update, (size_t)n * c);
    norm_apply(&layer->norm[3], layer_norm_eps, n, plain->keys);
}

/* keys[N][C] = embedding, transposed, + the dense embedding of the mask or of no mask. */
static void set_keys(const struct decoder_tensors *tensors, struct decoder_plain *plain,
                     const float *embedding, int prompt)
{
    size_t c = tensors->embed_dim;
    size_t n = tensors->positions;
    if (plain->has_masks)
        prompt_mask(&tensors->prompt, plain->masks + prompt * 16 * n, plain->keys);
    for (size_t i = 0; i < n; i++) {
        float *key = plain->keys + i * c;
        if (!plain->has_masks)
            memcpy(key, tensors->prompt.no_mask, c * sizeof *key);
        for (size_t j = 0; j < c; j++)
            key[j] += embedding[j * n + i];
    }
}

/* The two-way transformer of one prompt: leaves its outputs in queries and keys. */
static void transform(const struct decoder_tensors *tensors, struct decoder_plain *plain,
                      const float *embedding, int prompt)
{
    size_t tokens_size = (size_t)plain->token_count * tensors->embed_dim;
    const float *tokens = plain->batch_tokens + prompt * tokens_size;
    set_keys(tensors, plain, embedding, prompt);
    memcpy(plain->queries, tokens, tokens_size * sizeof(float));
    for (int i = 0; i < DECODER_LAYERS; i++)
        layer_apply(tensors, plain, i, tokens);
    tokens_to_image(tensors, plain, &tensors->final, tokens);
    norm_apply(&tensors->final_norm, layer_norm_eps, plain->token_count, plain->queries);
    plain->current = prompt;
}

void decoder_plain_run(const struct decoder_tensors *tensors, struct decoder_plain *plain,
                       const float *embedding, const struct sam_prompts *prompts, float *iou)
{
    size_t n = tensors->positions;
    plain->token_count = decoder_token_count(prompts);
    plain->has_masks = prompts->masks;
    if (prompts->masks)
        memcpy(plain->masks, prompts->masks, prompts->count * 16 * n * sizeof(float));
    for (int i = 0; i < prompts->count; i++)
        decoder_tokens(tensors, prompts, i,
                       plain->batch_tokens + (size_t)i * plain->token_count * tensors->embed_dim);
    for (int i = 0; i < prompts->count; i++) {
        transform(tensors, plain, embedding, i);
        mlp_apply(&tensors->iou, 1, plain->queries, tensors->embed_dim, plain->hidden,
                  iou + i * SAM_MASKS);
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

static void gelu(float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = 0.5f * x[i] * (1 + erff(x[i] * (float)M_SQRT1_2));
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

void decoder_plain_logits(const struct decoder_tensors *tensors, struct decoder_plain *plain,
                          const float *embedding, int prompt, const int *which, int count,
                          float *logits)
{
    if (plain->current != prompt)
        transform(tensors, plain, embedding, prompt);
    int c = tensors->embed_dim;
    int g = tensors->grid;
    float *hyper = plain->update; /* [count][C/8] */
    for (int m = 0; m < count; m++)
        mlp_apply(&tensors->hyper[which[m]], 1, plain->queries + (1 + which[m]) * c, c,
                  plain->hidden, hyper + m * (c / 8));
    for (int y = 0; y < g; y++) {
        upscale_apply(&tensors->upscale[0], tensors->isa, g, plain->keys + (size_t)y * g * c,
                      plain->upscaled[0]);
        norm_apply(&tensors->upscale_norm, layer_norm_2d_eps, 4 * g, plain->upscaled[0]);
        gelu(plain->upscaled[0], (size_t)g * c);
        upscale_apply(&tensors->upscale[1], tensors->isa, 4 * g, plain->upscaled[0],
                      plain->upscaled[1]);
        gelu(plain->upscaled[1], (size_t)g * 2 * c);
        for (int m = 0; m < count; m++)
            mask_rows(g, c / 8, plain->upscaled[1], hyper + m * (c / 8),
                      logits + ((size_t)m * g + y) * 16 * g);
    }
}
