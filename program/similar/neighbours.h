/* neighbours.h - the nearest of every mask of a run: what a page needs to show "masks like this". */
#ifndef PROGRAM_SIMILAR_NEIGHBOURS_H
#define PROGRAM_SIMILAR_NEIGHBOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct search_hit;
struct search_index;

/* What is looked for. Borrowed. */
struct neighbours {
    const struct search_index *index;
    size_t most;    /* of each mask, from 1 */
    double least;   /* similarity; -INFINITY: any */
    bool elsewhere; /* in other images only */
    int threads;
};

/* Called for each row of the index in order, with its nearest, the nearest first. Returns 0 to go on; anything else
 * stops. */
typedef int neighbours_visit(void *context, uint64_t row, const struct search_hit *hits,
                             size_t count, struct error *error);

/* Finds them, SEARCH_GROUP rows at a time: the work grows with the square of the rows, memory does not. A mask is not its own
 * neighbour. Returns 0, -1 (ERROR_MEMORY), or what `visit` returned. */
int neighbours_find(const struct neighbours *neighbours, neighbours_visit *visit, void *context,
                    struct error *error);

#endif
