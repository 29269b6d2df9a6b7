/* image_twins.h - which images are near-duplicates, from the pairs of their masks. */
#ifndef PROGRAM_SIMILAR_IMAGE_TWINS_H
#define PROGRAM_SIMILAR_IMAGE_TWINS_H

#include <stddef.h>
#include <stdint.h>

struct error;

/* A mask of an image, and one of another that is its twin. */
struct image_twin {
    uint64_t other;            /* the other image's place */
    uint64_t mask, other_mask; /* rows */
};

/* Pairs of one image's masks. Begins with all zeros. */
struct image_twins {
    struct image_twin *items; /* owned, freed with free(3) */
    size_t count, capacity;
};

/* Two images: how many masks of each have at least one twin in the other. */
struct image_pair {
    uint64_t other;
    size_t masks, other_masks;
};

/* 0 or -1 (ERROR_MEMORY). */
int image_twins_add(struct image_twins *twins, const struct image_twin *twin, struct error *error);

/* Calls `visit` for each other image, in the order of places, and empties the list. 0 or what `visit` returned. */
int image_twins_take(struct image_twins *twins,
                     int (*visit)(void *context, const struct image_pair *pair,
                                  struct error *error),
                     void *context, struct error *error);

#endif
