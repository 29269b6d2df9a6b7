#include "model/folded/folded_weights.h"

#include <string.h>

#include "base/memory.h"
#include "model/kernels/half16.h"

/* Matrices that folding needs for a while, [D][C] unless said otherwise. */
struct fold_scratch {
    int c, d, m; /* C, D and mask_rows */
    enum isa isa;
    struct arena arena;  /* owns the arrays below */
    float *first;        /* P of the output rows of layer 0's image-to-tokens attention */
    float *first_scaled; /* P(g first) */
    float *second;       /* P of the output rows of layer 1's */
    float *constant;     /* [C]: P(b + bias of layer 1's output) */
    float *upscale;      /* [C][C]: row (s, o) = weights of pixel s and channel o, less the mean
                            over o but in EfficientSAM */
    float *zeros;        /* [C] */
    float *mask;         /* [m][C]: what each channel of a mask adds to the embedding */
    float *mask_centred; /* [m][C]: P of it */
    float *mask_scaled;  /* [m][C]: P(g P ...) of it */
    float *left, *right; /* [C][C], or [m][C] if that is more: operands under construction */
    float *product;      /* [D][C] */
};

bool folded_supports(const struct decoder_tensors *tensors)
{
    return tensors->embed_dim % 32 == 0;
}

/* Subtracts its mean from every row: rows @ P. */
static void centre(int rows, int width, float *x)
{
    for (int i = 0; i < rows; i++, x += width) {
        double mean = 0;
        for (int j = 0; j < width; j++)
            mean += x[j];
        for (int j = 0; j < width; j++)
            x[j] -= (float)(mean / width);
    }
}

/* out = x with column j times scale[j] */
static void scale_columns(int rows, int width, const float *x, const float *scale, float *out)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < width; j++)
            out[(size_t)i * width + j] = x[(size_t)i * width + j] * scale[j];
}

static void transpose(int rows, int width, const float *x, float *out)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < width; j++)
            out[(size_t)j * rows + i] = x[(size_t)i * width + j];
}

/* out[rows] = x[rows][width] @ vector */
static void times_vector(int rows, int width, const float *x, const float *vector, float *out)
{
    for (int i = 0; i < rows; i++) {
        double sum = 0;
        for (int j = 0; j < width; j++)
            sum += (double)x[(size_t)i * width + j] * vector[j];
        out[i] = (float)sum;
    }
}

static void lay_out_scratch(void *context, struct arena *arena)
{
    struct fold_scratch *scratch = context;
    size_t c = scratch->c;
    size_t d = scratch->d;
    scratch->first = arena_floats(arena, d, c);
    scratch->first_scaled = arena_floats(arena, d, c);
    scratch->second = arena_floats(arena, d, c);
    scratch->constant = arena_floats(arena, 1, c);
    scratch->upscale = arena_floats(arena, c, c);
    scratch->zeros = arena_floats(arena, 1, c);
    size_t m = scratch->m;
    scratch->mask = arena_floats(arena, m, c);
    scratch->mask_centred = arena_floats(arena, m, c);
    scratch->mask_scaled = arena_floats(arena, m, c);
    scratch->left = arena_floats(arena, m > c ? m : c, c);
    scratch->right = arena_floats(arena, m > c ? m : c, c);
    scratch->product = arena_floats(arena, d, c);
}

/* With a mask, the embedding gets mask_weight times the mask's channels and mask_bias instead of
 * no_mask, which is in the tables already. */
static void fill_mask(struct fold_scratch *scratch, const struct decoder_tensors *tensors)
{
    const struct prompt_weights *prompt = &tensors->prompt;
    const int c = scratch->c, m = scratch->m;
    if (m == 0)
        return;
    transpose(c, m - 1, prompt->mask_weight, scratch->mask);
    for (int i = 0; i < c; i++)
        scratch->mask[(size_t)(m - 1) * c + i] = prompt->mask_bias[i] - prompt->no_mask[i];
    memcpy(scratch->mask_centred, scratch->mask, (size_t)m * c * sizeof(float));
    centre(m, c, scratch->mask_centred);
    scale_columns(m, c, scratch->mask_centred, tensors->layers[0].norm[3].weight,
                  scratch->mask_scaled);
    centre(m, c, scratch->mask_scaled);
}

