/* vit_weights.h - the tensors of SAM's ViT image encoder, and the sizes derived from their shapes.
 * EfficientSAM's is one, too, but plain: its blocks are all global and have no relative positions,
 * and its position embeddings are resized to the grid.
 *
 * Letters besides those of sam.h: D width of the tokens; E = D / H width of a head. */
#ifndef MODEL_ENCODERS_VIT_WEIGHTS_H
#define MODEL_ENCODERS_VIT_WEIGHTS_H

#include <stddef.h>

#include "model/decoder/layers.h"
#include "model/encoders/neck.h"

struct checkpoint;
struct error;

struct vit_sizes {
    size_t image_size, patch, grid;  /* S, pixels of a patch's side, G = S / patch */
    size_t width, heads, head_width; /* D, H, E */
    size_t hidden;                   /* of the MLP */
    size_t depth;                    /* blocks */
    size_t window_max;               /* the largest window of any block */
    size_t positions; /* side of a plain ViT's square of position embeddings; 0: the ViT is SAM's */
};

struct vit_block {
    /* The side of the attention windows, derived from the 2 window - 1 rows of the relative
     * positions; G if attention is global. */
    size_t window;
    struct norm norm1;
    struct linear qkv;                  /* D -> [3][H][E] */
    const float *rel_pos_h, *rel_pos_w; /* [2 window - 1][E]; NULL in a plain ViT */
    struct linear proj;                 /* D -> D */
    struct norm norm2;
    struct linear lin1, lin2; /* D -> hidden -> D */
};

struct vit_weights {
    struct vit_sizes sizes;
    const float *patch_weight, *patch_bias; /* [D][3][patch][patch], [D] */
    const float *pos_embed;                 /* [N][D] */
    float *resized;                         /* owned: pos_embed of a plain ViT; otherwise NULL */
    struct vit_block *blocks;               /* [depth], owned */
    struct neck_weights neck;
};

/* The tensor that tells a plain ViT: EfficientSAM's prompt encoder has it. */
#define PLAIN_VIT_MARK "prompt_encoder.bbox_top_left_embeddings.weight"

/* Derives the sizes and reads every tensor of image_encoder. `image_size` is 0 or the model's own;
 * any other is refused, since SAM's position embeddings are not interpolated. A plain ViT takes any
 * multiple of its patch, and must be given one. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in
 * either case vit_weights_free is due. */
int vit_weights_read(struct vit_weights *weights, struct checkpoint *checkpoint, int image_size,
                     struct error *error);
void vit_weights_free(struct vit_weights *weights);

enum { VIT_NAME_SIZE = 64 };

/* Writes "image_encoder.blocks.<block>.<name>" into text[VIT_NAME_SIZE] and returns it. */
const char *vit_name(char *text, size_t block, const char *name);

#endif
