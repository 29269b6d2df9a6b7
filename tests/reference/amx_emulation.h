/* amx_emulation.h - AMX's tile instructions, emulated where the CPU or the kernel refuses them,
 * so that the very machine code that is shipped runs on CPUs without AMX. On x86-64.
 *
 * The CPU answers each instruction that it does not know, or has no permission for, with SIGILL.
 * The handler decodes the instruction, does its work in plain C as Intel's manual says, and lets
 * the program go on behind it. Each thread has tiles of its own. Known are LDTILECFG,
 * TILERELEASE, TILEZERO, TILELOADD, TILESTORED and TDPBF16PS; other instructions end the program
 * as before.
 *
 * What the CPU would answer with a fault (#GP, #UD) is kept as a text, and the instruction does
 * nothing. */
#ifndef TESTS_REFERENCE_AMX_EMULATION_H
#define TESTS_REFERENCE_AMX_EMULATION_H

#include <stdbool.h>
#include <stddef.h>

/* Begins the emulation in all threads, for good. */
void amx_emulation_begin(void);

/* How many instructions were emulated since it began, by all threads. */
size_t amx_emulation_count(void);

/* The first fault since the last call, or NULL. */
const char *amx_emulation_fault(void);

/* Whether the calling thread's tiles are in use: configured and not released. */
bool amx_emulation_in_use(void);

#endif