static void fill_scratch(struct fold_scratch *scratch, const struct decoder_tensors *tensors)
{
    int c = scratch->c;
    int d = scratch->d;
    const struct decoder_layer *layers = tensors->layers;
    transpose(c, d, layers[0].to_tokens.out.weight, scratch->first);
    centre(d, c, scratch->first);
    scale_columns(d, c, scratch->first, layers[0].norm[3].weight, scratch->first_scaled);
    centre(d, c, scratch->first_scaled);
    transpose(c, d, layers[1].to_tokens.out.weight, scratch->second);
    centre(d, c, scratch->second);
    for (int i = 0; i < c; i++)
        scratch->constant[i] = layers[0].norm[3].bias[i] + layers[1].to_tokens.out.bias[i];
    centre(1, c, scratch->constant);
    /* [in][o][s] -> [s][o][in], the mean over o taken out */
    memset(scratch->zeros, 0, (size_t)c * sizeof(float));
    int quarter = c / 4;
    float *by_input = scratch->left;
    for (int i = 0; i < c; i++)
        for (int s = 0; s < 4; s++)
            for (int o = 0; o < quarter; o++)
                by_input[(size_t)i * c + s * quarter + o] =
                    tensors->upscale[0].weight[((size_t)i * quarter + o) * 4 + s];
    if (!tensors->efficient)
        centre(4 * c, quarter, by_input);
    transpose(c, c, by_input, scratch->upscale);
}

/* map = left[D][C] @ right[columns][C]^T */
static int make_map(struct folded_map *map, struct fold_scratch *scratch, const float *left,
                    const float *right, int columns, struct error *error)
{
    const char *what = "folded weights of the mask decoder";
    int c = scratch->c;
    int head = scratch->d / DECODER_HEADS;
    matmul(scratch->isa, (struct matmul_shape){scratch->d, columns, c}, matmul_rows(left, c),
           matmul_transposed(right, c), matmul_set(scratch->product, columns));
    map->inner = scratch->d;
    map->columns = columns;
    for (int h = 0; h < DECODER_HEADS; h++) {
        struct matmul_right part = {
            head, columns, matmul_rows(scratch->product + (size_t)h * head * columns, columns),
            NULL};
        if (matmul_pack(&map->heads[h], scratch->isa, part, what, error))
            return -1;
    }
    struct matmul_right all = {scratch->d, columns, matmul_rows(scratch->product, columns), NULL};
    return matmul_pack(&map->all, scratch->isa, all, what, error);
}

static int make_first_maps(struct folded_map *maps, struct fold_scratch *scratch,
                           const struct decoder_tensors *tensors, struct error *error)
{
    int c = scratch->c;
    int d = scratch->d;
    const struct decoder_layer *layer = &tensors->layers[1];
    const struct attention *last = &tensors->final;
    const float *scaled = scratch->left;
    if (make_map(&maps[FOLDED_FIRST_GRAM], scratch, scratch->first, scratch->first, d, error) ||
        make_map(&maps[FOLDED_FIRST_GRAM_SCALED], scratch, scratch->first_scaled,
                 scratch->first_scaled, d, error) ||
        make_map(&maps[FOLDED_FIRST_CROSS], scratch, scratch->first_scaled, scratch->second, d,
                 error))
        return -1;
    scale_columns(d, c, scratch->first, tensors->layers[0].norm[3].weight, scratch->left);
    if (make_map(&maps[FOLDED_FIRST_KEYS], scratch, scaled, layer->to_image.k.weight, d, error) ||
        make_map(&maps[FOLDED_FIRST_VALUES], scratch, scaled, layer->to_image.v.weight, d, error) ||
        make_map(&maps[FOLDED_FIRST_QUERIES], scratch, scaled, layer->to_tokens.q.weight, d, error))
        return -1;
    scale_columns(d, c, scratch->first_scaled, layer->norm[3].weight, scratch->left);
    return make_map(&maps[FOLDED_FIRST_LAST_KEYS], scratch, scaled, last->k.weight, d, error) ||
                   make_map(&maps[FOLDED_FIRST_LAST_VALUES], scratch, scaled, last->v.weight, d,
                            error) ||
                   make_map(&maps[FOLDED_FIRST_UPSCALE], scratch, scaled, scratch->upscale, c,
                            error)
               ? -1
               : 0;
}

