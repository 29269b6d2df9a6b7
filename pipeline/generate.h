/* generate.h - the life of one image: crops, embedding, grid of prompts, masks, filters, NMS. */
#ifndef PIPELINE_GENERATE_H
#define PIPELINE_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/embedder.h"
#include "pipeline/prompt_worker.h"

struct crop;
struct embedding;
struct error;
struct generator_options;
struct image;
struct mask_list;
struct sam;

/* All scratch memory of one worker: the encoder's, and a decoder's for each of its threads. */
struct generator;

/* `threads` share each image. `sam` and `options` must outlive the generator.
 * NULL with ERROR_MEMORY. */
struct generator *generator_new(const struct sam *sam, const struct generator_options *options,
                                int threads, struct error *error);
void generator_free(struct generator *generator);

/* Encodes the whole of an image ahead. `generate` of the same image then does not encode it again,
 * and a predictor may prompt the embedding meanwhile. Returns 0, or -1 as embedder_encode. */
int generator_encode(struct generator *generator, const struct image *image, struct error *error);

/* The embedding of the region that was encoded last; NULL: it was taken. */
const struct embedding *generator_embedding(const struct generator *generator);

/* Gives that embedding away: the caller frees it with embedding_free. */
struct embedding *generator_take_embedding(struct generator *generator);

/* Called by the thread that calls `generate`, with the share of prompts that is done, 0..1. Returns
 * false to stop. */
typedef bool generator_progress(void *context, double done);

/* Has `progress` called from now on; NULL: nothing is called. `generate` fails with ERROR_STOPPED
 * once it has returned false. */
void generator_on_progress(struct generator *generator, generator_progress *progress,
                           void *context);

/* Finds the masks of one region of a picture, whose rows must be there: resized, encoded, prompted
 * with the grid of crop layer `layer`, NMS within. Adds them to `masks`, which must be empty, in
 * the picture's frame, best first. With `keep_cut` masks that touch an inner border of the region
 * are kept. Returns 0 or -1 (ERROR_MEMORY). */
int generate_region(struct generator *generator, const struct picture *picture,
                    const struct crop *region, bool keep_cut, struct mask_list *masks,
                    struct error *error);

/* Finds the masks of an image, as SamAutomaticMaskGenerator.generate does, best first. The same
 * image gives the same masks whatever the number of threads. `masks` must be an empty list; it
 * belongs to the caller also on failure. Returns 0 or -1 (ERROR_MEMORY). */
int generate(struct generator *generator, const struct image *image, struct mask_list *masks,
             struct error *error);

/* What the generator was made with. */
const struct generator_options *generator_options(const struct generator *generator);

/* Where the time goes, summed up since the generator was made. */
struct generator_times {
    double tensor; /* seconds: crop to model input */
    double encode; /* seconds: image encoder and the decoder's tables of the image */
    double grid;   /* seconds: all batches of prompts, from start to end */
    struct prompt_worker_times worker; /* within `grid`, seconds summed over the threads */
    double filters;                    /* seconds: NMS, crops put together, clean-up */
};

struct generator_times generator_times(const struct generator *generator);

#endif
