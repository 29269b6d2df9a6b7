/* mask_embedding.h - an embedding for each mask of an image, to compare masks by: the image encoder's embedding,
 * averaged over the mask.
 *
 *   image  E of the whole image;       v = sum(w E) / sum(w)
 *   crop   E of a crop around the mask, E' of the crop's mirror image:
 *          v = sum(w E) / sum(w) + sum(w' E') / sum(w')
 *
 * E is [C][G][G]; w[G][G] is how much of each cell the mask covers (mask_cover.h), w' the same of the mirrored
 * mask. Rows are v / |v|. The crop is the mask's box, widened on each side by a quarter of its longer side and
 * cut at the image. A mask without pixels has zeros.
 *
 * Source of `crop`: Kirillov et al., Segment Anything, 2023, "Probing the latent space of SAM"; the paper does
 * not say how wide a crop is. */
#ifndef PIPELINE_MASK_EMBEDDING_H
#define PIPELINE_MASK_EMBEDDING_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct generator;
struct image;
struct mask_list;
struct sam;

enum mask_embedding_kind { MASK_EMBEDDING_IMAGE, MASK_EMBEDDING_CROP };

#define MASK_EMBEDDING_KINDS "image|crop" /* their names, as of an option's choices */

/* The kind of that name. False if there is none. */
bool mask_embedding_find(const char *name, enum mask_embedding_kind *kind);

/* The scratch of one worker: 4 MB for an embedding of 256 x 64 x 64. */
struct mask_embedder;

/* `sam` must outlive it. NULL with ERROR_MEMORY. */
struct mask_embedder *mask_embedder_new(const struct sam *sam, enum mask_embedding_kind kind,
                                        struct error *error);
void mask_embedder_free(struct mask_embedder *embedder);

/* Numbers of a row: C. */
size_t mask_embedder_width(const struct mask_embedder *embedder);

/* Takes an image before its masks are generated. For MASK_EMBEDDING_IMAGE it is encoded now, which `generate` of
 * the same image then need not do again. Returns 0 or -1 as generator_encode. */
int mask_embedder_begin(struct mask_embedder *embedder, struct generator *generator,
                        const struct image *image, struct error *error);

/* Writes rows[count][C] of the masks of that image, whose runs have its size. For MASK_EMBEDDING_CROP the
 * generator encodes two regions a mask, with all its threads. The bits do not depend on their number. Returns 0,
 * or -1 with ERROR_IMAGE (an embedding is not finite) or ERROR_MEMORY. */
int mask_embedder_run(struct mask_embedder *embedder, struct generator *generator,
                      const struct image *image, const struct mask_list *masks, float *rows,
                      struct error *error);

#endif
