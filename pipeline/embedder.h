/* embedder.h - from the pixels of a region to its embedding:
 *
 *   region -> resized, normalised model input -> image encoder -> embedding
 *
 * The generator and the predictor share one embedder, so a whole image is encoded once for both.
 */
#ifndef PIPELINE_EMBEDDER_H
#define PIPELINE_EMBEDDER_H

#include <stdint.h>

#include "base/geometry.h"

struct embedding;
struct error;
struct image;
struct resize;
struct sam;
struct sam_encoder;

/* Rows top .. top + rows->height - 1 of a picture that is width x height pixels in all. */
struct picture {
    const struct image *rows;
    int32_t top;
    int32_t width, height;
};

/* Everybody but embedder.c only reads it. For one thread at a time. */
struct embedder {
    const struct sam *sam; /* borrowed */
    int threads;           /* of the image encoder */
    struct resize *resize;
    float *tensor; /* [3][S][S], the model's input */
    struct sam_encoder *encoder;

    struct embedding *embedding; /* of the region that was encoded last; NULL: it was taken */

    double tensor_seconds, encode_seconds; /* sums over all regions */
};

/* `sam` must outlive the embedder. NULL with ERROR_MEMORY. */
struct embedder *embedder_new(const struct sam *sam, int threads, struct error *error);
void embedder_free(struct embedder *embedder);

/* Encodes `region` of a picture, whose rows must be there. The pixels are not needed afterwards.
 * Returns 0, or -1 with ERROR_IMAGE (the embedding is not finite) or ERROR_MEMORY. */
int embedder_encode(struct embedder *embedder, const struct picture *picture, struct rect region,
                    struct error *error);

/* Encodes the whole of an image. */
int embedder_encode_image(struct embedder *embedder, const struct image *image,
                          struct error *error);

/* Gives the embedding away: the caller frees it with embedding_free. The next region gets another. */
struct embedding *embedder_take(struct embedder *embedder);

#endif
