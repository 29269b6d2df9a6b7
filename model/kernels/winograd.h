/* winograd.h - 3x3 convolutions with stride 1 or 2 and zero padding, by Winograd's method: tiles of
 * 4x4 results take 36 multiplications instead of 144, with stride 2 81.
 *
 * With g the 3x3 weights and d the inputs of a tile, its results are
 *
 *   A^T [sum over input channels of (G g G^T) * (B^T d B)] A,
 *
 * where * multiplies element by element. The sum is a product of matrices for each element of G g
 * G^T. With stride 1 this is F(4x4, 3x3); Lavin and Gray, "Fast Algorithms for Convolutional Neural
 * Networks", has the matrices. With stride 2 the two outer weights of a line meet the inputs at odd
 * places, which is F(4, 2) with the points 0, 1, -1, 2 and infinity; the middle one meets those at
 * even places as they are. Rounding errors are some ten times those of direct sums. */
#ifndef MODEL_KERNELS_WINOGRAD_H
#define MODEL_KERNELS_WINOGRAD_H

#include <stdbool.h>

#include "base/isa.h"
#include "base/memory.h"
#include "model/kernels/conv.h"
#include "model/kernels/plane.h"

struct error;

enum {
    WINOGRAD_SIDE = 4,                                  /* of a tile of results */
    WINOGRAD_POSITIONS = WINOGRAD_SIDE * WINOGRAD_SIDE, /* of a tile */
    WINOGRAD_TILES = 32                                 /* most tiles computed at a time */
};

struct winograd {
    enum isa isa;
    size_t in, out, stride;
    size_t width;  /* columns of a panel */
    float *panels; /* [ceil(out / width)][36][in][width] */
    float *bias;   /* [out rounded up to width] */
};

/* Packs; the kernel's side is 3, the stride 1 or 2, groups are 1. Returns 0, or -1 with
 * ERROR_MEMORY; in either case winograd_free is due. */
int winograd_pack(struct winograd *winograd, enum isa isa, const struct conv *conv,
                  struct error *error);
void winograd_free(struct winograd *winograd);

/* The scratch of one thread. */
struct winograd_scratch {
    float *inputs; /* [elements of d][WINOGRAD_TILES][in] */
    float *sums;   /* [elements of d][WINOGRAD_TILES][width] */
};

/* The floats of `inputs` that a convolution needs. */
size_t winograd_inputs(const struct conv *conv);

/* `inputs` is the largest winograd_inputs. */
void winograd_layout(struct winograd_scratch *scratch, size_t inputs, struct arena *arena);

/* The tiles of a plane of results, whose side is a multiple of WINOGRAD_SIDE. */
static inline size_t winograd_tiles(size_t side)
{
    return side / WINOGRAD_SIDE * (side / WINOGRAD_SIDE);
}

/* The first position of a tile, tiles counted row by row. */
static inline float *winograd_tile(const struct plane *plane, size_t tile)
{
    size_t across = plane->side / WINOGRAD_SIDE;
    return plane_at(plane, (long)(tile / across * WINOGRAD_SIDE),
                    (long)(tile % across * WINOGRAD_SIDE));
}

/* Where results go. */
struct winograd_result {
    float *tiles;              /* [count][4][4][out], or NULL: into `plane` */
    const struct plane *plane; /* `out` channels, the side of the input / stride; another plane */
    bool gelu;                 /* apply the GELU by tanh */
    bool add;                  /* add to what is there, after that */
};

/* Tiles first .. first + count - 1 of the convolution of `from`; count <= WINOGRAD_TILES. The bits
 * of a result do not depend on where tiles are cut. */
void winograd_run(const struct winograd *winograd, const struct winograd_scratch *scratch,
                  const struct plane *from, size_t first, size_t count,
                  const struct winograd_result *to);

/* The whole plane, with up to `threads` threads; `scratch` has an entry for each. */
void winograd_plane(const struct winograd *winograd, const struct winograd_scratch *scratch,
                    const struct plane *from, const struct winograd_result *to, int threads);

#endif
