/* edges.h - the edges of an image, from the masks that a coarse grid of points gives:
 *
 *   embedding -> three masks for each point -> box NMS -> edges along each mask's border, the strongest
 *   of all -> divided by the largest -> thinned
 *
 * Source: Segment Anything, section 7.2 and appendix D.2. */
#ifndef PIPELINE_EDGES_H
#define PIPELINE_EDGES_H

#include <stdbool.h>

struct embedding;
struct error;
struct sam;

struct edges_options {
    int points_per_side;   /* 1..1024; the paper has 16 */
    double box_nms_thresh; /* 0..1; the generator's 0.7 */
    double mask_threshold; /* a pixel is foreground if its logit is above it; 0 */
    bool thick;            /* leave out the last step */
};

/* The paper's. */
struct edges_options edges_options_default(void);

/* Scratch memory of `threads` threads. */
struct edges;

/* `sam` must outlive it. NULL with ERROR_USAGE (an option is out of range) or ERROR_MEMORY. */
struct edges *edges_new(const struct sam *sam, const struct edges_options *options, int threads,
                        struct error *error);
void edges_free(struct edges *edges);

/* The edges of the region of an embedding: map[height][width] in 0..1, with the same bits for any number
 * of threads. An image in which no mask is found has none. Returns 0, or -1 with ERROR_MEMORY. */
int edges_find(struct edges *edges, const struct embedding *embedding, float *map,
               struct error *error);

#endif
