#include "model/clip/clip_weights.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/clip/clip.h"
#include "model/clip/clip_blocks.h"

enum {
    IMAGE_SIZE_MAX = 4096, /* of a side, in pixels; the largest published model sees 336 */
    CONTEXT_MAX = 4096     /* tokens of a text; published models have 77 */
};

static const char PATCHES[] = "visual.conv1.weight";
static const char IMAGE_POSITIONS[] = "visual.positional_embedding";
static const char TEXT_POSITIONS[] = "positional_embedding";
static const char TOKENS[] = "token_embedding.weight";

bool clip_recognise(const struct checkpoint *checkpoint)
{
    return checkpoint_shape(checkpoint, PATCHES, NULL);
}

/* Says what the file is, if it is no CLIP that can be read. */
static int check_kind(const struct checkpoint *checkpoint, struct error *error)
{
    if (checkpoint_shape(checkpoint, "mask_decoder.iou_token.weight", NULL))
        return error_set(error, ERROR_MODEL,
                         "a model that finds masks, no CLIP: give it as --model");
    if (checkpoint_shape(checkpoint, "visual.layer1.0.conv1.weight", NULL))
        return error_set(error, ERROR_MODEL,
                         "a CLIP whose image tower is a ResNet; only those with a Vision "
                         "Transformer are read (ViT-B/32, ViT-B/16, ViT-L/14)");
    if (checkpoint_shape(checkpoint, "logit_bias", NULL))
        return error_set(error, ERROR_MODEL, "a SigLIP model, which maskmill does not read");
    if (!clip_recognise(checkpoint))
        return error_set(error, ERROR_MODEL,
                         "no CLIP model: neither OpenAI's names of tensors (%s) nor those of "
                         "transformers (its first is %s)",
                         PATCHES, checkpoint_first_name(checkpoint));
    return 0;
}

static const float *read_tensor(const struct layer_source *from, const char *name,
                                struct shape shape)
{
    return checkpoint_tensor(from->checkpoint, name, shape, from->error);
}

/* Packs the projection to the embedding: `linear` [E][D] of transformers if it is there, else `matrix` [D][E]. */
static int read_projection(struct matmul_packed *packed, const struct layer_source *from,
                           const char *matrix, const char *linear, struct shape shape)
{
    size_t d = (size_t)shape.size[0], e = (size_t)shape.size[1];
    bool transposed = checkpoint_shape(from->checkpoint, linear, NULL);
    const char *name = transposed ? linear : matrix;
    struct shape stored = transposed ? shape_2d(shape.size[1], shape.size[0]) : shape;
    const float *data = read_tensor(from, name, stored);
    if (!data)
        return -1;
    struct matmul_view b = transposed ? matmul_transposed(data, d) : matmul_rows(data, e);
    if (matmul_pack(packed, from->isa, (struct matmul_right){d, e, b, NULL}, from->what,
                    from->error) < 0)
        return -1;
    checkpoint_release(from->checkpoint, name);
    return 0;
}

static int image_sizes(struct clip_image_tower *image, const struct checkpoint *checkpoint,
                       struct error *error)
{
    struct shape patches, positions;
    char own[CHECKPOINT_NAME_SIZE];
    if (known_shape(checkpoint, PATCHES, 4, &patches, error) < 0 ||
        known_shape(checkpoint, IMAGE_POSITIONS, 2, &positions, error) < 0)
        return -1;
    size_t rows = (size_t)positions.size[0];
    image->patch = (size_t)patches.size[3];
    while (image->grid * image->grid + 1 < rows)
        image->grid++;
    if (image->grid == 0 || image->grid * image->grid + 1 != rows)
        return error_set(error, ERROR_MODEL,
                         "tensor %s has %zu rows, expected 1 more than a square",
                         checkpoint_own_name(checkpoint, IMAGE_POSITIONS, own), rows);
    image->image_size = image->grid * image->patch;
    if (image->image_size > IMAGE_SIZE_MAX)
        return error_set(error, ERROR_MODEL,
                         "%zu patches of %zu pixels along a side are more than %d pixels",
                         image->grid, image->patch, IMAGE_SIZE_MAX);
    image->tower.width = (size_t)patches.size[0];
    image->tower.length = rows;
    return 0;
}

static int read_patches(struct clip_image_tower *image, const struct layer_source *from)
{
    size_t d = image->tower.width, p = image->patch;
    const float *data = read_tensor(from, PATCHES, shape_4d((int64_t)d, 3, (int64_t)p, (int64_t)p));
    if (!data || matmul_pack(&image->patches, from->isa, matmul_linear(3 * p * p, d, data, NULL),
                             from->what, from->error) < 0)
        return -1;
    checkpoint_release(from->checkpoint, PATCHES);
    return 0;
}

