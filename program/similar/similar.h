/* similar.h - `maskmill similar`: the nearest of some masks, or all duplicates. */
#ifndef PROGRAM_SIMILAR_SIMILAR_H
#define PROGRAM_SIMILAR_SIMILAR_H

#include <stdbool.h>

#include "program/similar/similar_masks.h"
#include "program/similar/similar_run.h"
#include "program/similar/similar_texts.h"

/* What both need. All borrowed but for the run and the texts. */
struct similar {
    const struct settings *settings;
    struct similar_run run; /* open */
    struct similar_masks *masks;
    struct similar_texts texts; /* open */
    struct image_pool *pool;
    int threads;
    bool table;      /* for people, in place of NDJSON */
    bool incomplete; /* a part of the sheet could not be drawn, which has been said */
};

/* Prints the nearest of each --mask and of each --text, and draws them if there is a --sheet. 0 or -1. */
int similar_nearest(struct similar *similar, struct error *error);

/* Prints all pairs of masks, and those of images. 0 or -1. */
int similar_duplicates(struct similar *similar, struct error *error);

#endif
