#include "base/text_mark.h"

#include <stdbool.h>
#include <string.h>

static bool begins_with(const char *text, size_t size, const char *start, size_t length)
{
    return size >= length && memcmp(text, start, length) == 0;
}

size_t text_mark(const char *text, size_t size)
{
    return begins_with(text, size, "\xef\xbb\xbf", 3) ? 3 : 0;
}

const char *text_wide(const char *text, size_t size)
{
    if (begins_with(text, size, "\xff\xfe\0\0", 4) || begins_with(text, size, "\0\0\xfe\xff", 4))
        return "UTF-32";
    bool marked = begins_with(text, size, "\xff\xfe", 2) || begins_with(text, size, "\xfe\xff", 2);
    if (marked)
        return size == 2 || memchr(text, '\0', size) ? "UTF-16" : NULL;
    bool little = size >= 4 && text[0] && !text[1] && text[2] && !text[3];
    bool big = size >= 4 && !text[0] && text[1] && !text[2] && text[3];
    return little || big ? "UTF-16" : NULL;
}
