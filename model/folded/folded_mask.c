#include "model/folded/folded_mask.h"

#include <string.h>

_Static_assert((int)FOLDED_STRIP == (int)PROMPT_MASK_RUN, "a strip is one run");

void folded_mask_channels(const struct decoder_tensors *tensors,
                          const struct folded_weights *weights, const float *mask, float *channels)
{
    const size_t m = weights->mask_rows;
    float features[FOLDED_STRIP * PROMPT_MASK_CHANNELS_MAX] = {0};
    for (int strip = 0; strip < weights->strips; strip++, channels += m * FOLDED_STRIP) {
        const int first = strip * FOLDED_STRIP;
        const int left = tensors->positions - first;
        prompt_mask_features(&tensors->prompt, tensors->isa, mask, first,
                             left < FOLDED_STRIP ? left : FOLDED_STRIP, features);
        for (size_t i = 0; i < m; i++)
            for (size_t n = 0; n < FOLDED_STRIP; n++)
                channels[i * FOLDED_STRIP + n] = i < m - 1 ? features[n * (m - 1) + i] : 1;
    }
}

/* The tables of D rows that a use needs. */
static struct folded_tables_span tables_for(enum folded_use use)
{
    static const struct folded_tables_span spans[] = {
        [FOLDED_USE_FIRST] = {FOLDED_TABLE_K0, FOLDED_TABLE_Q0},
        [FOLDED_USE_SECOND] = {FOLDED_TABLE_Q0, FOLDED_TABLE_EQ},
        [FOLDED_USE_THIRD] = {FOLDED_TABLE_EQ, FOLDED_TABLES},
        [FOLDED_USE_LAST] = {FOLDED_TABLE_FK, FOLDED_TABLES},
        [FOLDED_USE_UPSCALE] = {FOLDED_TABLES, FOLDED_TABLES},
    };
    return spans[use];
}

/* Rows of tables. */
struct span {
    size_t first, count;
};

/* The rows of tables that a use needs, but for the last three. */
static struct span rows_for(const struct folded_weights *weights, const struct folded_chunk *chunk,
                            enum folded_use use)
{
    const struct folded_tables_span tables = tables_for(use);
    const size_t inner = FOLDED_HEADS * chunk->d;
    const size_t from = tables.first * inner;
    const size_t to = use == FOLDED_USE_UPSCALE ? folded_mask_row(weights) : tables.end * inner;
    return (struct span){from, to - from};
}

/* One strip of a prompt with a mask: the image's tables, the channels of its mask, and its own. */
struct mask_strip {
    const struct folded_kernels *kernels;
    const struct folded_weights *weights;
    const float *image, *channels;
    float *rows;
};

/* Rows `span`: the image's, and what the channels of the mask add. */
static void add_rows(const struct mask_strip *strip, struct span span)
{
    const struct folded_mask_rows rows = {
        .rows = span.count,
        .count = strip->weights->mask_rows,
        .x = strip->image + span.first * FOLDED_STRIP,
        .weight = strip->weights->mask_weight + span.first,
        .weight_row = strip->weights->linear_rows,
        .channels = strip->channels,
        .out = strip->rows + span.first * FOLDED_STRIP,
    };
    strip->kernels->mask_rows(&rows);
}

/* Row `row`, a squared length: that of the image, plus channels . (2 products + gram @ channels). The
 * m products are rows of the image, from `products` on; gram is symmetric. */
static void add_length(const struct mask_strip *strip, const float *gram, size_t products,
                       size_t row)
{
    const size_t m = strip->weights->mask_rows;
    const float *image = strip->image + row * FOLDED_STRIP;
    float *length = strip->rows + row * FOLDED_STRIP;
    float sums[(PROMPT_MASK_CHANNELS_MAX + 1) * FOLDED_STRIP];
    float twice[(PROMPT_MASK_CHANNELS_MAX + 1) * FOLDED_STRIP];
    for (size_t i = 0; i < m * FOLDED_STRIP; i++)
        twice[i] = 2 * strip->image[products * FOLDED_STRIP + i];
    const struct folded_mask_rows rows = {m, m, twice, gram, m, strip->channels, sums};
    strip->kernels->mask_rows(&rows);
    memcpy(length, image, FOLDED_STRIP * sizeof *length);
    for (size_t i = 0; i < m * FOLDED_STRIP; i++)
        length[i % FOLDED_STRIP] += strip->channels[i] * sums[i];
}

/* The last rows: P(g E) times the constant part of X2, and the squared lengths. */
static void add_last_rows(const struct mask_strip *strip, enum folded_use use)
{
    const struct folded_weights *weights = strip->weights;
    const size_t constant = (size_t)weights->linear_rows - 1;
    const size_t products = folded_mask_row(weights);
    if (use == FOLDED_USE_THIRD)
        add_rows(strip, (struct span){constant, 1});
    if (use != FOLDED_USE_SECOND)
        return;
    add_length(strip, weights->mask_gram, products, constant + 1);
    add_length(strip, weights->mask_gram_scaled, products + (size_t)weights->mask_rows,
               constant + 2);
}

struct folded_chunk folded_mask_chunk(const struct folded_weights *weights,
                                      const struct folded_chunk *chunk, enum folded_use use,
                                      const float *channels, float *room)
{
    const size_t step = folded_mask_table_rows(weights) * FOLDED_STRIP;
    const size_t table_size = FOLDED_HEADS * chunk->d * FOLDED_STRIP;
    const size_t float_rows = (size_t)weights->linear_rows + 2;
    const struct span span = rows_for(weights, chunk, use);
    for (size_t i = 0; i < chunk->strips; i++) {
        const struct mask_strip strip = {
            .kernels = chunk->kernels,
            .weights = weights,
            .image = chunk->image.at + i * chunk->image.strip,
            .channels = channels + (chunk->first + i) * weights->mask_rows * FOLDED_STRIP,
            .rows = room + i * step,
        };
        add_rows(&strip, span);
        add_last_rows(&strip, use);
        folded_tables_pack(chunk->kernels, table_size, strip.rows, tables_for(use),
                           strip.rows + float_rows * FOLDED_STRIP);
    }
    struct folded_chunk result = *chunk;
    result.tables = (struct folded_rows){room, step};
    result.elements = folded_rows_from(result.tables, weights->element_rows ? float_rows : 0);
    result.squares = folded_rows_from(result.tables, (size_t)weights->linear_rows - 1);
    return result;
}
