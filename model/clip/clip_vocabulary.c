#include "model/clip/clip_vocabulary.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "text/code_points.h"

#define WORD_END "</w>"

enum { BYTES = 256, PIECE_SIZE = 512 }; /* bytes of a piece's text with its end */

/* Bytes that stand as themselves: visible characters of Latin-1. */
static bool is_visible(unsigned byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

uint32_t clip_byte_character(unsigned char byte)
{
    uint32_t hidden = 0;
    if (is_visible(byte))
        return byte;
    for (unsigned i = 0; i < byte; i++)
        hidden += !is_visible(i);
    return 0x100 + hidden;
}

/* The text of a piece of one byte. */
static const char *byte_text(unsigned char byte, const char *ending, char text[16])
{
    size_t length = code_point_utf8(clip_byte_character(byte), text);
    snprintf(text + length, 16 - length, "%s", ending);
    return text;
}

int clip_pieces_add(struct clip_pieces *pieces, const char *text, int64_t token,
                    struct error *error)
{
    if (token < 0 || token >= CLIP_TOKENS_MAX)
        return error_set(error, ERROR_MODEL, "a token is not in the range 0 to %d",
                         CLIP_TOKENS_MAX - 1);
    if (memory_grow((void **)&pieces->tokens, &pieces->capacity, pieces->texts.count + 1,
                    sizeof *pieces->tokens, error))
        return -1;
    size_t number = name_index_put(&pieces->texts, text, error);
    if (number == NAME_INDEX_NONE)
        return -1;
    pieces->tokens[number] = (int32_t)token;
    return 0;
}

int clip_pieces_add_bytes(struct clip_pieces *pieces, struct error *error)
{
    static const char *const endings[] = {"", WORD_END};
    int64_t token = 0;
    for (int ending = 0; ending < 2; ending++)
        for (int hidden = 0; hidden < 2; hidden++)
            for (unsigned byte = 0; byte < BYTES; byte++) {
                char text[16];
                if (is_visible(byte) == (hidden == 1))
                    continue;
                byte_text((unsigned char)byte, endings[ending], text);
                if (clip_pieces_add(pieces, text, token++, error))
                    return -1;
            }
    return 0;
}

void clip_pieces_free(struct clip_pieces *pieces)
{
    name_index_free(&pieces->texts);
    free(pieces->tokens);
    *pieces = (struct clip_pieces){0};
}

/* The token of a piece, or -1. */
static int32_t find(const struct clip_pieces *pieces, const char *text)
{
    size_t number = name_index_find(&pieces->texts, text);
    return number == NAME_INDEX_NONE ? -1 : pieces->tokens[number];
}

int clip_vocabulary_add(struct clip_vocabulary *vocabulary, const struct clip_pieces *pieces,
                        const char *left, const char *right, struct error *error)
{
    char text[PIECE_SIZE];
    size_t rank = vocabulary->merge_count;
    struct clip_merge merge = {.left = find(pieces, left), .right = find(pieces, right)};
    if (rank == CLIP_TOKENS_MAX)
        return error_set(error, ERROR_MODEL, "more than %d merges", CLIP_TOKENS_MAX);
    if ((size_t)snprintf(text, sizeof text, "%s%s", left, right) >= sizeof text)
        return error_set(error, ERROR_MODEL, "merge %zu makes a piece that is too long", rank + 1);
    merge.merged = find(pieces, text);
    merge.rank = (int32_t)rank;
    if (merge.left < 0 || merge.right < 0 || merge.merged < 0)
        return error_set(error, ERROR_MODEL,
                         "merge %zu is of pieces that are not in the vocabulary", rank + 1);
    if (memory_grow((void **)&vocabulary->merges, &vocabulary->merge_capacity, rank + 1,
                    sizeof merge, error))
        return -1;
    vocabulary->merges[vocabulary->merge_count++] = merge;
    return 0;
}

static int compare(const struct clip_merge *merge, int32_t left, int32_t right)
{
    if (merge->left != left)
        return merge->left < left ? -1 : 1;
    return (merge->right > right) - (merge->right < right);
}

static int compare_merges(const void *a, const void *b)
{
    const struct clip_merge *other = b;
    return compare(a, other->left, other->right);
}

static int sort_merges(struct clip_vocabulary *vocabulary, struct error *error)
{
    const struct clip_merge *merges = vocabulary->merges;
    if (vocabulary->merge_count > 0)
        qsort(vocabulary->merges, vocabulary->merge_count, sizeof *merges, compare_merges);
    for (size_t i = 1; i < vocabulary->merge_count; i++)
        if (compare_merges(&merges[i - 1], &merges[i]) == 0)
            return error_set(
                error, ERROR_MODEL, "merge %d is there twice",
                (merges[i].rank > merges[i - 1].rank ? merges[i].rank : merges[i - 1].rank) + 1);
    return 0;
}

static int find_bytes(struct clip_vocabulary *vocabulary, const struct clip_pieces *pieces,
                      struct error *error)
{
    for (unsigned byte = 0; byte < BYTES; byte++) {
        char text[16];
        vocabulary->bytes[byte] = find(pieces, byte_text((unsigned char)byte, "", text));
        vocabulary->last_bytes[byte] = find(pieces, byte_text((unsigned char)byte, WORD_END, text));
        if (vocabulary->bytes[byte] < 0 || vocabulary->last_bytes[byte] < 0)
            return error_set(error, ERROR_MODEL, "no vocabulary of CLIP's: byte %02x is not in it",
                             byte);
    }
    vocabulary->start = find(pieces, "<|startoftext|>");
    vocabulary->end = find(pieces, "<|endoftext|>");
    if (vocabulary->start < 0 || vocabulary->end < 0)
        return error_set(error, ERROR_MODEL,
                         "no vocabulary of CLIP's: <|startoftext|> or <|endoftext|> is not in it");
    return 0;
}

/* Two pieces of one token would be merged as one. */
static int check_tokens(const struct clip_vocabulary *vocabulary, const struct clip_pieces *pieces,
                        struct error *error)
{
    bool twice = false;
    bool *seen = memory_new((size_t)vocabulary->size, sizeof *seen, "a vocabulary", error);
    if (!seen)
        return -1;
    for (size_t i = 0; i < pieces->texts.count; i++) {
        twice = twice || seen[pieces->tokens[i]];
        seen[pieces->tokens[i]] = true;
    }
    memory_free(seen);
    return twice ? error_set(error, ERROR_MODEL, "two pieces have the same token") : 0;
}

int clip_vocabulary_finish(struct clip_vocabulary *vocabulary, const struct clip_pieces *pieces,
                           struct error *error)
{
    vocabulary->size = 0;
    for (size_t i = 0; i < pieces->texts.count; i++)
        if (pieces->tokens[i] >= vocabulary->size)
            vocabulary->size = pieces->tokens[i] + 1;
    if (find_bytes(vocabulary, pieces, error) || sort_merges(vocabulary, error))
        return -1;
    return check_tokens(vocabulary, pieces, error);
}

const struct clip_merge *clip_vocabulary_merge(const struct clip_vocabulary *vocabulary,
                                               int32_t left, int32_t right)
{
    size_t low = 0, high = vocabulary->merge_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(&vocabulary->merges[middle], left, right);
        if (order == 0)
            return &vocabulary->merges[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void clip_vocabulary_free(struct clip_vocabulary *vocabulary)
{
    free(vocabulary->merges);
    *vocabulary = (struct clip_vocabulary){0};
}
