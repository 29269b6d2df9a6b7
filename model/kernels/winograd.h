/* winograd.h - 3x3 convolutions with stride 1 and zero padding, by Winograd's F(4x4, 3x3): 36
 * multiplications for a tile of 4x4 results instead of 144.
 *
 * With g the 3x3 weights and d the 6x6 inputs of a tile, its results are
 *
 *   A^T [sum over input channels of (G g G^T) * (B^T d B)] A,
 *
 * where * multiplies element by element. The sum is one product of matrices for each of the 36
 * elements. Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", has the matrices.
 * Rounding errors are some ten times those of direct sums. */
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
    size_t in, out, width; /* columns of a panel */
    float *panels;         /* [ceil(out / width)][36][in][width] */
    float *bias;           /* [out rounded up to width] */
};

/* Packs; the kernel's side is 3, stride and groups are 1. Returns 0, or -1 with ERROR_MEMORY; in
 * either case winograd_free is due. */
int winograd_pack(struct winograd *winograd, enum isa isa, const struct conv *conv,
                  struct error *error);
void winograd_free(struct winograd *winograd);

/* The scratch of one thread. */
struct winograd_scratch {
    float *inputs; /* [36][WINOGRAD_TILES][in] */
    float *sums;   /* [36][WINOGRAD_TILES][width] */
};

/* `in` is the largest number of input channels. */
void winograd_layout(struct winograd_scratch *scratch, size_t in, struct arena *arena);

/* The tiles of a plane, whose side is a multiple of WINOGRAD_SIDE. */
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
    const struct plane *plane; /* `out` channels, the side of the input; another plane */
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
