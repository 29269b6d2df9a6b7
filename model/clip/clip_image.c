/* The image tower: patches -> tokens -> blocks -> the class token's embedding. */
#include <string.h>

#include "base/error.h"
#include "model/clip/clip_model.h"

/* Row `row` of all images' tokens: its patch (zeros for a class token) to the product's left side, and what is added to
 * the product to x. */
static void prepare(const struct clip_image_tower *image, const struct clip_buffers *buffers,
                    const float *inputs, size_t row, size_t patch_row)
{
    size_t d = image->tower.width, s = image->image_size, p = image->patch;
    size_t tokens = image->tower.length, token = row % tokens;
    const float *input = inputs + row / tokens * 3 * s * s;
    float *to = buffers->hidden + row * patch_row, *x = buffers->x + row * d;
    memcpy(x, image->positions + token * d, d * sizeof(float));
    if (token == 0) {
        memset(to, 0, 3 * p * p * sizeof(float));
        for (size_t i = 0; i < d; i++)
            x[i] += image->class_embedding[i];
        return;
    }
    input += (token - 1) / image->grid * p * s + (token - 1) % image->grid * p;
    for (size_t plane = 0; plane < 3; plane++)
        for (size_t r = 0; r < p; r++, to += p)
            memcpy(to, input + (plane * s + r) * s, p * sizeof(float));
}

/* x = ln_pre(patches, projected, or the class token; plus positions) of `count` images. */
static void embed_patches(const struct clip_image_tower *image, const struct clip_buffers *buffers,
                          const float *inputs, size_t count)
{
    size_t rows = count * image->tower.length, d = image->tower.width;
    size_t patch_row = image->patches.k + CLIP_ROW_GAP;
#pragma omp parallel for num_threads(buffers->threads)
    for (size_t row = 0; row < rows; row++)
        prepare(image, buffers, inputs, row, patch_row);
    const struct clip_product product = {
        .rows = rows,
        .from = matmul_rows(buffers->hidden, patch_row),
        .right = &image->patches,
        .to = matmul_add(buffers->x, d),
    };
    clip_multiply(&product, buffers->threads);
    clip_normalise(image->tower.isa, &image->ln_pre, rows, buffers, buffers->x, d);
}

/* As many images as the scratch has room for. */
static void embed(const struct clip *clip, const struct clip_buffers *buffers, const float *inputs,
                  size_t count, float *embeddings)
{
    const struct clip_image_tower *image = &clip->weights.image;
    for (size_t i = 0; i <= count; i++)
        buffers->starts[i] = i * image->tower.length;
    embed_patches(image, buffers, inputs, count);
    clip_tower_run(&image->tower, buffers, count);
    size_t y_row = clip_y_row(&image->tower);
    clip_normalise(image->tower.isa, &image->ln_post, count, buffers, buffers->y, y_row);
    const struct clip_product product = {
        .rows = count,
        .from = matmul_rows(buffers->y, y_row),
        .right = &image->proj,
        .to = matmul_set(embeddings, clip->weights.width),
    };
    clip_multiply(&product, buffers->threads);
}

int clip_embed_images(const struct clip *clip, struct clip_scratch *scratch, const float *inputs,
                      int count, float *embeddings, struct error *error)
{
    size_t size = clip->weights.image.image_size, images = (size_t)count, bad;
    for (size_t first = 0; first < images; first += scratch->images) {
        size_t left = images - first;
        embed(clip, &scratch->buffers, inputs + first * 3 * size * size,
              left < scratch->images ? left : scratch->images,
              embeddings + first * clip->weights.width);
    }
    if (!clip_are_sound(embeddings, images, clip->weights.width, &bad))
        return error_set(error, ERROR_IMAGE,
                         "CLIP's embedding of an image is zero or not finite: the weights are not "
                         "those of a trained model");
    return 0;
}
