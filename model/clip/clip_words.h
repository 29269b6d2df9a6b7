/* clip_words.h - a clean text cut into words, by the official regular expression:
 *   <|startoftext|> | <|endoftext|> | 's | 't | 're | 've | 'm | 'll | 'd | \p{L}+ | \p{N} | [^\s\p{L}\p{N}]+ */
#ifndef MODEL_CLIP_CLIP_WORDS_H
#define MODEL_CLIP_CLIP_WORDS_H

#include <stddef.h>
#include <stdint.h>

/* The next word from `from` on. Returns its length, at *start; 0 if there is none. */
size_t clip_word(const uint32_t *points, size_t count, size_t from, size_t *start);

#endif