static int make_second_maps(struct folded_map *maps, struct fold_scratch *scratch,
                            const struct decoder_tensors *tensors, struct error *error)
{
    int d = scratch->d;
    const struct attention *last = &tensors->final;
    if (make_map(&maps[FOLDED_SECOND_GRAM], scratch, scratch->second, scratch->second, d, error))
        return -1;
    scale_columns(d, scratch->c, scratch->second, tensors->layers[1].norm[3].weight, scratch->left);
    return make_map(&maps[FOLDED_SECOND_LAST_KEYS], scratch, scratch->left, last->k.weight, d,
                    error) ||
                   make_map(&maps[FOLDED_SECOND_LAST_VALUES], scratch, scratch->left,
                            last->v.weight, d, error) ||
                   make_map(&maps[FOLDED_SECOND_UPSCALE], scratch, scratch->left, scratch->upscale,
                            scratch->c, error)
               ? -1
               : 0;
}

/* The parts of X2, and of the keys after both norms, that depend on no token. */
static void make_constants(struct folded_weights *weights, struct fold_scratch *scratch,
                           const struct decoder_tensors *tensors)
{
    int c = scratch->c;
    int d = scratch->d;
    const struct decoder_layer *layer = &tensors->layers[1];
    const struct attention *last = &tensors->final;
    times_vector(d, c, scratch->first_scaled, scratch->constant, weights->first_constant);
    times_vector(d, c, scratch->second, scratch->constant, weights->second_constant);
    times_vector(1, c, scratch->constant, scratch->constant, &weights->constant_square);
    float *scaled = scratch->left;
    scale_columns(1, c, scratch->constant, layer->norm[3].weight, scaled);
    times_vector(d, c, last->k.weight, scaled, weights->last_keys_constant);
    times_vector(d, c, last->v.weight, scaled, weights->last_values_constant);
    times_vector(c, c, scratch->upscale, scaled, weights->upscale_constant);
    times_vector(d, c, layer->to_image.v.weight, tensors->layers[0].norm[3].bias,
                 weights->values_bias);
    times_vector(d, c, last->v.weight, layer->norm[3].bias, weights->last_values_bias);
    times_vector(c, c, scratch->upscale, layer->norm[3].bias, weights->upscale_bias);
    for (int i = 0; i < d; i++) {
        weights->values_bias[i] += layer->to_image.v.bias[i];
        weights->last_values_bias[i] += last->v.bias[i];
    }
    float *bias = scratch->right; /* of the first transposed convolution, the mean taken out */
    memcpy(bias, tensors->upscale[0].bias, c / 4 * sizeof *bias);
    if (!tensors->efficient)
        centre(1, c / 4, bias);
    for (int pixel = 0; pixel < 4; pixel++)
        for (int i = 0; i < c / 4; i++)
            weights->upscale_bias[pixel * (c / 4) + i] += bias[i];
}

/* Which rows of table_weight and table_bias a table has. */
struct table_place {
    int first, count;
};

/* Table number `table`, of D rows. */
static struct table_place place_of(const struct fold_scratch *scratch, enum folded_table table)
{
    return (struct table_place){(int)table * scratch->d, scratch->d};
}

/* A table that applies rows[count][C] to embedding + `added`, plus bias (NULL: zeros). */
static void add_table(struct folded_weights *weights, int c, struct table_place place,
                      const float *rows, const float *added, const float *bias)
{
    float *table_bias = weights->table_bias + place.first;
    memcpy(weights->table_weight + (size_t)place.first * c, rows,
           (size_t)place.count * c * sizeof(float));
    times_vector(place.count, c, rows, added, table_bias);
    for (int i = 0; bias && i < place.count; i++)
        table_bias[i] += bias[i];
}

