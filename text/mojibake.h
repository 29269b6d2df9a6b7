/* mojibake.h - signs of mojibake: UTF-8 that was read as a charset of one byte a character, so that U+00E9 became
 * "A with tilde, copyright sign". The signs are those of ftfy 6.3 (ftfy/badness.py and ftfy/chardata.py, copyright
 * Robyn Speer, Apache License 2.0): neighbours that hardly stand together on purpose. */
#ifndef TEXT_MOJIBAKE_H
#define TEXT_MOJIBAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the text has signs of mojibake. */
bool mojibake_suspected(const uint32_t *points, size_t count);

/* Finds the next stretch from `from` on that may be UTF-8 read as such a charset. Returns its length, at *start; 0 if
 * there is none. */
size_t mojibake_stretch(const uint32_t *points, size_t count, size_t from, size_t *start);

#endif
