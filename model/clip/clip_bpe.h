/* clip_bpe.h - byte-pair encoding: the bytes of a word are merged to pieces of the vocabulary, best merges first. */
#ifndef MODEL_CLIP_CLIP_BPE_H
#define MODEL_CLIP_CLIP_BPE_H

#include <stddef.h>
#include <stdint.h>

struct clip_vocabulary;
struct error;

/* Bytes of a word, of which there is at least one -> tokens[at most count]. All places of the best merge are merged,
 * from left to right, then those of the best one that is left. Takes time of count * log(count). Returns the number
 * of tokens, or 0 with ERROR_MEMORY. */
size_t clip_bpe(const struct clip_vocabulary *vocabulary, const unsigned char *word, size_t count,
                int32_t *tokens, struct error *error);

#endif
