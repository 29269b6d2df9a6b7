/* repvit_names.h - where the tensors of RepViT's blocks are in either naming. */
#ifndef MODEL_ENCODERS_REPVIT_NAMES_H
#define MODEL_ENCODERS_REPVIT_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "model/encoders/repvit_weights.h"

enum { REPVIT_NAME_SIZE = 128 };

/* Prefixes without a dot at the end; "" where a block of this place has no such layer. */
struct repvit_names {
    char local[REPVIT_NAME_SIZE];
    char squeeze[REPVIT_NAME_SIZE];
    char widen[REPVIT_NAME_SIZE];
    char expand[REPVIT_NAME_SIZE];
    char project[REPVIT_NAME_SIZE];
};

/* The place of a block among the others. */
struct repvit_place {
    size_t stage;
    size_t step; /* in RepViT-SAM's names, the number of the block, from 1; in timm's, 0 and 1 are
                    the two blocks of the stage's `downsample`, and 2 + b is block b of the stage */
};

/* The place of the first block. */
struct repvit_place repvit_first_place(enum repvit_naming naming);

/* Writes the names of the block at *place. If a stage ends before it, *place becomes that of the
 * first block of the next one. False if there are no more blocks. */
bool repvit_names_at(enum repvit_naming naming, const struct checkpoint *checkpoint,
                     struct repvit_place *place, struct repvit_names *names);

#endif
