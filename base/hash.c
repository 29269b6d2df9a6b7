#include "base/hash.h"

static uint64_t hash_from(uint64_t basis, const unsigned char *bytes, size_t length)
{
    uint64_t h = basis;
    for (size_t i = 0; i < length; i++)
        h = (h ^ bytes[i]) * UINT64_C(1099511628211);
    /* FNV alone leaves patterns in the high bits and in remainders of small divisors. */
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h *= UINT64_C(0xc4ceb9fe1a85ec53);
    h ^= h >> 33;
    return h;
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
    return hash_from(UINT64_C(14695981039346656037), bytes, length);
}

uint64_t hash_bytes_again(const void *bytes, size_t length)
{
    return hash_from(UINT64_C(0x9e3779b97f4a7c15), bytes, length);
}