/* A table that applies rows[count][C] to g E, where E = P(embedding + e_bias). */
static void add_table_of_e(struct folded_weights *weights, struct fold_scratch *scratch,
                           struct table_place place, const float *rows, const float *g)
{
    scale_columns(place.count, scratch->c, rows, g, scratch->right);
    centre(place.count, scratch->c, scratch->right);
    add_table(weights, scratch->c, place, scratch->right, weights->e_bias, NULL);
}

/* A table that applies rows[count][C] to g2 P(g E), or to P(g E) where g2 is NULL. */
static void add_table_of_scaled_e(struct folded_weights *weights, struct fold_scratch *scratch,
                                  struct table_place place, const float *rows, const float *g2,
                                  const float *g)
{
    int c = scratch->c;
    for (int i = 0; i < place.count; i++)
        for (int j = 0; j < c; j++)
            scratch->left[(size_t)i * c + j] = rows[(size_t)i * c + j] * (g2 ? g2[j] : 1);
    centre(place.count, c, scratch->left);
    add_table_of_e(weights, scratch, place, scratch->left, g);
}

static void make_tables(struct folded_weights *weights, struct fold_scratch *scratch,
                        const struct decoder_tensors *tensors)
{
    int c = scratch->c;
    int d = scratch->d;
    const struct decoder_layer *layers = tensors->layers;
    const float *no_mask = tensors->prompt.no_mask ? tensors->prompt.no_mask : scratch->zeros;
    const float *g = layers[0].norm[3].weight;
    const float *g2 = layers[1].norm[3].weight;
    for (int i = 0; i < c; i++)
        weights->e_bias[i] = no_mask[i] + layers[0].to_tokens.out.bias[i];
    const struct table_place upscale = {FOLDED_TABLES * d, c};
    const struct table_place mask = {(int)folded_mask_row(weights), scratch->m};
    const struct table_place mask_scaled = {mask.first + scratch->m, scratch->m};
    const struct table_place constant = {weights->linear_rows - 1, 1};
    const struct linear *k = &layers[0].to_image.k;
    const struct linear *v = &layers[0].to_image.v;
    const struct linear *q = &layers[0].to_tokens.q;
    add_table(weights, c, place_of(scratch, FOLDED_TABLE_K0), k->weight, no_mask, k->bias);
    add_table(weights, c, place_of(scratch, FOLDED_TABLE_V0), v->weight, no_mask, v->bias);
    add_table(weights, c, place_of(scratch, FOLDED_TABLE_Q0), q->weight, no_mask, q->bias);
    add_table(weights, c, place_of(scratch, FOLDED_TABLE_CE), scratch->first, weights->e_bias,
              NULL);
    add_table_of_scaled_e(weights, scratch, place_of(scratch, FOLDED_TABLE_X0),
                          scratch->first_scaled, NULL, g);
    add_table_of_e(weights, scratch, place_of(scratch, FOLDED_TABLE_EK),
                   layers[1].to_image.k.weight, g);
    add_table_of_e(weights, scratch, place_of(scratch, FOLDED_TABLE_EV),
                   layers[1].to_image.v.weight, g);
    add_table_of_e(weights, scratch, place_of(scratch, FOLDED_TABLE_EQ),
                   layers[1].to_tokens.q.weight, g);
    add_table_of_scaled_e(weights, scratch, place_of(scratch, FOLDED_TABLE_X1), scratch->second,
                          NULL, g);
    add_table_of_scaled_e(weights, scratch, place_of(scratch, FOLDED_TABLE_FK),
                          tensors->final.k.weight, g2, g);
    add_table_of_scaled_e(weights, scratch, place_of(scratch, FOLDED_TABLE_FV),
                          tensors->final.v.weight, g2, g);
    add_table_of_scaled_e(weights, scratch, upscale, scratch->upscale, g2, g);
    add_table_of_scaled_e(weights, scratch, constant, scratch->constant, NULL, g);
    add_table(weights, c, mask, scratch->mask_centred, weights->e_bias, NULL);
    add_table_of_scaled_e(weights, scratch, mask_scaled, scratch->mask_scaled, NULL, g);
}

