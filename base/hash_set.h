/* hash_set.h - a set of 64-bit hashes, 11 to 22 bytes each. */
#ifndef BASE_HASH_SET_H
#define BASE_HASH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* Open addressing; 0 marks a free slot, and at most three quarters are taken. All zeros is a valid
 * empty set. */
struct hash_set {
    uint64_t *slots; /* [size] owned; freed by hash_set_free */
    size_t size;     /* a power of two, or 0 */
    size_t used;
};

/* Adds a hash; 0 is held as 1. Returns 1 if it was in the set already, 0 if it is new, or -1 with
 * ERROR_MEMORY. */
int hash_set_put(struct hash_set *set, uint64_t hash, struct error *error);

/* Whether the hash is in the set. */
bool hash_set_has(const struct hash_set *set, uint64_t hash);

/* Frees the slots and leaves an empty set. */
void hash_set_free(struct hash_set *set);

#endif
