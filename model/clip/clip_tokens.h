/* clip_tokens.h - a text becomes the tokens that CLIP's text tower takes, as the official `clip.tokenize` makes them:
 * clean (text_clean.h), cut into words (clip_words.h), each word into pieces of the vocabulary (clip_bpe.h).
 *
 * The vocabulary is read from a file (clip_vocabulary.h). A tokenizer is immutable and shared by threads. */
#ifndef MODEL_CLIP_CLIP_TOKENS_H
#define MODEL_CLIP_CLIP_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

struct clip_tokenizer;
struct error;

/* Reads a vocabulary. `path` is a file: OpenAI's bpe_simple_vocab_16e6.txt.gz, plain or compressed; merges.txt;
 * vocab.json, with merges.txt beside it; tokenizer.json. Or it is a folder that holds one of them, or a checkpoint in
 * such a folder. Returns 0, or -1 with ERROR_IO (missing, cannot be read), ERROR_MODEL (no vocabulary of CLIP's) or
 * ERROR_MEMORY; messages begin with a path. Freed by clip_tokenizer_free; *tokenizer is NULL after a failure. */
int clip_tokenizer_load(struct clip_tokenizer **tokenizer, const char *path, struct error *error);

/* NULL is allowed. */
void clip_tokenizer_free(struct clip_tokenizer *tokenizer);

/* Tokens are 0 .. this - 1: 49408 for OpenAI's vocabulary. It is the model's clip_info.vocabulary if they belong
 * together. */
int32_t clip_tokenizer_size(const struct clip_tokenizer *tokenizer);

/* tokens[context]: the start, those of `text`, the end, zeros. `text` is UTF-8; its malformed bytes count as U+FFFD.
 * A text of more than context - 2 tokens is refused, or cut there if `truncate`. Returns 0,
 * or -1 with ERROR_USAGE (too long, over CLIP_TEXT_MAX bytes, or a context below 2) or ERROR_MEMORY. Time and memory
 * grow with the text's length times its logarithm at most. */
int clip_tokenize(const struct clip_tokenizer *tokenizer, const char *text, bool truncate,
                  int32_t *tokens, int context, struct error *error);

enum { CLIP_TEXT_MAX = 1 << 16 }; /* bytes of a text */

#endif
