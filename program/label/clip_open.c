#include "program/label/clip_open.h"

#include <stdint.h>

#include "base/error.h"
#include "model/clip/clip.h"
#include "model/clip/clip_tokens.h"
#include "program/settings.h"

int clip_open(struct clip **clip, struct clip_tokenizer **tokenizer,
              const struct settings *settings, struct error *error)
{
    const char *vocabulary = settings->clip_vocab ? settings->clip_vocab : settings->clip;
    if (clip_load(clip, settings->clip, error))
        return error_prefix(error, "--clip");
    if (!tokenizer)
        return 0;
    if (clip_tokenizer_load(tokenizer, vocabulary, error))
        return error_prefix(error, settings->clip_vocab ? "--clip-vocab"
                                                        : "CLIP's vocabulary (see --clip-vocab)");
    int32_t tokens = clip_tokenizer_size(*tokenizer);
    int known = clip_info(*clip)->vocabulary;
    return tokens == known
               ? 0
               : error_set(error, ERROR_USAGE,
                           "the vocabulary of %s has %d tokens, the model of --clip %s %d: they do "
                           "not belong together",
                           vocabulary, (int)tokens, settings->clip, known);
}
