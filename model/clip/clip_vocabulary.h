/* clip_vocabulary.h - the pieces of words that CLIP knows, and how bytes are merged to them (byte-pair encoding).
 *
 * A vocabulary is made of `pieces` (text -> token) and of merges, best first. A piece's text is its bytes, each of
 * which stands as a character of its own (clip_byte_character), and "</w>" at a word's end. Input is untrusted. */
#ifndef MODEL_CLIP_CLIP_VOCABULARY_H
#define MODEL_CLIP_CLIP_VOCABULARY_H

#include <stddef.h>
#include <stdint.h>

#include "base/name_index.h"

struct error;

enum { CLIP_TOKENS_MAX = 1 << 20 }; /* no vocabulary is larger */

struct clip_pieces {
    struct name_index texts;
    int32_t *tokens; /* [texts.count] owned */
    size_t capacity;
};

/* Two neighbours become one. */
struct clip_merge {
    int32_t left, right, merged; /* tokens */
    int32_t rank;                /* 0 comes first */
};

struct clip_vocabulary {
    int32_t bytes[256], last_bytes[256]; /* the token of a byte, and of one at a word's end */
    struct clip_merge *merges;           /* [merge_count] owned; sorted by left, right */
    size_t merge_count, merge_capacity;
    int32_t start, end; /* <|startoftext|>, <|endoftext|> */
    int32_t size;       /* tokens are 0 .. size - 1 */
};

/* The character that a byte stands as: itself if that is visible Latin-1, else one of U+0100 to U+0143. */
uint32_t clip_byte_character(unsigned char byte);

/* Adds a piece; one that is there gets this token. Returns 0, or -1 with ERROR_MODEL (a token out of range) or
 * ERROR_MEMORY. */
int clip_pieces_add(struct clip_pieces *pieces, const char *text, int64_t token,
                    struct error *error);

/* Adds the bytes, then the bytes at a word's end, as tokens 0 to 511, in OpenAI's order. Returns 0 or -1. */
int clip_pieces_add_bytes(struct clip_pieces *pieces, struct error *error);

void clip_pieces_free(struct clip_pieces *pieces);

/* Adds the next merge. Its sides and what they make are pieces. Returns 0, or -1 with ERROR_MODEL or ERROR_MEMORY. */
int clip_vocabulary_add(struct clip_vocabulary *vocabulary, const struct clip_pieces *pieces,
                        const char *left, const char *right, struct error *error);

/* Fills in all but the merges, and sorts these. Returns 0, or -1 with ERROR_MODEL (a byte, the start or the end is
 * missing; a token or a merge is there twice) or ERROR_MEMORY. */
int clip_vocabulary_finish(struct clip_vocabulary *vocabulary, const struct clip_pieces *pieces,
                           struct error *error);

/* The merge of two tokens, or NULL. */
const struct clip_merge *clip_vocabulary_merge(const struct clip_vocabulary *vocabulary,
                                               int32_t left, int32_t right);

void clip_vocabulary_free(struct clip_vocabulary *vocabulary);

#endif
