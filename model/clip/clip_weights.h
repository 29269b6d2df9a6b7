/* clip_weights.h - the tensors of CLIP's towers, packed for the products, and the sizes derived from their shapes.
 *
 * Letters besides those of clip.h: D width of a tower's tokens, G patches along a side of the image, P pixels along a
 * side of a patch. Heads are 64 wide in the models that are read; no tensor shows it (clip_config.h). */
#ifndef MODEL_CLIP_CLIP_WEIGHTS_H
#define MODEL_CLIP_CLIP_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "model/decoder/layers.h"

struct checkpoint;
struct error;

enum { CLIP_HEAD_WIDTH = 64 };

/* x += out(attention(ln_1(x))); x += proj(activate(fc(ln_2(x)))) */
struct clip_block {
    struct norm ln_1, ln_2;
    struct matmul_packed qkv[3]; /* each [D][D] with its bias */
    struct linear out;           /* D -> D */
    struct linear fc, proj;      /* D -> hidden -> D */
};

struct clip_tower {
    enum isa isa;
    bool causal; /* a token attends to itself and those before it */
    size_t width, heads, hidden, depth;
    bool heads_said;           /* by config.json (clip_config.h) */
    struct clip_block *blocks; /* [depth], owned */
    /* The MLP's activation, of struct kernels: quick_gelu, or what clip_config.h finds. */
    void (*activate)(size_t rows, size_t n, float *x, size_t row);
    /* The attention's biases of a causal tower, [2 * length][width of a strip] (clip_tower.c), owned; or NULL. */
    float *mask;
    size_t length; /* most tokens of a sequence */
};

struct clip_image_tower {
    size_t image_size, patch, grid;           /* S, P, G */
    struct matmul_packed patches;             /* [3 P P][D] */
    const float *class_embedding, *positions; /* [D], [1 + G G][D] */
    struct norm ln_pre, ln_post;
    struct clip_tower tower;
    struct matmul_packed proj; /* [D][E] */
};

struct clip_text_tower {
    size_t vocabulary;
    const float *tokens, *positions; /* [vocabulary][D], [context][D]; context is tower.length */
    struct norm ln_final;
    struct clip_tower tower;
    struct matmul_packed proj; /* [D][E] */
};

struct clip_weights {
    size_t width; /* E */
    float logit_scale;
    struct clip_image_tower image;
    struct clip_text_tower text;
};

/* Reads and packs every tensor. Pointers into the checkpoint live as long as that. Returns 0, or -1 with
 * ERROR_MODEL (a model of another kind, a tensor that is missing, superfluous, of another shape or not finite) or
 * ERROR_MEMORY; in either case clip_weights_free is due. */
int clip_weights_read(struct clip_weights *weights, struct checkpoint *checkpoint, enum isa isa,
                      struct error *error);
void clip_weights_free(struct clip_weights *weights);

#endif
