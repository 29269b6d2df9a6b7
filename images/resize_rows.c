#include "images/resize_rows.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

enum { BLOCK = 64 }; /* samples that resize_down sums at a time: few enough to stay in registers */

static const int32_t half = 1 << (RESIZE_FRACTION_BITS - 1);

/* The whole part of a sum, cut to 0..255. */
static inline uint8_t level(int32_t sum)
{
    int32_t whole = sum >> RESIZE_FRACTION_BITS;
    return (uint8_t)(whole < 0 ? 0 : whole > UINT8_MAX ? UINT8_MAX : whole);
}

/* Outputs begin .. end - 1, with one multiplication for each channel and tap. */
static void across_range(const struct resize_pass *pass, const uint8_t *from, uint8_t *to,
                         int32_t begin, int32_t end)
{
    for (int32_t i = begin; i < end; i++) {
        const uint8_t *pixel = from + (size_t)pass->first[i] * 3;
        const int32_t *weights = pass->weights + (size_t)i * pass->taps;
        int32_t red = half, green = half, blue = half;
        for (int32_t t = 0; t < pass->count[i]; t++, pixel += 3) {
            red += pixel[0] * weights[t];
            green += pixel[1] * weights[t];
            blue += pixel[2] * weights[t];
        }
        to[3 * i] = level(red);
        to[3 * i + 1] = level(green);
        to[3 * i + 2] = level(blue);
    }
}

void resize_across_reference(const struct resize_pass *pass, const uint8_t *from, uint8_t *to)
{
    across_range(pass, from, to, 0, pass->outputs);
}

#if defined(__SSE2__)
static __m128i load4(const uint8_t *bytes)
{
    int32_t word;
    memcpy(&word, bytes, sizeof word);
    return _mm_cvtsi32_si128(word);
}

static __m128i repeat2(const int16_t values[2])
{
    int32_t word;
    memcpy(&word, values, sizeof word);
    return _mm_set1_epi32(word);
}

/* The first pass->inner outputs. Each step takes two taps of three channels, as 16-bit products
 * added in pairs. Each output writes one byte too many; the next output overwrites it. */
static void across_inner(const struct resize_pass *pass, const uint8_t *from, uint8_t *to)
{
    const __m128i zero = _mm_setzero_si128();
    for (int32_t i = 0; i < pass->inner; i++) {
        const uint8_t *pixel = from + (size_t)pass->first[i] * 3;
        const struct resize_pair *pair = pass->pairs + (size_t)i * (pass->taps / 2);
        __m128i low = _mm_set1_epi32(half), high = zero;
        for (int32_t t = 0; t < pass->count[i]; t += 2, pixel += 6, pair++) {
            __m128i two = _mm_unpacklo_epi8(load4(pixel), load4(pixel + 3));
            two = _mm_unpacklo_epi8(two, zero);
            low = _mm_add_epi32(low, _mm_madd_epi16(two, repeat2(pair->low)));
            high = _mm_add_epi32(high, _mm_madd_epi16(two, repeat2(pair->high)));
        }
        __m128i sum = _mm_add_epi32(low, _mm_slli_epi32(high, RESIZE_LOW_BITS));
        sum = _mm_srai_epi32(sum, RESIZE_FRACTION_BITS);
        sum = _mm_packs_epi32(sum, sum);
        int32_t rgb = _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum));
        memcpy(to + (size_t)i * 3, &rgb, sizeof rgb);
    }
}
#elif defined(__ARM_NEON)
/* The first pass->inner outputs, three channels and one byte more at a time. Each output writes one
 * byte too many; the next output overwrites it. */
static void across_inner(const struct resize_pass *pass, const uint8_t *from, uint8_t *to)
{
    for (int32_t i = 0; i < pass->inner; i++) {
        const uint8_t *pixel = from + (size_t)pass->first[i] * 3;
        const int32_t *weights = pass->weights + (size_t)i * pass->taps;
        int32x4_t sum = vdupq_n_s32(half);
        for (int32_t t = 0; t < pass->count[i]; t++, pixel += 3) {
            uint32_t bytes;
            memcpy(&bytes, pixel, sizeof bytes);
            uint16x8_t wide = vmovl_u8(vcreate_u8(bytes));
            int32x4_t values = vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(wide)));
            sum = vmlaq_n_s32(sum, values, weights[t]);
        }
        uint16x4_t whole = vqmovun_s32(vshrq_n_s32(sum, RESIZE_FRACTION_BITS));
        uint8x8_t levels = vqmovn_u16(vcombine_u16(whole, whole));
        uint32_t rgb = vget_lane_u32(vreinterpret_u32_u8(levels), 0);
        memcpy(to + (size_t)i * 3, &rgb, sizeof rgb);
    }
}
#endif

void resize_across(const struct resize_pass *pass, const uint8_t *from, uint8_t *to)
{
    if (pass->inputs == pass->outputs) {
        memcpy(to, from, (size_t)pass->outputs * 3);
        return;
    }
#if defined(__SSE2__) || defined(__ARM_NEON)
    across_inner(pass, from, to);
    across_range(pass, from, to, pass->inner, pass->outputs);
#else
    resize_across_reference(pass, from, to);
#endif
}

/* Samples x .. x + length - 1 of output i; `length` is at most BLOCK. */
static inline void down_block(const struct resize_pass *pass, int32_t i,
                              const struct resize_rows *rows, size_t x, size_t length, uint8_t *to)
{
    const int32_t *weights = pass->weights + (size_t)i * pass->taps;
    int32_t first = pass->first[i], count = pass->count[i];
    int32_t sums[BLOCK];
    for (size_t j = 0; j < length; j++)
        sums[j] = half;
    for (int32_t t = 0; t < count; t++) {
        const uint8_t *row = rows->bytes + (size_t)((first + t) % rows->slots) * rows->stride + x;
        int32_t weight = weights[t];
        for (size_t j = 0; j < length; j++)
            sums[j] += row[j] * weight;
    }
    for (size_t j = 0; !pass->negative && j < length; j++)
        to[x + j] = (uint8_t)(sums[j] >> RESIZE_FRACTION_BITS);
    for (size_t j = 0; pass->negative && j < length; j++)
        to[x + j] = level(sums[j]);
}

void resize_down(const struct resize_pass *pass, int32_t i, const struct resize_rows *rows,
                 size_t length, uint8_t *to)
{
    size_t x = 0;
    for (; x + BLOCK <= length; x += BLOCK)
        down_block(pass, i, rows, x, BLOCK, to);
    down_block(pass, i, rows, x, length - x, to);
}
