#include "model/folded/folded_weights.h"

#include <string.h>

#include "base/memory.h"

/* Matrices that are needed while folding, [D][C] unless said otherwise. */
struct workshop {
    int c, d; /* C and D */
    enum isa isa;
    float *first;        /* P of the output rows of layer 0's image-to-tokens attention */
    float *first_scaled; /* P(g first) */
    float *second;       /* P of the output rows of layer 1's */
    float *shift;        /* [C]: P(b + bias of layer 1's output) */
    float *upscale;      /* [C][C]: row (s, o) = weights of pixel s and channel o, less the mean
                            over o */
    float *left, *right; /* [C][C]: operands under construction */
    float *product;      /* [D][C] */
};

bool decoder_fold_serves(const struct decoder_tensors *tensors)
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

static float *floats(struct arena *arena, size_t rows, size_t columns)
{
    return arena_take(arena, rows * columns, sizeof(float));
}

static void lay_out_workshop(struct workshop *shop, struct arena *arena)
{
    size_t c = shop->c;
    size_t d = shop->d;
    shop->first = floats(arena, d, c);
    shop->first_scaled = floats(arena, d, c);
    shop->second = floats(arena, d, c);
    shop->shift = floats(arena, 1, c);
    shop->upscale = floats(arena, c, c);
    shop->left = floats(arena, c, c);
    shop->right = floats(arena, c, c);
    shop->product = floats(arena, d, c);
}

static void fill_workshop(struct workshop *shop, const struct decoder_tensors *tensors)
{
    int c = shop->c;
    int d = shop->d;
    const struct decoder_layer *layers = tensors->layers;
    transpose(c, d, layers[0].to_tokens.out.weight, shop->first);
    centre(d, c, shop->first);
    scale_columns(d, c, shop->first, layers[0].norm[3].gain, shop->first_scaled);
    centre(d, c, shop->first_scaled);
    transpose(c, d, layers[1].to_tokens.out.weight, shop->second);
    centre(d, c, shop->second);
    for (int i = 0; i < c; i++)
        shop->shift[i] = layers[0].norm[3].shift[i] + layers[1].to_tokens.out.bias[i];
    centre(1, c, shop->shift);
    /* [in][o][s] -> [s][o][in], the mean over o taken out */
    int quarter = c / 4;
    float *by_input = shop->left;
    for (int i = 0; i < c; i++)
        for (int s = 0; s < 4; s++)
            for (int o = 0; o < quarter; o++)
                by_input[(size_t)i * c + s * quarter + o] =
                    tensors->upscale[0].weight[((size_t)i * quarter + o) * 4 + s];
    centre(4 * c, quarter, by_input);
    transpose(c, c, by_input, shop->upscale);
}

/* map = left[D][C] @ right[columns][C]^T */
static int make_map(struct fold_map *map, struct workshop *shop, const float *left,
                    const float *right, int columns, struct error *error)
{
    const char *what = "folded weights of the mask decoder";
    int c = shop->c;
    int head = shop->d / DECODER_HEADS;
    matmul(shop->isa, (struct matmul_shape){shop->d, columns, c}, matmul_rows(left, c),
           matmul_transposed(right, c), matmul_set(shop->product, columns));
    map->columns = columns;
    for (int h = 0; h < DECODER_HEADS; h++) {
        struct matmul_right part = {
            head, columns, matmul_rows(shop->product + (size_t)h * head * columns, columns), NULL};
        if (matmul_pack(&map->heads[h], shop->isa, part, what, error))
            return -1;
    }
    struct matmul_right all = {shop->d, columns, matmul_rows(shop->product, columns), NULL};
    return matmul_pack(&map->all, shop->isa, all, what, error);
}