static int read_image(struct clip_weights *weights, const struct layer_source *from)
{
    struct clip_image_tower *image = &weights->image;
    if (image_sizes(image, from->checkpoint, from->error) < 0)
        return -1;
    int64_t d = (int64_t)image->tower.width, e = (int64_t)weights->width;
    const struct checkpoint_want wants[] = {
        {&image->class_embedding, "class_embedding", shape_1d(d)},
        {&image->positions, "positional_embedding", shape_2d((int64_t)image->tower.length, d)},
    };
    if (read_patches(image, from) < 0 ||
        checkpoint_tensors(from->checkpoint, "visual.", wants, 2, from->error) < 0 ||
        norm_load(&image->ln_pre, from, "visual.ln_pre.", (int)d) < 0 ||
        norm_load(&image->ln_post, from, "visual.ln_post.", (int)d) < 0 ||
        clip_blocks_read(&image->tower, from, "visual.transformer.resblocks.") < 0)
        return -1;
    return read_projection(&image->proj, from, "visual.proj", "visual_projection.weight",
                           shape_2d(d, e));
}

static int text_sizes(struct clip_text_tower *text, const struct checkpoint *checkpoint,
                      struct error *error)
{
    struct shape tokens, positions;
    char own[CHECKPOINT_NAME_SIZE];
    if (known_shape(checkpoint, TOKENS, 2, &tokens, error) < 0 ||
        known_shape(checkpoint, TEXT_POSITIONS, 2, &positions, error) < 0)
        return -1;
    text->vocabulary = (size_t)tokens.size[0];
    text->tower.causal = true;
    text->tower.width = (size_t)tokens.size[1];
    text->tower.length = (size_t)positions.size[0];
    if (text->tower.length > CONTEXT_MAX)
        return error_set(error, ERROR_MODEL, "tensor %s has %zu rows, expected up to %d",
                         checkpoint_own_name(checkpoint, TEXT_POSITIONS, own), text->tower.length,
                         CONTEXT_MAX);
    return 0;
}

static int read_text(struct clip_weights *weights, const struct layer_source *from)
{
    struct clip_text_tower *text = &weights->text;
    if (text_sizes(text, from->checkpoint, from->error) < 0)
        return -1;
    int64_t d = (int64_t)text->tower.width, e = (int64_t)weights->width;
    const struct checkpoint_want wants[] = {
        {&text->tokens, TOKENS, shape_2d((int64_t)text->vocabulary, d)},
        {&text->positions, TEXT_POSITIONS, shape_2d((int64_t)text->tower.length, d)},
    };
    if (checkpoint_tensors(from->checkpoint, "", wants, 2, from->error) < 0 ||
        norm_load(&text->ln_final, from, "ln_final.", (int)d) < 0 ||
        clip_blocks_read(&text->tower, from, "transformer.resblocks.") < 0)
        return -1;
    return read_projection(&text->proj, from, "text_projection", "text_projection.weight",
                           shape_2d(d, e));
}

/* E, of either naming, from the projection of the texts. */
static int embedding_width(struct clip_weights *weights, const struct checkpoint *checkpoint,
                           struct error *error)
{
    bool linear = checkpoint_shape(checkpoint, "text_projection.weight", NULL);
    struct shape shape;
    if (known_shape(checkpoint, linear ? "text_projection.weight" : "text_projection", 2, &shape,
                    error) < 0)
        return -1;
    weights->width = (size_t)shape.size[linear ? 0 : 1];
    return 0;
}

/* The scale is stored as its logarithm, one number with or without a dimension. */
static int read_logit_scale(struct clip_weights *weights, const struct layer_source *from)
{
    struct shape shape = {0};
    checkpoint_shape(from->checkpoint, "logit_scale", &shape);
    const float *data =
        read_tensor(from, "logit_scale", shape.rank == 1 ? shape_1d(1) : (struct shape){0});
    if (!data)
        return -1;
    weights->logit_scale = expf(*data);
    if (!isfinite(weights->logit_scale))
        return error_set(from->error, ERROR_MODEL, "logit_scale is %g, the logarithm of infinity",
                         (double)*data);
    return 0;
}

int clip_weights_read(struct clip_weights *weights, struct checkpoint *checkpoint, enum isa isa,
                      struct error *error)
{
    *weights = (struct clip_weights){0};
    const struct layer_source from = {checkpoint, isa, "weights of CLIP", error};
    if (check_kind(checkpoint, error) < 0 || embedding_width(weights, checkpoint, error) < 0 ||
        read_image(weights, &from) < 0 || read_text(weights, &from) < 0 ||
        read_logit_scale(weights, &from) < 0)
        return -1;
    return checkpoint_check_unused(checkpoint, error);
}

void clip_weights_free(struct clip_weights *weights)
{
    matmul_packed_free(&weights->image.patches);
    matmul_packed_free(&weights->image.proj);
    matmul_packed_free(&weights->text.proj);
    clip_blocks_free(&weights->image.tower);
    clip_blocks_free(&weights->text.tower);
}
