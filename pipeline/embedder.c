#include "pipeline/embedder.h"

#include "base/clock.h"
#include "base/memory.h"
#include "images/image.h"
#include "images/resize.h"
#include "images/resize_square.h"
#include "model/sam.h"
#include "pipeline/embedding.h"

static int embedder_init(struct embedder *embedder, struct error *error)
{
    const struct sam *sam = embedder->sam;
    size_t size = (size_t)sam_info(sam)->image_size;
    if (!(embedder->resize = resize_new(error)) ||
        !(embedder->tensor = memory_new(3 * size, size * sizeof(float), "input tensor", error)) ||
        !(embedder->encoder = sam_encoder_new(sam, embedder->threads, error)))
        return -1;
    return 0;
}

struct embedder *embedder_new(const struct sam *sam, int threads, struct error *error)
{
    struct embedder *embedder = memory_new(1, sizeof *embedder, "embedder", error);
    if (!embedder)
        return NULL;
    *embedder = (struct embedder){.sam = sam, .threads = threads};
    if (embedder_init(embedder, error)) {
        embedder_free(embedder);
        return NULL;
    }
    return embedder;
}

void embedder_free(struct embedder *embedder)
{
    if (!embedder)
        return;
    resize_free(embedder->resize);
    memory_free(embedder->tensor);
    sam_encoder_free(embedder->encoder);
    embedding_free(embedder->embedding);
    memory_free(embedder);
}

/* The region's pixels as the model's input. */
static int fill_tensor(struct embedder *embedder, const struct picture *picture, struct rect region,
                       struct error *error)
{
    const struct sam_info *info = sam_info(embedder->sam);
    struct rect rows = region;
    rows.y -= picture->top;
    const struct image_view view = image_view_of(picture->rows, rows);
    struct size filled;
    if (info->resize == SAM_RESIZE_SQUARE)
        return resize_square(&view, info->image_size, embedder->tensor, error);
    return resize_tensor(embedder->resize, &view, info->image_size, embedder->tensor, &filled,
                         error);
}

int embedder_encode(struct embedder *embedder, const struct picture *picture, struct rect region,
                    struct error *error)
{
    if (!embedder->embedding && !(embedder->embedding = embedding_new(embedder->sam, error)))
        return -1;
    struct embedding *embedding = embedder->embedding;
    double start = clock_now();
    if (fill_tensor(embedder, picture, region, error))
        return -1;
    double filled = clock_now();
    embedder->tensor_seconds += filled - start;
    if (sam_encode(embedder->sam, embedder->encoder, embedder->tensor, embedder->threads,
                   embedding->image, error))
        return -1;
    embedder->encode_seconds += clock_now() - filled;
    return embedding_fit(embedding, embedder->sam, (struct size){region.width, region.height},
                         error);
}

int embedder_encode_image(struct embedder *embedder, const struct image *image, struct error *error)
{
    const struct picture picture = {image, 0, image->width, image->height};
    return embedder_encode(embedder, &picture, (struct rect){0, 0, image->width, image->height},
                           error);
}

struct embedding *embedder_take(struct embedder *embedder)
{
    struct embedding *taken = embedder->embedding;
    embedder->embedding = NULL;
    return taken;
}
