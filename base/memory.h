/* memory.h - checked sizes, aligned blocks, and arenas for scratch that lives as long as its owner.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

struct error;

enum { MEMORY_ALIGNMENT = 64 }; /* bytes: one cache line, one AVX-512 register */

/* A zeroed block of count * size bytes aligned to MEMORY_ALIGNMENT, never NULL for a zero size.
 * `what` names the block in the message ("image encoder scratch").
 * Returns NULL with ERROR_MEMORY when the product overflows or memory is short.
 * The caller frees it with memory_free. */
void *memory_new(size_t count, size_t size, const char *what, struct error *error);

/* Frees a block of memory_new; NULL is allowed. */
void memory_free(void *block);

/* Grows the array *block from *capacity elements to at least `needed` (doubling), keeping contents;
 * `size` is one element's bytes. *block starts as NULL with *capacity 0 and is freed by free(3).
 * Returns 0, or -1 with ERROR_MEMORY and the array unchanged. */
int memory_grow(void **block, size_t *capacity, size_t needed, size_t size, struct error *error);

/* Scratch memory handed out front to back, given back all at once. With base NULL it only measures:
 * arena_take then returns NULL and adds up, so one layout function serves both sizing and use. */
struct arena {
    unsigned char *base;
    size_t size; /* bytes */
    size_t used; /* bytes, a multiple of MEMORY_ALIGNMENT; SIZE_MAX after an overflow */
};

/* The next count * size bytes, aligned; NULL while measuring. It is a programming error (assert) to
 * take more than was measured. Contents are indeterminate. */
void *arena_take(struct arena *arena, size_t count, size_t size);

#endif
