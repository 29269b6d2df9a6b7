/* hiera_weights.h - the tensors of SAM 2's Hiera image encoder, and its sizes.
 *
 * Four stages of blocks. The first block of each stage but stage 0 halves the resolution and doubles
 * the width. Sides: S -> patches S/4 -> S/8 -> S/16 = G -> S/32.
 *
 * Letters besides those of sam.h: D width of the tokens; E = D / H width of a head. */
#ifndef MODEL_ENCODERS_HIERA_WEIGHTS_H
#define MODEL_ENCODERS_HIERA_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/decoder/layers.h"
#include "model/encoders/fpn.h"

struct checkpoint;
struct error;

enum {
    HIERA_STAGES = FPN_LEVELS,
    HIERA_PATCH = 7, /* side of a patch; patches lie HIERA_STRIDE pixels apart */
    HIERA_STRIDE = 4,
    HIERA_PADDING = 3
};

/* What the shapes do not say. */
struct hiera_plan {
    const char *title;            /* "Hiera-T" */
    size_t heads;                 /* of stage 0; doubled from stage to stage */
    size_t windows[HIERA_STAGES]; /* sides of the windows. The first block of a stage still has that
                                     of the stage before it. */
    size_t globals[16];           /* blocks that attend to the whole image */
    size_t global_count;
};

struct hiera_block {
    size_t stage;          /* of its result */
    bool pooled;           /* it begins stage 1, 2 or 3: queries and shortcut are pooled 2x2 */
    size_t side;           /* positions along one side, before the pooling */
    size_t in, out, heads; /* widths before and after; H */
    bool global;           /* else attention is within windows */
    size_t window;         /* their side in positions before the pooling; `side` if global */
    struct norm norm1;
    struct linear qkv;      /* in -> [3][H][E] */
    struct linear shortcut; /* in -> out, if pooled */
    struct linear proj;     /* out -> out */
    struct norm norm2;
    struct linear lin1, lin2; /* out -> hidden -> out */
};

struct hiera_weights {
    const char *title;           /* "Hiera-T"; "Hiera" if unknown */
    bool newer;                  /* SAM 2.1, which differs from SAM 2 in what it has for videos */
    size_t image_size, side;     /* S; S / 4 */
    size_t widths[HIERA_STAGES]; /* D of each stage */
    size_t depths[HIERA_STAGES]; /* blocks of each stage */
    size_t depth;                /* all blocks */
    const float *patch_weight, *patch_bias; /* [D][3][7][7], [D] */
    size_t background_side, tile_side;
    const float *background;    /* pos_embed [D][background_side][background_side] */
    const float *tile;          /* pos_embed_window [D][tile_side][tile_side] */
    struct hiera_block *blocks; /* [depth], owned */
    struct fpn_weights fpn;
};

/* Reads every tensor of the image encoder, for images of side `image_size`, a multiple of 32.
 * Depths and widths come from the shapes; heads and windows come from them for the four
 * published trunks, and from the metadata num_heads, window_spec and global_att_blocks for any
 * other. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in either case hiera_weights_free is
 * due. */
int hiera_weights_read(struct hiera_weights *weights, struct checkpoint *checkpoint, int image_size,
                       struct error *error);
void hiera_weights_free(struct hiera_weights *weights);

enum { HIERA_NAME_SIZE = 80 };

/* Writes "image_encoder.trunk.blocks.<block>.<name>" into text[HIERA_NAME_SIZE] and returns it. */
const char *hiera_name(char *text, size_t block, const char *name);

#endif
