/* clip_blocks.h - the tensors of a tower's blocks. */
#ifndef MODEL_CLIP_CLIP_BLOCKS_H
#define MODEL_CLIP_CLIP_BLOCKS_H

#include "model/clip/clip_weights.h"

/* Reads and packs the blocks PREFIX0., PREFIX1. ... ; the tower's width, length and `causal` are set. Returns 0, or -1
 * with ERROR_MODEL or ERROR_MEMORY; in either case clip_blocks_free is due. */
int clip_blocks_read(struct clip_tower *tower, const struct layer_source *from, const char *prefix);

/* A zeroed tower is allowed. */
void clip_blocks_free(struct clip_tower *tower);

#endif
