#include "filters/edges/edge_match.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { NOBODY = -1, NO_SEARCH = 0, HOPELESS = -1 };

/* A step from a pixel to another. */
struct step {
    int32_t x, y;
    int32_t square; /* of its length */
};

struct edge_match {
    struct size size;
    struct step *steps; /* [step_count] owned: nearest first */
    size_t step_count;
    int32_t *partner; /* [pixels] owned: of a pixel of `found`, NOBODY */
    int32_t *owner;   /* [pixels] owned: of a pixel of `truth`, NOBODY */
    int32_t *from;    /* [pixels] owned: by which pixel of `found` a pixel of `truth` was reached */
    int32_t
        *search; /* [pixels] owned: in which search it was; HOPELESS: no pair is to be had there */
    int32_t *queue;   /* [pixels] owned: pixels of `found` to go on from */
    int32_t *reached; /* [pixels] owned: pixels of `truth` of this search */
    int32_t *found;   /* [pixels] owned: pixels of `found` */
    size_t found_count;
};

static int compare_steps(const void *a, const void *b)
{
    const struct step *one = a, *other = b;
    const int32_t difference = one->square - other->square;
    if (difference)
        return difference;
    return one->y != other->y ? one->y - other->y : one->x - other->x;
}

static int make_steps(struct edge_match *match, double farthest, struct error *error)
{
    const int32_t reach = (int32_t)farthest;
    const size_t side = 2 * (size_t)reach + 1;
    match->steps = memory_new(side * side, sizeof *match->steps, "edges", error);
    if (!match->steps)
        return -1;
    for (int32_t y = -reach; y <= reach; y++)
        for (int32_t x = -reach; x <= reach; x++)
            if ((double)(x * x + y * y) <= farthest * farthest)
                match->steps[match->step_count++] = (struct step){x, y, x * x + y * y};
    qsort(match->steps, match->step_count, sizeof *match->steps, compare_steps);
    return 0;
}

struct edge_match *edge_match_new(struct size size, double farthest, struct error *error)
{
    struct edge_match *match = memory_new(1, sizeof *match, "edges", error);
    if (!match)
        return NULL;
    match->size = size;
    int32_t **const arrays[] = {&match->partner, &match->owner,   &match->from, &match->search,
                                &match->queue,   &match->reached, &match->found};
    const size_t pixels = (size_t)size.width * (size_t)size.height;
    int status = make_steps(match, farthest, error);
    for (size_t i = 0; status == 0 && i < sizeof arrays / sizeof *arrays; i++)
        status = (*arrays[i] = memory_new(pixels, sizeof **arrays[i], "edges", error)) ? 0 : -1;
    if (status == 0)
        return match;
    edge_match_free(match);
    return NULL;
}

void edge_match_free(struct edge_match *match)
{
    if (!match)
        return;
    memory_free(match->steps);
    memory_free(match->partner);
    memory_free(match->owner);
    memory_free(match->from);
    memory_free(match->search);
    memory_free(match->queue);
    memory_free(match->reached);
    memory_free(match->found);
    memory_free(match);
}

/* The pixel of `truth` a step away from a pixel, or NOBODY. */
static int32_t neighbour(const struct edge_match *match, const uint8_t *truth, int32_t pixel,
                         const struct step *step)
{
    const int32_t x = pixel % match->size.width + step->x;
    const int32_t y = pixel / match->size.width + step->y;
    if (x < 0 || y < 0 || x >= match->size.width || y >= match->size.height)
        return NOBODY;
    const int32_t at = y * match->size.width + x;
    return truth[at] ? at : NOBODY;
}

static void begin(struct edge_match *match, const uint8_t *found)
{
    const int32_t pixels = match->size.width * match->size.height;
    match->found_count = 0;
    for (int32_t i = 0; i < pixels; i++) {
        match->partner[i] = match->owner[i] = NOBODY;
        match->search[i] = NO_SEARCH;
        if (found[i])
            match->found[match->found_count++] = i;
    }
}

/* Pairs of pixels that are both free, the nearest first. Returns how many. */
static size_t pair_nearest(struct edge_match *match, const uint8_t *truth)
{
    size_t pairs = 0;
    for (size_t s = 0; s < match->step_count; s++)
        for (size_t i = 0; i < match->found_count; i++) {
            const int32_t pixel = match->found[i];
            if (match->partner[pixel] != NOBODY)
                continue;
            const int32_t other = neighbour(match, truth, pixel, &match->steps[s]);
            if (other == NOBODY || match->owner[other] != NOBODY)
                continue;
            match->partner[pixel] = other;
            match->owner[other] = pixel;
            pairs++;
        }
    return pairs;
}

/* The free pixel of `truth` has been reached: every pixel on the way to it moves on by one. */
static void move_on(struct edge_match *match, int32_t other)
{
    while (other != NOBODY) {
        const int32_t pixel = match->from[other], before = match->partner[pixel];
        match->partner[pixel] = other;
        match->owner[other] = pixel;
        other = before;
    }
}

/* Looks for a way from a free pixel of `found` to a free one of `truth`, over pairs whose partners are
 * exchanged. What a search in vain has reached is of no use to any later one. */
static bool augment(struct edge_match *match, const uint8_t *truth, int32_t start, int32_t search)
{
    size_t head = 0, tail = 0;
    match->queue[tail++] = start;
    for (; head < tail; head++)
        for (size_t s = 0; s < match->step_count; s++) {
            const int32_t other = neighbour(match, truth, match->queue[head], &match->steps[s]);
            if (other == NOBODY || match->search[other] == search ||
                match->search[other] == HOPELESS)
                continue;
            match->search[other] = search;
            match->from[other] = match->queue[head];
            if (match->owner[other] == NOBODY) {
                move_on(match, other);
                return true;
            }
            match->reached[tail - 1] = other;
            match->queue[tail++] = match->owner[other];
        }
    for (size_t i = 0; i + 1 < tail; i++)
        match->search[match->reached[i]] = HOPELESS;
    return false;
}

size_t edge_match_pairs(struct edge_match *match, const uint8_t *found, const uint8_t *truth,
                        uint8_t *matched)
{
    begin(match, found);
    size_t pairs = pair_nearest(match, truth);
    for (size_t i = 0; i < match->found_count; i++)
        if (match->partner[match->found[i]] == NOBODY)
            pairs += augment(match, truth, match->found[i], (int32_t)i + 1);
    for (size_t i = 0; i < match->found_count; i++)
        if (match->partner[match->found[i]] != NOBODY)
            matched[match->found[i]] = 1;
    return pairs;
}
