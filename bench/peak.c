/* peak THREADS: the machine's peak in GFLOP/s, as JSON: fused multiply-adds on registers alone, in
 * float and, where the CPU has them, products of bfloat16 pairs and of half-precision numbers. One
 * number each, 0 where the CPU has none, best of five. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __AVX512F__
#include <immintrin.h>
#endif

#ifdef __AVX512F__
enum { LANES = 16 };
#else
enum { LANES = 8 };
#endif
/* More chains than latency times units (4 * 2), and few enough for 16 registers. */
enum { CHAINS = 12, ROUNDS = 20000000, TRIES = 5 };

typedef float vector __attribute__((vector_size(LANES * sizeof(float))));

static volatile float sink;

static double float_products(void)
{
    vector sum[CHAINS], factor = {0}, addend = {0};
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        sum[i] = (vector){0} + (float)i;
    factor += 0.999f;
    addend += 0.001f;
    for (int round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) {
            sum[i] = sum[i] * factor + addend;
            __asm__("" : "+x"(sum[i]));
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        sink = sum[i][0];
    return 2.0 * LANES * CHAINS * ROUNDS;
}

#ifdef __AVX512BF16__
static double bf16_products(void)
{
    __m512 sum[CHAINS];
    __m512bh a = (__m512bh)_mm512_set1_epi16(0x3f80), b = a;
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ps((float)i);
    for (int round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) {
            sum[i] = _mm512_dpbf16_ps(sum[i], a, b);
            __asm__("" : "+x"(sum[i]));
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        sink = _mm512_reduce_add_ps(sum[i]);
    return 4.0 * LANES * CHAINS * ROUNDS;
}
#else
static double bf16_products(void)
{
    return 0;
}
#endif

#ifdef __AVX512FP16__
static double f16_products(void)
{
    __m512h sum[CHAINS], factor = _mm512_set1_ph((_Float16)0.999f);
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        sum[i] = _mm512_set1_ph((_Float16)i);
    for (int round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) {
            sum[i] = _mm512_fmadd_ph(sum[i], factor, factor);
            __asm__("" : "+x"(sum[i]));
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        sink = (float)_mm512_reduce_add_ph(sum[i]);
    return 4.0 * LANES * CHAINS * ROUNDS;
}
#else
static double f16_products(void)
{
    return 0;
}
#endif

static double best(double (*work)(void), int threads)
{
    double most = 0;
    for (int i = 0; i < TRIES; i++) {
        double operations = 0, start = omp_get_wtime();
#pragma omp parallel num_threads(threads) reduction(+ : operations)
        operations += work();
        double rate = operations / (omp_get_wtime() - start);
        if (rate > most)
            most = rate;
    }
    return most * 1e-9;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    printf("{\"float\": %.1f, \"bf16\": %.1f, \"f16\": %.1f}\n", best(float_products, threads),
           best(bf16_products, threads), best(f16_products, threads));
    return 0;
}
