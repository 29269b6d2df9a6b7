/* A vocabulary of CLIP's, in any form of file; behind a zero, vocab.json has its merges. What is taken encodes words,
 * and all tokens are in its range. */
#include "replay.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "model/clip/clip_bpe.h"
#include "model/clip/clip_vocabulary.h"
#include "model/clip/clip_vocabulary_read.h"
#include "text/gunzip.h"

enum { MOST = 1 << 20 };

static int read_json(struct clip_vocabulary *vocabulary, char *text, size_t size)
{
    struct error error;
    size_t length = strlen(text);
    json_t *json = json_load_bounded(text, length, JSON_REJECT_DUPLICATES, NULL);
    int status = -1;
    if (json && json_object_get(json, "model"))
        status = clip_vocabulary_from_tokenizer(vocabulary, json, &error);
    else if (json && length < size)
        status = clip_vocabulary_from_json(vocabulary, json, text + length + 1, &error);
    json_decref(json);
    return status;
}

static void encode(const struct clip_vocabulary *vocabulary)
{
    static const unsigned char word[] = "abababcacaabcbcaabbccabcabccba";
    struct error error;
    int32_t tokens[sizeof word];
    size_t count = clip_bpe(vocabulary, word, sizeof word - 1, tokens, &error);
    if (count == 0 || count > sizeof word - 1)
        abort();
    for (size_t i = 0; i < count; i++)
        if (tokens[i] < 0 || tokens[i] >= vocabulary->size)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clip_vocabulary vocabulary = {0};
    struct error error;
    size_t length = size;
    char *text = malloc(size + 1);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (gunzip_recognise(text, size)) {
        char *packed = text;
        if (gunzip(packed, size, MOST, &text, &length, &error))
            text = NULL;
        free(packed);
    }
    int status = -1;
    if (text && text[0] == '{')
        status = read_json(&vocabulary, text, length);
    else if (text)
        status = clip_vocabulary_from_merges(&vocabulary, text, &error);
    if (status == 0)
        encode(&vocabulary);
    clip_vocabulary_free(&vocabulary);
    free(text);
    return 0;
}
