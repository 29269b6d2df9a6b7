#include "model/clip/clip_words.h"

#include <stdbool.h>

#include "text/unicode.h"

enum { LONG_S = 0x17f, YPOGEGRAMMENI = 0x345 };

/* Length of `word` if the text begins with it; 0 if not. The expression ignores case, by which the long s is an s. */
static size_t match(const uint32_t *points, size_t count, const char *word)
{
    size_t i = 0;
    for (; word[i]; i++)
        if (i == count ||
            (points[i] != (unsigned char)word[i] && !(word[i] == 's' && points[i] == LONG_S)))
            return 0;
    return i;
}

/* The combining ypogegrammeni is in no word: the expression ignores case, and its capital is a letter. */
static bool is_mark(uint32_t point)
{
    return point != YPOGEGRAMMENI && !unicode_is_space(point) && !unicode_is_letter(point) &&
           !unicode_is_number(point);
}

/* Length of the word that begins here; 0 at a space. */
static size_t word_length(const uint32_t *points, size_t count)
{
    static const char *const fixed[] = {
        "<|startoftext|>", "<|endoftext|>", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        size_t length = match(points, count, fixed[i]);
        if (length > 0)
            return length;
    }
    if (unicode_is_number(*points))
        return 1;
    bool (*same)(uint32_t) = unicode_is_letter(*points) ? unicode_is_letter : is_mark;
    size_t length = 0;
    while (length < count && same(points[length]))
        length++;
    return length;
}

size_t clip_word(const uint32_t *points, size_t count, size_t from, size_t *start)
{
    for (size_t at = from; at < count; at++) {
        size_t length = word_length(points + at, count - at);
        if (length > 0) {
            *start = at;
            return length;
        }
    }
    return 0;
}