/* out[m][rows] = mask[m][C] @ right[rows][C]^T */
static void times_mask(const struct fold_scratch *scratch, const float *mask, int rows,
                       const float *right, float *out)
{
    matmul(scratch->isa, (struct matmul_shape){scratch->m, rows, scratch->c},
           matmul_rows(mask, scratch->c), matmul_transposed(right, scratch->c),
           matmul_set(out, rows));
}

/* What a mask adds to the tables, which are made. */
static void make_masks(struct folded_weights *weights, const struct fold_scratch *scratch)
{
    times_mask(scratch, scratch->mask, weights->linear_rows, weights->table_weight,
               weights->mask_weight);
    times_mask(scratch, scratch->mask_centred, scratch->m, scratch->mask_centred,
               weights->mask_gram);
    times_mask(scratch, scratch->mask_scaled, scratch->m, scratch->mask_scaled,
               weights->mask_gram_scaled);
}

/* out[D][STRIP] of each strip: weight[D][C] @ positional encoding + bias (NULL: zeros). Strips of
 * out lie `tables` arrays apart. */
static void make_encoding(const struct folded_weights *weights,
                          const struct decoder_tensors *tensors, const float *weight,
                          const float *bias, int tables, float *out)
{
    size_t c = tensors->embed_dim;
    size_t d = tensors->inner;
    for (int strip = 0; strip < weights->strips; strip++, out += tables * d * FOLDED_STRIP) {
        size_t first = (size_t)strip * FOLDED_STRIP;
        size_t left = tensors->positions - first;
        for (size_t i = 0; i < d * FOLDED_STRIP; i++)
            out[i] = bias ? bias[i / FOLDED_STRIP] : 0;
        struct matmul_shape shape = {d, left < FOLDED_STRIP ? left : FOLDED_STRIP, c};
        matmul(tensors->isa, shape, matmul_rows(weight, c),
               matmul_transposed(tensors->grid_encoding + first * c, c),
               matmul_add(out, FOLDED_STRIP));
    }
}

static void make_encodings(struct folded_weights *weights, struct fold_scratch *scratch,
                           const struct decoder_tensors *tensors)
{
    const struct decoder_layer *layers = tensors->layers;
    const struct linear *q = &layers[1].to_tokens.q;
    const size_t table = (size_t)tensors->inner * FOLDED_STRIP; /* floats of a table in a strip */
    float *bias = scratch->left; /* [D]: queries of layer 1 for keys that are the norm's bias */
    times_vector(scratch->d, scratch->c, q->weight, layers[0].norm[3].bias, bias);
    for (int i = 0; i < scratch->d; i++)
        bias[i] += q->bias[i];
    make_encoding(weights, tensors, layers[0].to_image.k.weight, NULL, 2, weights->image_pe);
    make_encoding(weights, tensors, layers[0].to_tokens.q.weight, NULL, 2,
                  weights->image_pe + table);
    make_encoding(weights, tensors, layers[1].to_image.k.weight, NULL, 3, weights->pe);
    make_encoding(weights, tensors, q->weight, bias, 3, weights->pe + table);
    make_encoding(weights, tensors, tensors->final.k.weight, NULL, 3, weights->pe + 2 * table);
}

/* What lay_out needs. */
struct fold {
    struct folded_weights *weights;
    const struct decoder_tensors *tensors;
};

static void lay_out(void *context, struct arena *arena)
{
    const struct fold *fold = context;
    struct folded_weights *weights = fold->weights;
    size_t c = fold->tensors->embed_dim;
    size_t d = fold->tensors->inner;
    weights->table_weight = arena_floats(arena, weights->linear_rows, c);
    weights->table_bias = arena_floats(arena, weights->linear_rows, 1);
    weights->e_bias = arena_floats(arena, c, 1);
    weights->image_pe = arena_floats(arena, (size_t)weights->strips * 2 * d, FOLDED_STRIP);
    weights->pe = arena_floats(arena, (size_t)weights->strips * 3 * d, FOLDED_STRIP);
    weights->first_constant = arena_floats(arena, d, 1);
    weights->second_constant = arena_floats(arena, d, 1);
    weights->last_keys_constant = arena_floats(arena, d, 1);
    weights->last_values_constant = arena_floats(arena, d, 1);
    weights->upscale_constant = arena_floats(arena, c, 1);
    weights->values_bias = arena_floats(arena, d, 1);
    weights->last_values_bias = arena_floats(arena, d, 1);
    weights->upscale_bias = arena_floats(arena, c, 1);
    weights->upscale_conv = arena_floats(arena, c / 4, c / 2);
    size_t m = weights->mask_rows;
    weights->mask_weight = arena_floats(arena, m, weights->linear_rows);
    weights->mask_gram = arena_floats(arena, m, m);
    weights->mask_gram_scaled = arena_floats(arena, m, m);
}

