#include "base/memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/error.h"

enum { HUGE_PAGE = 2 << 20 }; /* bytes, on x86-64 and most ARM64 */

/* *bytes = count * size rounded up to the alignment; false on overflow. */
static int aligned_bytes(size_t count, size_t size, size_t *bytes)
{
    if (__builtin_mul_overflow(count, size, bytes) ||
        __builtin_add_overflow(*bytes, (size_t)MEMORY_ALIGNMENT - 1, bytes))
        return 0;
    *bytes &= ~((size_t)MEMORY_ALIGNMENT - 1);
    return 1;
}

/* Large blocks ask for huge pages: passes over hundreds of megabytes of weights otherwise wait for
 * address translation (bench/LOG.md). */
static void *allocate(size_t bytes)
{
    if (bytes < 2 * HUGE_PAGE)
        return aligned_alloc(MEMORY_ALIGNMENT, bytes);
    void *block;
    if (posix_memalign(&block, HUGE_PAGE, bytes)) /* unlike aligned_alloc, takes any size */
        return NULL;
    madvise(block, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    return block;
}

void *memory_new(size_t count, size_t size, const char *what, struct error *error)
{
    size_t bytes;
    if (!aligned_bytes(count, size, &bytes)) {
        error_set(error, ERROR_MEMORY, "%s: %zu x %zu bytes is more than can be addressed", what,
                  count, size);
        return NULL;
    }
    if (bytes == 0)
        bytes = MEMORY_ALIGNMENT;
    void *block = allocate(bytes);
    if (!block) {
        error_set(error, ERROR_MEMORY, "%s: no memory for %zu bytes", what, bytes);
        return NULL;
    }
    return memset(block, 0, bytes);
}

void memory_free(void *block)
{
    free(block);
}

int memory_grow(void **block, size_t *capacity, size_t needed, size_t size, struct error *error)
{
    if (needed <= *capacity)
        return 0;
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    size_t bytes;
    while (wanted < needed)
        if (__builtin_mul_overflow(wanted, (size_t)2, &wanted))
            return error_set(error, ERROR_MEMORY, "an array of %zu elements is too long", needed);
    if (__builtin_mul_overflow(wanted, size, &bytes))
        return error_set(error, ERROR_MEMORY, "an array of %zu elements is too long", needed);
    void *grown = realloc(*block, bytes);
    if (!grown)
        return error_set(error, ERROR_MEMORY, "no memory for an array of %zu bytes", bytes);
    *block = grown;
    *capacity = wanted;
    return 0;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    size_t end;
    if (arena->used == SIZE_MAX || !aligned_bytes(count, size, &bytes) ||
        __builtin_add_overflow(arena->used, bytes, &end)) {
        arena->used = SIZE_MAX;
        return NULL;
    }
    unsigned char *start = arena->base ? arena->base + arena->used : NULL;
    assert(!arena->base || end <= arena->size);
    arena->used = end;
    return start;
}

float *arena_floats(struct arena *arena, size_t rows, size_t columns)
{
    size_t count;
    return arena_take(arena, __builtin_mul_overflow(rows, columns, &count) ? SIZE_MAX : count,
                      sizeof(float));
}

int arena_make(struct arena *arena, void (*layout)(void *context, struct arena *arena),
               void *context, const char *what, struct error *error)
{
    *arena = (struct arena){0};
    layout(context, arena);
    size_t size = arena->used;
    *arena = (struct arena){.base = memory_new(1, size, what, error), .size = size};
    if (!arena->base) {
        *arena = (struct arena){0};
        return -1;
    }
    layout(context, arena);
    return 0;
}

void arena_free(struct arena *arena)
{
    memory_free(arena->base);
    *arena = (struct arena){0};
}
