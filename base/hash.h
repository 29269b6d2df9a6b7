/* hash.h - the stable 64-bit hash of a name, the same on every machine and in every version. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a over the bytes (offset basis 14695981039346656037, prime 1099511628211), followed by the
 * finalizer of MurmurHash3: h ^= h >> 33; h *= 0xff51afd7ed558ccd; h ^= h >> 33;
 * h *= 0xc4ceb9fe1a85ec53; h ^= h >> 33. All in unsigned 64-bit arithmetic. */
uint64_t hash_bytes(const void *bytes, size_t length);

/* A second hash, independent enough of the first to confirm a match: the same with the offset basis
 * 0x9e3779b97f4a7c15. */
uint64_t hash_bytes_again(const void *bytes, size_t length);

#endif