static void make_upscale_conv(struct folded_weights *weights, const struct decoder_tensors *tensors)
{
    const size_t rows = tensors->embed_dim / 4, columns = tensors->embed_dim / 2;
    memcpy(weights->upscale_conv, tensors->upscale[1].weight, rows * columns * sizeof(float));
    folded_pack(tensors->half16, rows, columns, weights->upscale_conv);
}

static int fill(struct folded_weights *weights, struct fold_scratch *scratch,
                const struct decoder_tensors *tensors, struct error *error)
{
    fill_scratch(scratch, tensors);
    fill_mask(scratch, tensors);
    make_tables(weights, scratch, tensors);
    make_masks(weights, scratch);
    make_encodings(weights, scratch, tensors);
    make_constants(weights, scratch, tensors);
    make_upscale_conv(weights, tensors);
    if (make_first_maps(weights->maps, scratch, tensors, error))
        return -1;
    return make_second_maps(weights->maps, scratch, tensors, error);
}

int folded_weights_make(struct folded_weights *weights, const struct decoder_tensors *tensors,
                        struct error *error)
{
    const char *what = "folded weights of the mask decoder";
    struct fold fold = {weights, tensors};
    const int channels = prompt_mask_channels(&tensors->prompt);
    weights->mask_rows = channels ? channels + 1 : 0;
    struct fold_scratch scratch = {
        .c = tensors->embed_dim, .d = tensors->inner, .m = weights->mask_rows, .isa = tensors->isa};
    weights->strips = (tensors->positions + FOLDED_STRIP - 1) / FOLDED_STRIP;
    weights->linear_rows =
        FOLDED_TABLES * tensors->inner + tensors->embed_dim + 2 * weights->mask_rows + 1;
    weights->rows = weights->linear_rows + 2 + (tensors->has_high ? 3 * tensors->embed_dim : 0);
    if (tensors->half16) {
        weights->element_row = weights->rows;
        weights->element_rows = FOLDED_TABLES * tensors->inner / 2;
    }
    weights->rows += weights->element_rows;
    if (arena_make(&weights->arena, lay_out, &fold, what, error) ||
        arena_make(&scratch.arena, lay_out_scratch, &scratch, what, error))
        return -1;
    int result = fill(weights, &scratch, tensors, error);
    arena_free(&scratch.arena);
    return result;
}

void folded_weights_free(struct folded_weights *weights)
{
    for (int i = 0; i < FOLDED_MAPS; i++) {
        matmul_packed_free(&weights->maps[i].all);
        for (int h = 0; h < DECODER_HEADS; h++)
            matmul_packed_free(&weights->maps[i].heads[h]);
    }
    arena_free(&weights->arena);
}

void folded_map_rows(const struct folded_map *map, int kept, const float *values, float *z)
{
    int head = map->inner / DECODER_HEADS;
    for (int h = 0; h < DECODER_HEADS; h++)
        matmul_packed(kept, matmul_rows(values + h * head, map->inner), &map->heads[h],
                      matmul_set(z + (size_t)h * kept * map->columns, map->columns));
}

void folded_pack(const struct half16_kernel *half16, size_t rows, size_t columns, float *w)
{
    if (half16)
        half16->across(rows, columns, w, columns, w, columns);
}

void folded_map_constant(const struct folded_map *map, const float *values, float *z)
{
    matmul_packed(1, matmul_rows(values, map->inner), &map->all, matmul_set(z, map->columns));
}
