#include "text/lost_bytes.h"

#include <stdbool.h>
#include <string.h>

enum { NO_BREAK = 0xa0, LOST = 0x1a };

static bool within(unsigned char byte, unsigned char first, unsigned char last)
{
    return byte >= first && byte <= last;
}

static bool follows(unsigned char byte)
{
    return within(byte, 0x80, 0xbf);
}

/* Of a character of three bytes, a space of which may be A0: the other byte that follows. 85 and A0 would make other
 * spaces. */
static bool follows_of_three(unsigned char byte)
{
    return follows(byte) && byte != 0x85 && byte != NO_BREAK;
}

/* The length of a character at `bytes` of which one byte is a space; 0 if there is none. */
static size_t altered_length(const unsigned char *bytes, size_t count)
{
    if (count >= 2 && bytes[0] && strchr("\xc2\xc3\xc5\xce\xd0\xd9", bytes[0]) && bytes[1] == ' ')
        return 2;
    if (count >= 3 && within(bytes[0], 0xe0, 0xe3) &&
        ((bytes[0] >= 0xe2 && bytes[1] == ' ' && follows_of_three(bytes[2])) ||
         (follows_of_three(bytes[1]) && bytes[2] == ' ')))
        return 3;
    if (count >= 4 && bytes[0] == 0xf0) {
        int spaces = 0, others = 0;
        for (size_t i = 1; i < 4; i++) {
            spaces += bytes[i] == ' ';
            others += follows(bytes[i]);
        }
        if (spaces == 1 && others == 2)
            return 4;
    }
    return 0;
}

static bool begins(const unsigned char *bytes, size_t count, const char *text)
{
    size_t length = strlen(text);
    return count >= length && memcmp(bytes, text, length) == 0;
}

/* Whether "C3 20" is here that is "a" with grave as a word: but for Portuguese's "as", "aquele", "aquela", "aquilo",
 * which go on with their letters. */
static bool is_word(const unsigned char *bytes, size_t count)
{
    static const char *const not_before[] = {" ", "quele", "quela", "quilo", "s "};
    if (!begins(bytes, count, "\xc3 "))
        return false;
    for (size_t i = 0; i < sizeof not_before / sizeof *not_before; i++)
        if (begins(bytes + 2, count - 2, not_before[i]))
            return false;
    return true;
}

size_t lost_bytes_restore(const unsigned char *bytes, size_t count, unsigned char *fixed)
{
    size_t used = 0;
    for (size_t at = 0; at < count;) {
        size_t length = altered_length(bytes + at, count - at);
        bool word = length == 2 && is_word(bytes + at, count - at);
        for (size_t end = at + (length ? length : 1); at < end; at++)
            fixed[used++] = length && bytes[at] == ' ' ? NO_BREAK : bytes[at];
        if (word)
            fixed[used++] = ' ';
    }
    return used;
}

static bool is_lost(unsigned char byte)
{
    return byte == LOST || byte == '?';
}

static bool follows_or_lost(unsigned char byte)
{
    return byte == LOST || follows(byte);
}

/* Whether one of bytes[count] is lost, and the others may be there or LOST. */
static bool lacks_one(const unsigned char *bytes, size_t count)
{
    for (size_t lost = 0; lost < count; lost++) {
        bool fits = is_lost(bytes[lost]);
        for (size_t i = 0; i < count; i++)
            fits = fits && (i == lost || follows_or_lost(bytes[i]));
        if (fits)
            return true;
    }
    return false;
}

/* A pair of surrogates of which a last byte is lost. */
static bool is_lossy_pair(const unsigned char *bytes)
{
    bool first = is_lost(bytes[2]), second = is_lost(bytes[5]);
    return bytes[0] == 0xed && within(bytes[1], 0xa0, 0xaf) && bytes[3] == 0xed &&
           within(bytes[4], 0xb0, 0xbf) && (first || follows(bytes[2])) &&
           (second || follows(bytes[5])) && (first || second);
}

/* The length of a character at `bytes` that lacks bytes; 0 if there is none. */
static size_t lossy_length(const unsigned char *bytes, size_t count)
{
    if (bytes[0] == LOST)
        return 1;
    if (count >= 2 && ((within(bytes[0], 0xc2, 0xdf) && bytes[1] == LOST) ||
                       (within(bytes[0], 0xc2, 0xc3) && bytes[1] == '?')))
        return 2;
    if (count >= 6 && is_lossy_pair(bytes))
        return 6;
    if (count >= 3 && within(bytes[0], 0xe0, 0xef) && lacks_one(bytes + 1, 2))
        return 3;
    if (count >= 4 && within(bytes[0], 0xf0, 0xf4) && lacks_one(bytes + 1, 3))
        return 4;
    return 0;
}

size_t lost_bytes_replace(const unsigned char *bytes, size_t count, unsigned char *fixed)
{
    static const unsigned char replacement[] = {0xef, 0xbf, 0xbd}; /* U+FFFD */
    size_t used = 0;
    for (size_t at = 0; at < count;) {
        size_t length = lossy_length(bytes + at, count - at);
        if (length == 0) {
            fixed[used++] = bytes[at++];
            continue;
        }
        memcpy(fixed + used, replacement, sizeof replacement);
        used += sizeof replacement;
        at += length;
    }
    return used;
}
