/* amx.h - whether AMX's tiles may be used: matrices of up to 16 rows of 64 bytes in eight
 * registers of their own, in Intel's Sapphire Rapids and later. */
#ifndef MODEL_KERNELS_AMX_H
#define MODEL_KERNELS_AMX_H

#include <stdbool.h>

/* Whether this process may multiply tiles of bfloat16. That takes a CPU with AMX-BF16, a
 * hypervisor and a kernel that keep the tiles' registers, and Linux's permission, for which this
 * asks (from 5.16 on).
 *
 * The permission is for all threads of the process, and stays. Linux refuses it where an
 * alternate signal stack is too small for the registers, and within the cage of decoders, which
 * has no such call. A thread gets 8 KB of the kernel's memory for them when it first uses a
 * tile. */
bool amx_bf16_allowed(void);

#endif
