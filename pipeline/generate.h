/* generate.h - the life of one image: crops, embedding, grid of prompts, masks, filters, NMS. */
#ifndef PIPELINE_GENERATE_H
#define PIPELINE_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"
#include "pipeline/embedder.h"
#include "pipeline/prompt_worker.h"

struct crop;
struct embedding;
struct error;
struct generator_options;
struct image;
struct known_masks;
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

/* Encodes a region of an image, whose masks are not generated. Returns 0, or -1 as embedder_encode. */
int generator_encode_region(struct generator *generator, const struct image *image,
                            struct rect region, struct error *error);

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

/* What is known of an image before it is searched. All borrowed. */
struct generate_known {
    const struct mask_list *masks; /* with runs of the image's size */
    const double *boxes;           /* [box_count][4]: x0, y0, x1, y1 in pixels of the image */
    size_t box_count;
    bool parts; /* prompt grid points within known masks, too */
};

/* Has the image that is searched next, of this size, searched beside what is known of it: no grid point
 * within a known mask is prompted unless it has `parts`, and what is found respects known masks
 * (finish.h). It holds until generator_forget, which must follow whatever happens; what `known` points to
 * must live as long. 0, or -1 with ERROR_IMAGE (a known mask has another size) or ERROR_MEMORY. */
int generator_know(struct generator *generator, const struct generate_known *known,
                   struct size image, struct error *error);
void generator_forget(struct generator *generator);

/* Those masks; NULL if nothing is known. */
const struct known_masks *generator_known(const struct generator *generator);

/* As `generate` (progress counts boxes and grid apart), beside what is known of the image. `masks` gets the
 * boxes' masks first, in their order: one each, whatever its scores, maybe an empty one; they count as known
 * for what follows. The grid's masks follow, best first. Each says its source. `known` NULL: as `generate`.
 * Also returns -1 as generator_know. */
int generate_beside(struct generator *generator, const struct image *image,
                    const struct generate_known *known, struct mask_list *masks,
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
