/* isa.h - vector kernels, compiled once for each instruction set and chosen at run time.
 *
 * A file NAME_simd.c is compiled with ISA defined as generic, avx2 and avx512 on x86-64, as generic
 * and neon on 64-bit ARM, and as generic alone elsewhere. For neon, NEON is defined, too; the
 * compiler's own macros are there in both. It names everything visible outside with ISA_NAME(x). One
 * ordinary file declares the variants and chooses among them:
 *
 *     ISA_DECLARE(const struct scan_kernel, scan_kernel);
 *     static const struct scan_kernel *const variants[] = ISA_VARIANTS(scan_kernel);
 *     ... variants[isa] ... */
#ifndef BASE_ISA_H
#define BASE_ISA_H

struct error;

#define ISA_JOIN_(name, isa) name##_##isa
#define ISA_JOIN(name, isa) ISA_JOIN_(name, isa)
#define ISA_NAME(name) ISA_JOIN(name, ISA)

/* The instruction sets of this architecture, from the slowest to the fastest.
 *
 * ISA_DECLARE declares all variants of an object or a function. ISA_VARIANTS initialises an array of
 * pointers to the variants, indexed by enum isa. ISA_OPENBLAS is the generic kernels with products by
 * OpenBLAS (model/kernels/matmul.h). */
#if defined(__x86_64__)
enum isa { ISA_GENERIC, ISA_AVX2, ISA_AVX512, ISA_OPENBLAS };
#define ISA_DECLARE(type, name) extern type name##_generic, name##_avx2, name##_avx512
#define ISA_VARIANTS(name)                                                                         \
    {                                                                                              \
        &name##_generic, &name##_avx2, &name##_avx512, &name##_generic                             \
    }
#elif defined(__aarch64__)
enum isa { ISA_GENERIC, ISA_NEON, ISA_OPENBLAS };
#define ISA_DECLARE(type, name) extern type name##_generic, name##_neon
#define ISA_VARIANTS(name)                                                                         \
    {                                                                                              \
        &name##_generic, &name##_neon, &name##_generic                                             \
    }
#else
enum isa { ISA_GENERIC, ISA_OPENBLAS };
#define ISA_DECLARE(type, name) extern type name##_generic
#define ISA_VARIANTS(name)                                                                         \
    {                                                                                              \
        &name##_generic, &name##_generic                                                           \
    }
#endif

/* The best instruction set of this CPU and this build. MASKMILL_ISA=generic|avx2|avx512|neon in
 * the environment lowers it, so that tests reach every variant, and never raises it. Never
 * ISA_OPENBLAS. */
enum isa isa_best(void);

/* Returns 0, or -1 with ERROR_USAGE if MASKMILL_ISA is no instruction set of this architecture. One that
 * this CPU lacks is no error: isa_best passes over it. */
int isa_check_environment(struct error *error);

/* "generic", "avx2", "avx512", "neon" or "openblas". */
const char *isa_name(enum isa isa);

#endif
