/* lost_bytes.h - bytes of UTF-8 that programs on the way took for something else (ftfy 6.3, copyright Robyn Speer,
 * Apache License 2.0). */
#ifndef TEXT_LOST_BYTES_H
#define TEXT_LOST_BYTES_H

#include <stddef.h>

/* What both functions below need at most for `count` bytes. */
enum { LOST_BYTES_GROWTH = 3 };

/* Where a space stands for byte A0, which is a space in Latin-1, puts that back: bytes[count] -> fixed[at most
 * LOST_BYTES_GROWTH * count]. Returns the number of bytes. "C3 20" before a word is taken for a word of its own, "a"
 * with grave, and keeps its space. */
size_t lost_bytes_restore(const unsigned char *bytes, size_t count, unsigned char *fixed);

/* Where a byte of a character is lost, which 1A or "?" stands for, puts U+FFFD there. As lost_bytes_restore. */
size_t lost_bytes_replace(const unsigned char *bytes, size_t count, unsigned char *fixed);

#endif
