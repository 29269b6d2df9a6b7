/* search_format.h - the places of numbers in an index (search_index.h); shared by its reader and its writer,
 * internal to search/. */
#ifndef SEARCH_SEARCH_FORMAT_H
#define SEARCH_SEARCH_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define SEARCH_MAGIC "MMSEARCH"

enum {
    FORMAT_VERSION = 1,
    FORMAT_MAGIC = 8, /* bytes */
    FORMAT_HEADER = 64,
    HEADER_VERSION = 8,
    HEADER_WIDTH = 12,
    HEADER_KIND = 16,
    FORMAT_ITEM = 32,
    ITEM_FIRST = 0,
    ITEM_SIZE = 8,
    ITEM_TIME = 16,
    ITEM_NAME = 24,
    FORMAT_FOOTER = 64,
    FOOTER_ROWS = 0,
    FOOTER_ITEMS = 8,
    FOOTER_NAMES = 16,
    FOOTER_DIGEST = 24,
    FOOTER_MAGIC = 56,
    FORMAT_ALIGNMENT = 8
};

static inline void format_put(unsigned char *to, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        to[i] = (unsigned char)(number >> 8 * i);
}

static inline uint64_t format_get(const unsigned char *from, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number |= (uint64_t)from[i] << 8 * i;
    return number;
}

/* Bytes up to the next multiple of FORMAT_ALIGNMENT. */
static inline size_t format_padding(uint64_t size)
{
    return (size_t)(-size % FORMAT_ALIGNMENT);
}

#endif
