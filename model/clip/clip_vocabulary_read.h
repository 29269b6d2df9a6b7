/* clip_vocabulary_read.h - a vocabulary from the text of its files. All is untrusted. */
#ifndef MODEL_CLIP_CLIP_VOCABULARY_READ_H
#define MODEL_CLIP_CLIP_VOCABULARY_READ_H

#include <jansson.h>

struct clip_vocabulary;
struct error;

/* The functions fill a vocabulary that is zeroed and return 0, or -1 with ERROR_MODEL or ERROR_MEMORY;
 * clip_vocabulary_free is due in any case. */

/* Merges alone, which is enough: OpenAI's bpe_simple_vocab_16e6.txt, transformers' merges.txt. A first line that has
 * "#version"; then a line a merge, of which CLIP takes the first 48894. Tokens 0 to 511 are bytes, then come what the
 * merges make, the start and the end. `text` is changed. */
int clip_vocabulary_from_merges(struct clip_vocabulary *vocabulary, char *text,
                                struct error *error);

/* transformers' vocab.json, an object of pieces and tokens, and the text of its merges.txt, which is changed. */
int clip_vocabulary_from_json(struct clip_vocabulary *vocabulary, const json_t *json, char *merges,
                              struct error *error);

/* tokenizer.json of the library `tokenizers`: its model (type BPE), and its added tokens. */
int clip_vocabulary_from_tokenizer(struct clip_vocabulary *vocabulary, const json_t *json,
                                   struct error *error);

#endif
