/* math_simd.h - 2^x and three forms of GELU on vectors, from additions, multiplications and shifts
 * only; QuickGELU divides, too.
 *
 * The polynomials are minimax fits (Lawson's reweighted least squares).
 * tests/unit/test_kernels.c checks the error bounds over the whole range. */
#ifndef MODEL_KERNELS_MATH_SIMD_H
#define MODEL_KERNELS_MATH_SIMD_H

#include "model/kernels/vector_simd.h"

/* 2^x with a relative error of at most 2.5e-7 for -126 <= x <= 127; smaller x count as -126. */
VECTOR_INLINE vector vector_exp2(vector x)
{
    const float round = 0x1.8p23f; /* adding it leaves the nearest integer in the low bits */
    x = vector_max(x, vector_set(-126.0f));
    vector shifted = x + round;
    vector r = x - (shifted - round); /* -0.5 .. 0.5 */
    vector y = r * 0x1.5bba14p-10f + 0x1.3cea88p-7f;
    y = y * r + 0x1.c6b752p-5f;
    y = y * r + 0x1.ebf9bcp-3f;
    y = y * r + 0x1.62e42ap-1f;
    y = y * r + 1.0f;
    return (vector)((vector_int)y + ((vector_int)shifted << 23));
}

/* x * (1 + erf(x / sqrt 2)) / 2 with an error of at most 1.5e-7 * max(1, |x|).
 * With u = |x| this is max(x, 0) - u * Q(u), where Q(u) = erfc(u / sqrt 2) / 2. log2 Q is nearly a
 * parabola, so a polynomial of degree 10 fits it over 0..7. Beyond 7, Q is below 1.3e-12 and Q(7)
 * stands for it. */
VECTOR_INLINE vector vector_gelu(vector x)
{
    vector u = vector_max(x, -x);
    vector v = vector_min(u, vector_set(7.0f));
    vector l = v * -0x1.60a89ap-27f + 0x1.8977bap-22f;
    l = l * v + -0x1.719f66p-18f;
    l = l * v + 0x1.6dd71ep-15f;
    l = l * v + -0x1.56599cp-13f;
    l = l * v + -0x1.033412p-12f;
    l = l * v + 0x1.db5646p-8f;
    l = l * v + -0x1.af4856p-5f;
    l = l * v + -0x1.d62d28p-2f;
    l = l * v + -0x1.26af30p+0f;
    l = l * v + -1.0f;
    return vector_max(x, vector_set(0)) - u * vector_exp2(l);
}

/* x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2, with the same bound. As above, with
 * Q(u) = 1 / (1 + exp(2 sqrt(2 / pi) (u + 0.044715 u^3))), which is below 8e-13 beyond 6.3. */
VECTOR_INLINE vector vector_gelu_tanh(vector x)
{
    vector u = vector_max(x, -x);
    vector v = vector_min(u, vector_set(6.3f));
    vector l = v * -0x1.95ec88p-18f + 0x1.c86834p-15f;
    l = l * v + -0x1.80f2cep-18f;
    l = l * v + -0x1.25e95cp-10f;
    l = l * v + 0x1.8e0390p-10f;
    l = l * v + 0x1.8bde50p-8f;
    l = l * v + -0x1.9e5df6p-5f;
    l = l * v + -0x1.d67d4ap-2f;
    l = l * v + -0x1.26ad38p+0f;
    l = l * v + -1.0f;
    return vector_max(x, vector_set(0)) - u * vector_exp2(l);
}

/* x * sigmoid(1.702 x), CLIP's QuickGELU, with the same bound for |x| <= 1e30. */
VECTOR_INLINE vector vector_quick_gelu(vector x)
{
    const float scale = -0x1.3a4cbep+1f; /* -1.702 log2(e) */
    return x / (vector_exp2(vector_min(x * scale, vector_set(127.0f))) + 1.0f);
}

#endif
