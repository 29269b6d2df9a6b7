#include "program/predict/text_prompt.h"

#include <math.h>
#include <stddef.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/clip/clip.h"
#include "model/clip/clip_tokens.h"
#include "model/sam.h"
#include "program/label/clip_open.h"
#include "program/settings.h"

/* What a text goes through. */
struct reader {
    struct clip *clip;
    struct clip_tokenizer *tokenizer;
    struct clip_scratch *scratch;
    int32_t *tokens; /* [context] */
};

static void reader_free(struct reader *reader)
{
    memory_free(reader->tokens);
    clip_scratch_free(reader->scratch);
    clip_tokenizer_free(reader->tokenizer);
    clip_free(reader->clip);
}

static int check_width(const struct reader *reader, const struct sam *sam,
                       const struct settings *settings, struct error *error)
{
    int own = clip_info(reader->clip)->width, width = sam_info(sam)->text_width;
    return own == width
               ? 0
               : error_set(error, ERROR_USAGE,
                           "--clip %s: its embeddings have %d numbers, but the model's projection "
                           "of texts takes %d",
                           settings->clip, own, width);
}

static int reader_make(struct reader *reader, const struct sam *sam,
                       const struct settings *settings, struct error *error)
{
    if (clip_open(&reader->clip, &reader->tokenizer, settings, error) ||
        check_width(reader, sam, settings, error))
        return -1;
    reader->scratch = clip_scratch_new(reader->clip, 1, settings->threads, error);
    reader->tokens =
        memory_new((size_t)clip_info(reader->clip)->context, sizeof(int32_t), "tokens", error);
    return reader->scratch && reader->tokens ? 0 : -1;
}

/* SAM was trained with embeddings of length 1 (section D.5 of its paper). */
static void normalise(float *text, int width)
{
    double square = 0;
    for (int i = 0; i < width; i++)
        square += (double)text[i] * text[i];
    for (int i = 0; i < width; i++)
        text[i] = (float)(text[i] / sqrt(square));
}

static int embed(struct reader *reader, const char *prompt, float *text, struct error *error)
{
    int context = clip_info(reader->clip)->context;
    if (clip_tokenize(reader->tokenizer, prompt, false, reader->tokens, context, error))
        return error_prefix(error, "--text-prompt");
    if (clip_embed_text(reader->clip, reader->scratch, reader->tokens, text, error))
        return -1;
    normalise(text, clip_info(reader->clip)->width);
    return 0;
}

float *text_prompt_embed(const struct sam *sam, const struct settings *settings,
                         struct error *error)
{
    struct reader reader = {0};
    int width = sam_info(sam)->text_width;
    float *text = NULL;
    if (width == 0) {
        error_set(error, ERROR_USAGE,
                  "--text-prompt: this model takes no texts: it has no tensor "
                  "prompt_encoder.text_projection.weight (docs/text.md)");
        return NULL;
    }
    int status = reader_make(&reader, sam, settings, error);
    if (status == 0)
        text = memory_new((size_t)width, sizeof *text, "a text", error);
    if (text && embed(&reader, settings->text_prompt, text, error)) {
        memory_free(text);
        text = NULL;
    }
    reader_free(&reader);
    return text;
}