static int make_first_maps(struct fold_map *maps, struct workshop *shop,
                           const struct decoder_tensors *tensors, struct error *error)
{
    int c = shop->c;
    int d = shop->d;
    const struct decoder_layer *layer = &tensors->layers[1];
    const struct attention *last = &tensors->final;
    const float *scaled = shop->left;
    if (make_map(&maps[FIRST_GRAM], shop, shop->first, shop->first, d, error) ||
        make_map(&maps[FIRST_GRAM_SCALED], shop, shop->first_scaled, shop->first_scaled, d,
                 error) ||
        make_map(&maps[FIRST_CROSS], shop, shop->first_scaled, shop->second, d, error))
        return -1;
    scale_columns(d, c, shop->first, tensors->layers[0].norm[3].gain, shop->left);
    if (make_map(&maps[FIRST_KEYS], shop, scaled, layer->to_image.k.weight, d, error) ||
        make_map(&maps[FIRST_VALUES], shop, scaled, layer->to_image.v.weight, d, error) ||
        make_map(&maps[FIRST_QUERIES], shop, scaled, layer->to_tokens.q.weight, d, error))
        return -1;
    scale_columns(d, c, shop->first_scaled, layer->norm[3].gain, shop->left);
    return make_map(&maps[FIRST_LAST_KEYS], shop, scaled, last->k.weight, d, error) ||
                   make_map(&maps[FIRST_LAST_VALUES], shop, scaled, last->v.weight, d, error) ||
                   make_map(&maps[FIRST_UPSCALE], shop, scaled, shop->upscale, c, error)
               ? -1
               : 0;
}

static int make_second_maps(struct fold_map *maps, struct workshop *shop,
                            const struct decoder_tensors *tensors, struct error *error)
{
    int d = shop->d;
    const struct attention *last = &tensors->final;
    if (make_map(&maps[SECOND_GRAM], shop, shop->second, shop->second, d, error))
        return -1;
    scale_columns(d, shop->c, shop->second, tensors->layers[1].norm[3].gain, shop->left);
    return make_map(&maps[SECOND_LAST_KEYS], shop, shop->left, last->k.weight, d, error) ||
                   make_map(&maps[SECOND_LAST_VALUES], shop, shop->left, last->v.weight, d,
                            error) ||
                   make_map(&maps[SECOND_UPSCALE], shop, shop->left, shop->upscale, shop->c, error)
               ? -1
               : 0;
}

/* What depends on no token: the constant part of X2, and of the keys after both norms. */
static void make_shifts(struct decoder_fold *fold, struct workshop *shop,
                        const struct decoder_tensors *tensors)
{
    int c = shop->c;
    int d = shop->d;
    const struct decoder_layer *layer = &tensors->layers[1];
    const struct attention *last = &tensors->final;
    times_vector(d, c, shop->first_scaled, shop->shift, fold->first_shift);
    times_vector(d, c, shop->second, shop->shift, fold->second_shift);
    times_vector(1, c, shop->shift, shop->shift, &fold->shift_square);
    float *scaled = shop->left;
    scale_columns(1, c, shop->shift, layer->norm[3].gain, scaled);
    times_vector(d, c, last->k.weight, scaled, fold->last_keys_shift);
    times_vector(d, c, last->v.weight, scaled, fold->last_values_shift);
    times_vector(c, c, shop->upscale, scaled, fold->upscale_shift);
    times_vector(d, c, layer->to_image.v.weight, tensors->layers[0].norm[3].shift,
                 fold->values_bias);
    times_vector(d, c, last->v.weight, layer->norm[3].shift, fold->last_values_bias);
    times_vector(c, c, shop->upscale, layer->norm[3].shift, fold->upscale_bias);
    for (int i = 0; i < d; i++) {
        fold->values_bias[i] += layer->to_image.v.bias[i];
        fold->last_values_bias[i] += last->v.bias[i];
    }
    float *bias = shop->right; /* of the first transposed convolution, the mean taken out */
    memcpy(bias, tensors->upscale[0].bias, c / 4 * sizeof *bias);
    centre(1, c / 4, bias);
    for (int pixel = 0; pixel < 4; pixel++)
        for (int i = 0; i < c / 4; i++)
            fold->upscale_bias[pixel * (c / 4) + i] += bias[i];
}

/* Rows of table_weight and table_bias from `first`: rows[count][C] applied to the embedding plus
 * `added`, plus bias (NULL: zeros). */
static void add_table(struct decoder_fold *fold, int c, int first, int count, const float *rows,
                      const float *added, const float *bias)
{
    memcpy(fold->table_weight + (size_t)first * c, rows, (size_t)count * c * sizeof(float));
    times_vector(count, c, rows, added, fold->table_bias + first);
    for (int i = 0; bias && i < count; i++)
        fold->table_bias[first + i] += bias[i];
}

