#include "model/clip/clip_tokens.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/clip/clip_bpe.h"
#include "model/clip/clip_clean.h"
#include "model/clip/clip_vocabulary.h"
#include "model/clip/clip_vocabulary_file.h"
#include "model/clip/clip_words.h"
#include "text/code_points.h"

struct clip_tokenizer {
    struct clip_vocabulary vocabulary;
};

int clip_tokenizer_load(struct clip_tokenizer **tokenizer, const char *path, struct error *error)
{
    struct clip_tokenizer *made = memory_new(1, sizeof *made, "a tokenizer", error);
    *tokenizer = NULL;
    if (!made)
        return -1;
    if (clip_vocabulary_load(&made->vocabulary, path, error)) {
        clip_tokenizer_free(made);
        return -1;
    }
    *tokenizer = made;
    return 0;
}

void clip_tokenizer_free(struct clip_tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    clip_vocabulary_free(&tokenizer->vocabulary);
    memory_free(tokenizer);
}

int32_t clip_tokenizer_size(const struct clip_tokenizer *tokenizer)
{
    return tokenizer->vocabulary.size;
}

/* Tokens of a text so far. */
struct tokens {
    int32_t *tokens; /* owned: [count] */
    size_t count, capacity;
};

/* Whether the word is `text`, which is ASCII. */
static bool is_word(const uint32_t *word, size_t length, const char *text)
{
    for (size_t i = 0; i < length; i++)
        if (!text[i] || word[i] != (unsigned char)text[i])
            return false;
    return !text[length];
}

/* The token of a word that stands for the start or the end of a text; -1 for others. */
static int32_t special(const struct clip_vocabulary *vocabulary, const uint32_t *word,
                       size_t length)
{
    if (is_word(word, length, "<|startoftext|>"))
        return vocabulary->start;
    return is_word(word, length, "<|endoftext|>") ? vocabulary->end : -1;
}

static int add_word(const struct clip_vocabulary *vocabulary, const uint32_t *word, size_t length,
                    struct tokens *tokens, struct error *error)
{
    struct code_points points = {.points = (uint32_t *)word, .count = length};
    int32_t token = special(vocabulary, word, length);
    char *bytes = code_points_utf8(&points, error);
    size_t count = bytes ? strlen(bytes) : 0, added = 0;
    if (bytes && memory_grow((void **)&tokens->tokens, &tokens->capacity, tokens->count + count,
                             sizeof *tokens->tokens, error) == 0) {
        int32_t *to = tokens->tokens + tokens->count;
        if (token >= 0) {
            *to = token;
            added = 1;
        } else {
            added = clip_bpe(vocabulary, (const unsigned char *)bytes, count, to, error);
        }
        tokens->count += added;
    }
    free(bytes);
    return added > 0 ? 0 : -1;
}

/* The tokens of a clean text, until there are more than `most`. */
static int add_words(const struct clip_vocabulary *vocabulary, const struct code_points *clean,
                     size_t most, struct tokens *tokens, struct error *error)
{
    size_t at = 0, start, length;
    while (tokens->count <= most &&
           (length = clip_word(clean->points, clean->count, at, &start)) > 0) {
        if (add_word(vocabulary, clean->points + start, length, tokens, error))
            return -1;
        at = start + length;
    }
    return 0;
}

static int tokenize(const struct clip_tokenizer *tokenizer, const char *text, size_t most,
                    struct tokens *found, struct error *error)
{
    struct code_points clean = {0};
    int status = clip_clean(text, &clean, error);
    if (status == 0)
        status = add_words(&tokenizer->vocabulary, &clean, most, found, error);
    code_points_free(&clean);
    return status;
}

int clip_tokenize(const struct clip_tokenizer *tokenizer, const char *text, bool truncate,
                  int32_t *tokens, int context, struct error *error)
{
    const struct clip_vocabulary *vocabulary = &tokenizer->vocabulary;
    size_t most = (size_t)context - 2;
    struct tokens found = {0};
    if (context < 2)
        return error_set(error, ERROR_USAGE,
                         "a text of %d tokens has no room for its start and end", context);
    if (strlen(text) > CLIP_TEXT_MAX)
        return error_set(error, ERROR_USAGE, "the text has more than %d bytes", CLIP_TEXT_MAX);
    int status = tokenize(tokenizer, text, most, &found, error);
    if (status == 0 && found.count > most && !truncate)
        status =
            error_set(error, ERROR_USAGE, "the text has more than %zu tokens: shorten it", most);
    if (status == 0) {
        size_t count = found.count > most ? most : found.count;
        memset(tokens, 0, (size_t)context * sizeof *tokens);
        tokens[0] = vocabulary->start;
        if (count > 0)
            memcpy(tokens + 1, found.tokens, count * sizeof *tokens);
        tokens[count + 1] = vocabulary->end;
    }
    free(found.tokens);
    return status;
}
