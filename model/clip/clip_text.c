/* The text tower: tokens -> causal blocks -> the end token's embedding. What stands behind the end token has no
 * influence on it, and is not computed. */
#include <string.h>

#include "base/error.h"
#include "model/clip/clip_model.h"

/* The tokens up to the end token, which is the first of the largest. */
static size_t text_length(const int32_t *tokens, size_t context)
{
    size_t end = 0;
    for (size_t i = 1; i < context; i++)
        if (tokens[i] > tokens[end])
            end = i;
    return end + 1;
}

static int check_tokens(const struct clip_text_tower *text, const int32_t *tokens, size_t count,
                        struct error *error)
{
    for (size_t i = 0; i < count * text->tower.length; i++)
        if (tokens[i] < 0 || (size_t)tokens[i] >= text->vocabulary)
            return error_set(error, ERROR_USAGE,
                             "token %d is not in CLIP's vocabulary of %zu: the vocabulary belongs "
                             "to another model",
                             (int)tokens[i], text->vocabulary);
    return 0;
}

/* Appends a text's tokens to the rows of x, which has `row` rows. */
static void add_text(const struct clip_text_tower *text, const struct clip_buffers *buffers,
                     const int32_t *tokens, size_t row, size_t length)
{
    size_t d = text->tower.width;
    float *x = buffers->x + row * d;
    for (size_t i = 0; i < length; i++, x += d) {
        const float *token = text->tokens + (size_t)tokens[i] * d;
        for (size_t j = 0; j < d; j++)
            x[j] = token[j] + text->positions[i * d + j];
    }
}

/* Embeds the first of `count` texts, as many as the scratch has room for. Returns how many. */
static size_t embed(const struct clip *clip, const struct clip_scratch *scratch,
                    const int32_t *tokens, size_t count, float *embeddings)
{
    const struct clip_text_tower *text = &clip->weights.text;
    const struct clip_buffers *buffers = &scratch->buffers;
    size_t context = text->tower.length, done = 0;
    buffers->starts[0] = 0;
    for (; done < count; done++, tokens += context) {
        size_t row = buffers->starts[done], length = text_length(tokens, context);
        if (length > scratch->text_rows - row)
            break;
        add_text(text, buffers, tokens, row, length);
        buffers->starts[done + 1] = row + length;
    }
    clip_tower_run(&text->tower, buffers, done);
    size_t y_row = clip_y_row(&text->tower);
    clip_normalise(text->tower.isa, &text->ln_final, done, buffers, buffers->y, y_row);
    const struct clip_product product = {
        .rows = done,
        .from = matmul_rows(buffers->y, y_row),
        .right = &text->proj,
        .to = matmul_set(embeddings, clip->weights.width),
    };
    clip_multiply(&product, buffers->threads);
    return done;
}

int clip_embed_texts(const struct clip *clip, struct clip_scratch *scratch, const int32_t *tokens,
                     int count, float *embeddings, struct error *error)
{
    const struct clip_text_tower *text = &clip->weights.text;
    size_t texts = (size_t)count, width = clip->weights.width, done = 0, bad;
    if (check_tokens(text, tokens, texts, error) < 0)
        return -1;
    while (done < texts)
        done += embed(clip, scratch, tokens + done * text->tower.length, texts - done,
                      embeddings + done * width);
    if (!clip_are_sound(embeddings, texts, width, &bad))
        return error_set(error, ERROR_MODEL,
                         "CLIP's embedding of a text is zero or not finite: the weights are not "
                         "those of a trained model");
    return 0;
}

int clip_embed_text(const struct clip *clip, struct clip_scratch *scratch, const int32_t *tokens,
                    float *embedding, struct error *error)
{
    return clip_embed_texts(clip, scratch, tokens, 1, embedding, error);
}