/* As add_table, for rows that are applied to E = P(embedding + e_bias). */
static void add_table_of_e(struct decoder_fold *fold, struct workshop *shop, int first, int count,
                           const float *rows, const float *scale)
{
    scale_columns(count, shop->c, rows, scale, shop->right);
    centre(count, shop->c, shop->right);
    add_table(fold, shop->c, first, count, shop->right, fold->e_bias, NULL);
}

/* As add_table, for rows that are applied to P(g E) after a multiplication by `scale`. */
static void add_table_of_scaled_e(struct decoder_fold *fold, struct workshop *shop, int first,
                                  int count, const float *rows, const float *scale,
                                  const float *gain)
{
    int c = shop->c;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < c; j++)
            shop->left[(size_t)i * c + j] = rows[(size_t)i * c + j] * (scale ? scale[j] : 1);
    centre(count, c, shop->left);
    add_table_of_e(fold, shop, first, count, shop->left, gain);
}

static void make_tables(struct decoder_fold *fold, struct workshop *shop,
                        const struct decoder_tensors *tensors)
{
    int c = shop->c;
    int d = shop->d;
    const struct decoder_layer *layers = tensors->layers;
    const float *no_mask = tensors->prompt.no_mask;
    const float *g = layers[0].norm[3].gain;
    const float *g2 = layers[1].norm[3].gain;
    for (int i = 0; i < c; i++)
        fold->e_bias[i] = no_mask[i] + layers[0].to_tokens.out.bias[i];
    const struct linear *k = &layers[0].to_image.k;
    const struct linear *v = &layers[0].to_image.v;
    const struct linear *q = &layers[0].to_tokens.q;
    add_table(fold, c, TABLE_K0 * d, d, k->weight, no_mask, k->bias);
    add_table(fold, c, TABLE_V0 * d, d, v->weight, no_mask, v->bias);
    add_table(fold, c, TABLE_Q0 * d, d, q->weight, no_mask, q->bias);
    add_table(fold, c, TABLE_CE * d, d, shop->first, fold->e_bias, NULL);
    add_table_of_scaled_e(fold, shop, TABLE_X0 * d, d, shop->first_scaled, NULL, g);
    add_table_of_e(fold, shop, TABLE_EK * d, d, layers[1].to_image.k.weight, g);
    add_table_of_e(fold, shop, TABLE_EV * d, d, layers[1].to_image.v.weight, g);
    add_table_of_e(fold, shop, TABLE_EQ * d, d, layers[1].to_tokens.q.weight, g);
    add_table_of_scaled_e(fold, shop, TABLE_X1 * d, d, shop->second, NULL, g);
    add_table_of_scaled_e(fold, shop, TABLE_FK * d, d, tensors->final.k.weight, g2, g);
    add_table_of_scaled_e(fold, shop, TABLE_FV * d, d, tensors->final.v.weight, g2, g);
    add_table_of_scaled_e(fold, shop, TABLES * d, c, shop->upscale, g2, g);
    add_table_of_scaled_e(fold, shop, TABLES * d + c, 1, shop->shift, NULL, g);
}

/* out[tiles][tables][D][TILE], table `index`: weight[D][C] @ positional encoding + bias. */
static void make_encoding(const struct decoder_fold *fold, const struct decoder_tensors *tensors,
                          const float *weight, const float *bias, int index, int tables, float *out)
{
    size_t c = tensors->embed_dim;
    size_t d = tensors->inner;
    for (int tile = 0; tile < fold->tiles; tile++) {
        size_t first = (size_t)tile * DECODER_TILE;
        size_t left = tensors->positions - first;
        float *to = out + ((size_t)tile * tables + index) * d * DECODER_TILE;
        for (size_t i = 0; i < d * DECODER_TILE; i++)
            to[i] = bias ? bias[i / DECODER_TILE] : 0;
        struct matmul_shape shape = {d, left < DECODER_TILE ? left : DECODER_TILE, c};
        matmul(tensors->isa, shape, matmul_rows(weight, c),
               matmul_transposed(tensors->grid_encoding + first * c, c),
               matmul_add(to, DECODER_TILE));
    }
}

