/* clip_open.h - CLIP as the options name it: the checkpoint of --clip, and its vocabulary. */
#ifndef PROGRAM_LABEL_CLIP_OPEN_H
#define PROGRAM_LABEL_CLIP_OPEN_H

struct clip;
struct clip_tokenizer;
struct error;
struct settings;

/* Loads the checkpoint, and the vocabulary of --clip-vocab or the one beside the checkpoint; `tokenizer` NULL: no
 * vocabulary is needed. Both are the caller's, also after a failure; what was not loaded stays as it is. Returns 0, or
 * -1 with ERROR_USAGE (a vocabulary that does not belong to the model) or as clip_load and clip_tokenizer_load. */
int clip_open(struct clip **clip, struct clip_tokenizer **tokenizer,
              const struct settings *settings, struct error *error);

#endif
