/* isa.h - vector kernels, compiled once for each instruction set and chosen at run time.
 *
 * A file NAME_simd.c is compiled with ISA defined as generic, avx2 and avx512 on x86-64, and as
 * generic alone elsewhere. It names everything visible outside with ISA_NAME(x). */
#ifndef BASE_ISA_H
#define BASE_ISA_H

#define ISA_JOIN_(name, isa) name##_##isa
#define ISA_JOIN(name, isa) ISA_JOIN_(name, isa)
#define ISA_NAME(name) ISA_JOIN(name, ISA)

enum isa { ISA_GENERIC, ISA_AVX2, ISA_AVX512 };

/* The best instruction set of this CPU and this build. MASKMILL_ISA=generic|avx2|avx512 in the
 * environment lowers it, so that tests reach every variant, and never raises it. */
enum isa isa_best(void);

/* "generic", "avx2" or "avx512". */
const char *isa_name(enum isa isa);

#endif
