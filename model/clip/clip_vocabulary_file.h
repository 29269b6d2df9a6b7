/* clip_vocabulary_file.h - the file of a vocabulary: found, unpacked, and told apart by content. */
#ifndef MODEL_CLIP_CLIP_VOCABULARY_FILE_H
#define MODEL_CLIP_CLIP_VOCABULARY_FILE_H

struct clip_vocabulary;
struct error;

enum {
    CLIP_VOCABULARY_FILE_MAX = 1 << 24
}; /* bytes, packed or unpacked; OpenAI's has 3.2 million */

/* Fills a zeroed vocabulary from `path`: see clip_tokenizer_load. Returns 0, or -1 with ERROR_IO, ERROR_MODEL or
 * ERROR_MEMORY; clip_vocabulary_free is due in any case. */
int clip_vocabulary_load(struct clip_vocabulary *vocabulary, const char *path, struct error *error);

#endif
