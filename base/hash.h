/* hash.h - 64-bit hashes of names, the same on every machine and in every version. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* FNV-1a over the bytes (offset basis 14695981039346656037, prime 1099511628211), then the
 * finalizer of MurmurHash3, all in unsigned 64-bit arithmetic:
 *   h ^= h >> 33; h *= 0xff51afd7ed558ccd; h ^= h >> 33; h *= 0xc4ceb9fe1a85ec53; h ^= h >> 33 */
uint64_t hash_bytes(const void *bytes, size_t length);

/* As hash_bytes with the offset basis 0x9e3779b97f4a7c15: a second hash to confirm a match of the
 * first. */
uint64_t hash_bytes_again(const void *bytes, size_t length);

#endif
