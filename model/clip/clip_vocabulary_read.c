#include "model/clip/clip_vocabulary_read.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/clip/clip_vocabulary.h"

/* 49152 tokens without those of bytes (256 and 256 at a word's end), and the start and the end behind them. */
enum { CLIP_MERGES = 49152 - 256 - 2, PIECE_SIZE = 256 };

/* The next line of a text, terminated in place; NULL at the end. *rest goes on behind it. */
static char *next_line(char **rest)
{
    char *line = *rest;
    if (!line || !*line)
        return NULL;
    char *end = strchr(line, '\n');
    *rest = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    size_t length = strlen(line);
    if (length > 0 && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

/* Cuts "left right" in two, in place. */
static bool cut(char *line, const char **left, const char **right)
{
    char *space = strchr(line, ' ');
    if (!space || space == line || !space[1] || strchr(space + 1, ' '))
        return false;
    *space = '\0';
    *left = line;
    *right = space + 1;
    return true;
}

/* Takes the first line off, by which merges are known. */
static int take_heading(char **rest, struct error *error)
{
    const char *heading = next_line(rest);
    if (!heading || !strstr(heading, "#version"))
        return error_set(
            error, ERROR_MODEL,
            "no vocabulary of CLIP's: the first line of its merges has no \"#version\"");
    return 0;
}

/* Reads lines of merges. With `made`, what each makes becomes a piece. */
static int read_merges(struct clip_vocabulary *vocabulary, const struct clip_pieces *pieces,
                       struct clip_pieces *made, char *text, struct error *error)
{
    char *line, *rest = text;
    if (take_heading(&rest, error))
        return -1;
    for (int count = 0; count < CLIP_MERGES && (line = next_line(&rest)) && *line; count++) {
        const char *left, *right;
        char piece[PIECE_SIZE];
        if (!cut(line, &left, &right))
            return error_set(error, ERROR_MODEL, "line %d is no merge of two pieces", count + 2);
        if ((size_t)snprintf(piece, sizeof piece, "%s%s", left, right) >= sizeof piece)
            return error_set(error, ERROR_MODEL, "line %d makes a piece that is too long",
                             count + 2);
        if (made && name_index_find(&made->texts, piece) != NAME_INDEX_NONE)
            return error_set(error, ERROR_MODEL, "line %d makes a piece that is there already",
                             count + 2);
        if (made && clip_pieces_add(made, piece, (int64_t)made->texts.count, error))
            return -1;
        if (clip_vocabulary_add(vocabulary, pieces, left, right, error))
            return -1;
    }
    return 0;
}

int clip_vocabulary_from_merges(struct clip_vocabulary *vocabulary, char *text, struct error *error)
{
    struct clip_pieces pieces = {0};
    int status = clip_pieces_add_bytes(&pieces, error);
    if (status == 0)
        status = read_merges(vocabulary, &pieces, &pieces, text, error);
    if (status == 0)
        status = clip_pieces_add(&pieces, "<|startoftext|>", (int64_t)pieces.texts.count, error);
    if (status == 0)
        status = clip_pieces_add(&pieces, "<|endoftext|>", (int64_t)pieces.texts.count, error);
    if (status == 0)
        status = clip_vocabulary_finish(vocabulary, &pieces, error);
    clip_pieces_free(&pieces);
    return status;
}

/* Adds an object of pieces and tokens. */
static int read_pieces(struct clip_pieces *pieces, const json_t *object, struct error *error)
{
    const char *text;
    json_t *token;
    json_object_foreach((json_t *)object, text, token)
    {
        if (!json_is_integer(token))
            return error_set(error, ERROR_MODEL, "a piece of the vocabulary has no token");
        if (clip_pieces_add(pieces, text, json_integer_value(token), error))
            return -1;
    }
    return 0;
}

int clip_vocabulary_from_json(struct clip_vocabulary *vocabulary, const json_t *json, char *merges,
                              struct error *error)
{
    struct clip_pieces pieces = {0};
    int status = read_pieces(&pieces, json, error);
    if (status == 0)
        status = read_merges(vocabulary, &pieces, NULL, merges, error);
    if (status == 0)
        status = clip_vocabulary_finish(vocabulary, &pieces, error);
    clip_pieces_free(&pieces);
    return status;
}

/* A merge is "left right", or since tokenizers 0.20 ["left", "right"]. */
static int read_merge(struct clip_vocabulary *vocabulary, const struct clip_pieces *pieces,
                      const json_t *merge, struct error *error)
{
    char line[2 * PIECE_SIZE];
    const char *left = json_string_value(json_array_get(merge, 0));
    const char *right = json_string_value(json_array_get(merge, 1));
    const char *text = json_string_value(merge);
    bool whole = left && right;
    if (text && strlen(text) < sizeof line) {
        memcpy(line, text, strlen(text) + 1);
        whole = cut(line, &left, &right);
    }
    if (!whole)
        return error_set(error, ERROR_MODEL, "merge %zu is not of two pieces",
                         vocabulary->merge_count + 1);
    return clip_vocabulary_add(vocabulary, pieces, left, right, error);
}

/* Start and end may be known as added tokens alone. */
static int read_added(struct clip_pieces *pieces, const json_t *list, struct error *error)
{
    size_t i;
    const json_t *added;
    json_array_foreach(list, i, added)
    {
        const char *text = json_string_value(json_object_get(added, "content"));
        const json_t *token = json_object_get(added, "id");
        if (!text || !json_is_integer(token))
            return error_set(error, ERROR_MODEL, "added token %zu has no content or no id", i + 1);
        if (clip_pieces_add(pieces, text, json_integer_value(token), error))
            return -1;
    }
    return 0;
}

static int read_tokenizer(struct clip_vocabulary *vocabulary, struct clip_pieces *pieces,
                          const json_t *json, struct error *error)
{
    const json_t *model = json_object_get(json, "model");
    const char *type = json_string_value(json_object_get(model, "type"));
    const char *ending = json_string_value(json_object_get(model, "end_of_word_suffix"));
    size_t i;
    const json_t *merge;
    if ((type && strcmp(type, "BPE") != 0) || !ending || strcmp(ending, "</w>") != 0)
        return error_set(
            error, ERROR_MODEL,
            "no tokenizer of CLIP's: its model is not BPE with words that end in </w>");
    if (read_pieces(pieces, json_object_get(model, "vocab"), error) ||
        read_added(pieces, json_object_get(json, "added_tokens"), error))
        return -1;
    json_array_foreach(json_object_get(model, "merges"), i, merge)
    {
        if (read_merge(vocabulary, pieces, merge, error))
            return -1;
    }
    return clip_vocabulary_finish(vocabulary, pieces, error);
}

int clip_vocabulary_from_tokenizer(struct clip_vocabulary *vocabulary, const json_t *json,
                                   struct error *error)
{
    struct clip_pieces pieces = {0};
    int status = read_tokenizer(vocabulary, &pieces, json, error);
    clip_pieces_free(&pieces);
    return status;
}
