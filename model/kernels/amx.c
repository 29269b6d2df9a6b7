#include "model/kernels/amx.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* AMX-BF16 and AMX-TILE are bits 22 and 24 of edx in CPUID leaf 7. */
static bool cpu_has_tiles(void)
{
    const unsigned both = 1u << 22 | 1u << 24;
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & both) == both;
}

/* Whether the CPU knows the shape of registers that the kernels use: palette 1, eight tiles of
 * 16 rows of 64 bytes. Some virtual machines show the bits of leaf 7 alone, and then refuse the
 * instructions. */
static bool cpu_has_palette(void)
{
    unsigned most, a, b, c, d;
    if (!__get_cpuid_count(0x1d, 0, &most, &b, &c, &d) || most < 1)
        return false;
    __get_cpuid_count(0x1d, 1, &a, &b, &c, &d);
    return b >> 16 >= 8 && (b & 0xffff) >= 64 && (c & 0xffff) >= 16;
}

/* Whether the kernel, or the hypervisor for it, has switched on both parts of the tiles'
 * registers: bits 17 and 18 of XCR0, which can be read if bit 27 of ecx in CPUID leaf 1 is set.
 * CPUID shows the tiles also where these are off. */
static bool system_keeps_tiles(void)
{
    const uint32_t both = 1u << 17 | 1u << 18;
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 27 & 1))
        return false;
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & both) == both;
}

/* Linux saves the second part of the registers only for processes that ask. Numbers are those of
 * ARCH_REQ_XCOMP_PERM and XFEATURE_XTILE_DATA: headers before 5.16 lack them. */
static bool kernel_permits_tiles(void)
{
    const long request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

bool amx_bf16_allowed(void)
{
    return cpu_has_tiles() && cpu_has_palette() && system_keeps_tiles() && kernel_permits_tiles();
}

#else

bool amx_bf16_allowed(void)
{
    return false;
}

#endif