static void make_encodings(struct decoder_fold *fold, struct workshop *shop,
                           const struct decoder_tensors *tensors)
{
    const struct decoder_layer *layers = tensors->layers;
    const struct linear *q = &layers[1].to_tokens.q;
    float *bias = shop->left; /* [D]: queries of layer 1 where keys are the norm's shift alone */
    times_vector(shop->d, shop->c, q->weight, layers[0].norm[3].shift, bias);
    for (int i = 0; i < shop->d; i++)
        bias[i] += q->bias[i];
    make_encoding(fold, tensors, layers[0].to_image.k.weight, NULL, 0, 2, fold->image_pe);
    make_encoding(fold, tensors, layers[0].to_tokens.q.weight, NULL, 1, 2, fold->image_pe);
    make_encoding(fold, tensors, layers[1].to_image.k.weight, NULL, 0, 3, fold->pe);
    make_encoding(fold, tensors, q->weight, bias, 1, 3, fold->pe);
    make_encoding(fold, tensors, tensors->final.k.weight, NULL, 2, 3, fold->pe);
}

static void lay_out(struct decoder_fold *fold, const struct decoder_tensors *tensors,
                    struct arena *arena)
{
    size_t c = tensors->embed_dim;
    size_t d = tensors->inner;
    fold->table_weight = floats(arena, fold->linear_rows, c);
    fold->table_bias = floats(arena, fold->linear_rows, 1);
    fold->e_bias = floats(arena, c, 1);
    fold->image_pe = floats(arena, (size_t)fold->tiles * 2 * d, DECODER_TILE);
    fold->pe = floats(arena, (size_t)fold->tiles * 3 * d, DECODER_TILE);
    fold->first_shift = floats(arena, d, 1);
    fold->second_shift = floats(arena, d, 1);
    fold->last_keys_shift = floats(arena, d, 1);
    fold->last_values_shift = floats(arena, d, 1);
    fold->upscale_shift = floats(arena, c, 1);
    fold->values_bias = floats(arena, d, 1);
    fold->last_values_bias = floats(arena, d, 1);
    fold->upscale_bias = floats(arena, c, 1);
}

int decoder_fold_make(struct decoder_fold *fold, const struct decoder_tensors *tensors,
                      struct error *error)
{
    const char *what = "folded weights of the mask decoder";
    struct workshop shop = {.c = tensors->embed_dim, .d = tensors->inner, .isa = tensors->isa};
    fold->tiles = (tensors->positions + DECODER_TILE - 1) / DECODER_TILE;
    fold->linear_rows = TABLES * tensors->inner + tensors->embed_dim + 1;
    fold->rows = fold->linear_rows + 2;
    struct arena size = {0};
    lay_out(fold, tensors, &size);
    fold->block = memory_new(size.used, 1, what, error);
    struct arena shop_size = {0};
    lay_out_workshop(&shop, &shop_size);
    void *shop_block = memory_new(shop_size.used, 1, what, error);
    int result = -1;
    if (fold->block && shop_block) {
        struct arena arena = {.base = fold->block, .size = size.used};
        lay_out(fold, tensors, &arena);
        arena = (struct arena){.base = shop_block, .size = shop_size.used};
        lay_out_workshop(&shop, &arena);
        fill_workshop(&shop, tensors);
        make_tables(fold, &shop, tensors);
        make_encodings(fold, &shop, tensors);
        make_shifts(fold, &shop, tensors);
        result = make_first_maps(fold->maps, &shop, tensors, error) ||
                         make_second_maps(fold->maps, &shop, tensors, error)
                     ? -1
                     : 0;
    }
    memory_free(shop_block);
    return result;
}

void decoder_fold_free(struct decoder_fold *fold)
{
    for (int i = 0; i < FOLD_MAPS; i++) {
        matmul_packed_free(&fold->maps[i].all);
        for (int h = 0; h < DECODER_HEADS; h++)
            matmul_packed_free(&fold->maps[i].heads[h]);
    }
    memory_free(fold->block);
}

void fold_rows(const struct fold_map *map, const float *values, int inner, float *z)
{
    int head = inner / DECODER_HEADS;
    for (int h = 0; h < DECODER_HEADS; h++)
        matmul_packed(FOLDED_KEPT, matmul_rows(values + h * head, inner), &map->heads[h],
                      matmul_set(z + (size_t)h * FOLDED_KEPT * map->columns, map->columns));
}

void fold_constant(const struct fold_map *map, const float *values, int inner, float *z)
{
    matmul_packed(1, matmul_rows(values, inner), &map->all, matmul_set(z, map->columns));
}
