/* allocation.h - makes chosen allocations of the library fail, and counts leaks.
 *
 * The linker redirects the library's calls of malloc and the like to the functions below (--wrap,
 * in the Makefile). Allocations inside other libraries are not counted. Jansson can be told to call
 * allocation_counted, which never fails: Jansson's reader aborts in an assertion if its buffer
 * cannot grow. For one thread. */
#ifndef TESTS_UNIT_ALLOCATION_H
#define TESTS_UNIT_ALLOCATION_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALLOCATION_LIVE = 4096 };

static struct {
    bool watching;
    long count;                  /* allocations since the watch began */
    long failing;                /* the number of the allocation that fails; 0: none */
    void *live[ALLOCATION_LIVE]; /* allocated during the watch, not freed */
    size_t live_count;
} allocation;

/* Starts the watch: allocation number `failing`, counted from 1, fails; 0: none fails. */
static inline void allocation_watch(long failing)
{
    allocation.watching = true;
    allocation.count = 0;
    allocation.failing = failing;
    allocation.live_count = 0;
}

/* Ends the watch and returns the number of allocations. allocation.live_count is the number of
 * those that were not freed. */
static inline long allocation_end(void)
{
    allocation.watching = false;
    return allocation.count;
}

static bool allocation_fails(void)
{
    return allocation.watching && ++allocation.count == allocation.failing;
}

static void *allocation_add(void *block)
{
    if (allocation.watching && block && allocation.live_count < ALLOCATION_LIVE)
        allocation.live[allocation.live_count++] = block;
    return block;
}

/* Searches from the newest: memory is often freed soon after its allocation. */
static void allocation_drop(const void *block)
{
    for (size_t i = allocation.live_count; allocation.watching && i-- > 0;)
        if (allocation.live[i] == block) {
            allocation.live[i] = allocation.live[--allocation.live_count];
            return;
        }
}

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier) */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);
int __wrap_asprintf(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void *allocation_counted(size_t size)
{
    return allocation_add(__real_malloc(size));
}

void *__wrap_malloc(size_t size)
{
    return allocation_fails() ? NULL : allocation_add(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return allocation_fails() ? NULL : allocation_add(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (allocation_fails())
        return NULL;
    allocation_drop(block);
    return allocation_add(__real_realloc(block, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return allocation_fails() ? NULL : allocation_add(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *block)
{
    allocation_drop(block);
    __real_free(block);
}

char *__wrap_strdup(const char *text)
{
    return allocation_fails() ? NULL : allocation_add(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t length)
{
    return allocation_fails() ? NULL : allocation_add(__real_strndup(text, length));
}

/* As in glibc, *text is indeterminate after a failure: here a pointer that must not be freed. */
int __wrap_asprintf(char **text, const char *format, ...)
{
    va_list arguments;
    *text = (char *)&allocation;
    if (allocation_fails())
        return -1;
    va_start(arguments, format);
    int length = vasprintf(text, format, arguments);
    va_end(arguments);
    allocation_add(*text);
    return length;
}
/* NOLINTEND(bugprone-reserved-identifier) */

#endif
