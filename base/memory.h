/* memory.h - allocation with checked sizes and aligned blocks, and arenas for scratch memory. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

struct error;

enum {
    MEMORY_ALIGNMENT = 64,            /* bytes: one cache line, one AVX-512 register */
    CACHE_LINE = MEMORY_ALIGNMENT / 4 /* floats in a cache line */
};

/* A zeroed block of count * size bytes, aligned to MEMORY_ALIGNMENT; not NULL for a size of zero.
 * `what` names the block in the error message ("image encoder scratch").
 * Returns NULL with ERROR_MEMORY if the product overflows or memory is short.
 * The caller frees it with memory_free. */
void *memory_new(size_t count, size_t size, const char *what, struct error *error);

/* Frees a block of memory_new; NULL is allowed. */
void memory_free(void *block);

/* Grows the array *block from *capacity to at least `needed` elements of `size` bytes, doubling,
 * and keeps its contents. Start with *block NULL and *capacity 0; free it with free(3). Returns 0,
 * or -1 with ERROR_MEMORY and the array unchanged. */
int memory_grow(void **block, size_t *capacity, size_t needed, size_t size, struct error *error);

/* Scratch memory that is handed out front to back and released all at once. With base NULL,
 * arena_take only adds up sizes and returns NULL, so one function both measures and lays out. */
struct arena {
    unsigned char *base;
    size_t size; /* bytes */
    size_t used; /* bytes, a multiple of MEMORY_ALIGNMENT; SIZE_MAX after an overflow */
};

/* Makes an arena of exactly the size that `layout` takes. layout(context, arena) is called twice:
 * to measure, then with memory. It must take the same pieces both times. `what` names the block in
 * messages. Returns 0, or -1 with ERROR_MEMORY and *arena zeroed. Freed by arena_free. */
int arena_make(struct arena *arena, void (*layout)(void *context, struct arena *arena),
               void *context, const char *what, struct error *error);

/* Frees everything that arena_take gave. A zeroed arena is allowed. */
void arena_free(struct arena *arena);

/* The next count * size bytes, aligned; NULL while measuring. Contents are indeterminate. Taking
 * more than was measured is a programming error (assert). */
void *arena_take(struct arena *arena, size_t count, size_t size);

/* As arena_take, for rows * columns floats. */
float *arena_floats(struct arena *arena, size_t rows, size_t columns);

#endif
