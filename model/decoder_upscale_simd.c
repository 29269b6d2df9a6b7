#include "model/decoder_kernel.h"

#include "model/decoder_tile_simd.h"

/* The exact GELU within 1e-6: max(x, 0) - u * Q(u) with u = |x|, Q(u) = erfc(u / sqrt 2) / 2.
 * 2 Q(u) = p(u)^-16 with a polynomial of degree 6, the form of Abramowitz and Stegun 7.1.28, its
 * coefficients fitted anew to the least error of u * Q(u). */
VECTOR_INLINE vector gelu(vector x)
{
    vector u = vector_max(x, -x);
    vector p = u * 6.33242416e-6f + 4.13880734e-5f;
    p = p * u + 5.97061007e-5f;
    p = p * u + 3.24933068e-3f;
    p = p * u + 2.11572889e-2f;
    p = p * u + 4.98641394e-2f;
    p = p * u + 1.0f;
    p = vector_inverse(p);
    p *= p;
    p *= p;
    p *= p;
    p *= p;
    return vector_max(x, (vector){0}) - 0.5f * u * p;
}

/* u[C/4][STEP] of pixel s for STEP positions from `at`; returns the sums of its squares. */
VECTOR_INLINE void first_pixel(const struct decoder_upscale *in, size_t s, size_t at, float *u,
                               vector squares[TILE])
{
    const size_t row = in->channels; /* of the weights */
    const size_t quarter = in->channels / 4;
    vector r[TILE];
    vector r2[TILE];
    tile_load(in->r + at, r);
    tile_load(in->r2 + at, r2);
    UNROLLED for (size_t j = 0; j < TILE; j++) squares[j] = (vector){0};
    for (size_t c = 0; c < quarter; c += TILE_ROWS) {
        const size_t i0 = s * quarter + c;
        vector acc[TILE_ROWS][TILE];
        UNROLLED for (size_t i = 0; i < TILE_ROWS; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
            acc[i][j] =
                vector_load(in->x + (i0 + i) * DECODER_CHUNK + at + j * LANES) + in->start0[i0 + i];
        tile_add(TILE_ROWS, FOLDED_PAIRS, in->weight0 + i0, row, in->a0 + at, DECODER_CHUNK, acc);
        tile_scale(TILE_ROWS, r, acc);
        UNROLLED for (size_t i = 0; i < TILE_ROWS; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
            acc[i][j] += in->start1[i0 + i];
        tile_add(TILE_ROWS, FOLDED_PAIRS, in->weight1 + i0, row, in->a1 + at, DECODER_CHUNK, acc);
        UNROLLED for (size_t i = 0; i < TILE_ROWS; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
        {
            acc[i][j] = acc[i][j] * r2[j] + in->bias[i0 + i];
            squares[j] += acc[i][j] * acc[i][j];
            vector_store(u + (c + i) * STEP + j * LANES, acc[i][j]);
        }
    }
}

/* LayerNorm2d (eps 1e-6; the mean is 0 already) and GELU of u[C/4][STEP]. */
VECTOR_INLINE void normalise(const struct decoder_upscale *in, const vector squares[TILE], float *u)
{
    const size_t quarter = in->channels / 4;
    vector scale[TILE];
    UNROLLED for (size_t j = 0; j < TILE; j++) UNROLLED for (size_t lane = 0; lane < LANES; lane++)
        scale[j][lane] = 1 / __builtin_sqrtf(squares[j][lane] / (float)quarter + 1e-6f);
    for (size_t c = 0; c < quarter; c++)
        UNROLLED for (size_t j = 0; j < TILE; j++)
        {
            float *at = u + c * STEP + j * LANES;
            vector_store(at, gelu(vector_load(at) * (scale[j] * in->gain[c]) + in->shift[c]));
        }
}

/* sums[mask][e] += the contributions of two channels of the second convolution, from channel c. */
VECTOR_INLINE void second_pixels(const struct decoder_upscale *in, size_t c, const float *u,
                                 vector sums[][4][TILE])
{
    const size_t quarter = in->channels / 4;
    const size_t eighth = in->channels / 8;
    vector acc[TILE_ROWS][TILE];
    UNROLLED for (size_t i = 0; i < TILE_ROWS; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
        acc[i][j] = vector_set(in->weight_bias[c + i / 4]);
    tile_add(TILE_ROWS, quarter, in->weight + c * 4, eighth * 4, u, STEP, acc);
    UNROLLED for (size_t i = 0; i < TILE_ROWS; i++) UNROLLED for (size_t j = 0; j < TILE; j++)
        acc[i][j] = gelu(acc[i][j]);
    for (size_t mask = 0; mask < in->masks; mask++) {
        const float *hyper = in->hyper + mask * eighth + c;
        UNROLLED for (size_t e = 0; e < 4; e++) UNROLLED for (size_t j = 0; j < TILE; j++)
            sums[mask][e][j] += hyper[0] * acc[e][j] + hyper[1] * acc[4 + e][j];
    }
}

void ISA_NAME(decoder_upscale)(const struct decoder_upscale *in)
{
    enum { MASKS_MAX = 4 };
    for (size_t at = 0; at < in->n; at += STEP)
        for (size_t s = 0; s < 4; s++) {
            vector squares[TILE];
            vector sums[MASKS_MAX][4][TILE] = {0};
            first_pixel(in, s, at, in->scratch, squares);
            normalise(in, squares, in->scratch);
            for (size_t c = 0; c < in->channels / 8; c += 2)
                second_pixels(in, c, in->scratch, sums);
            for (size_t mask = 0; mask < in->masks; mask++)
                for (size_t e = 0; e < 4; e++)
                    UNROLLED for (size_t j = 0; j < TILE; j++) vector_store(
                        in->out + ((mask * 4 + s) * 4 + e) * DECODER_CHUNK + at + j * LANES,
                        sums[mask][e][j]);
        }
}
