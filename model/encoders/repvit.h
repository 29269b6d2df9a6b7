/* repvit.h - the RepViT trunk of RepViT-SAM (repvit_sam.h) and EdgeTAM (edgetam.h).
 *
 * A block goes over strips of positions; each strip is one pass from a plane to another:
 *
 *   mixed = local(from), widened where a stage begins
 *   to = mixed + project(gelu(expand(mixed)))
 *
 * Squeeze-excite needs the means of all of `mixed` before its first product, so such a block has
 * two passes; the first stores `mixed` in `to`. */
#ifndef MODEL_ENCODERS_REPVIT_H
#define MODEL_ENCODERS_REPVIT_H

#include "base/memory.h"
#include "model/encoders/repvit_weights.h"
#include "model/encoders/stem.h"
#include "model/kernels/kernels.h"
#include "model/kernels/matmul.h"
#include "model/kernels/plane.h"

/* The matrices of a block, packed. */
struct repvit_block {
    struct depthwise local;
    struct matmul_packed widen;   /* [D before][D]; empty if the width stays */
    struct matmul_packed expand;  /* [D][hidden] */
    struct matmul_packed project; /* [hidden][D] */
};

struct repvit {
    struct repvit_weights weights; /* pointers to matrices that are packed are NULL */
    enum isa isa;
    struct stem stem;
    struct repvit_block *blocks; /* [count] owned */
};

/* Reads and packs. `image_size` is S. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY; in either
 * case repvit_free is due. */
int repvit_load(struct repvit *repvit, struct checkpoint *checkpoint, enum repvit_naming naming,
                enum isa isa, int image_size, struct error *error);
void repvit_free(struct repvit *repvit);

/* Channels of the result of a stage, and its positions along one side. */
size_t repvit_width(const struct repvit *repvit, size_t stage);
size_t repvit_side(const struct repvit *repvit, size_t stage);

/* The scratch of one thread, for the positions of a strip. */
struct repvit_thread {
    float *mixed;  /* [positions][D before] */
    float *tokens; /* [positions][D] */
    float *hidden; /* [positions][hidden] */
};

struct repvit_scratch {
    float *planes[2]; /* of the largest size, in turn */
    size_t slots;
    struct repvit_thread *threads; /* [slots] */
    struct stem_scratch stem;
    float *sums;            /* [strips][D] of a squeeze-excite */
    float *squeezed, *gate; /* [reduced], [D] */
};

/* Takes the scratch for up to `slots` threads from the arena. */
void repvit_layout(struct repvit_scratch *scratch, const struct repvit *repvit, size_t slots,
                   struct arena *arena);

/* *x = the stem of input[3][S][S], with up to `threads` threads. Planes lie in the scratch. The bits
 * do not depend on the number of threads. */
void repvit_run_stem(const struct repvit *repvit, const struct repvit_scratch *scratch,
                     const float *input, int threads, struct plane *x);

/* *x = the blocks of a stage, applied to *x: the result of the stage before, or of the stem. */
void repvit_run_stage(const struct repvit *repvit, const struct repvit_scratch *scratch,
                      size_t stage, int threads, struct plane *x);

#endif
