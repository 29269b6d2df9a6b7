#include "program/review/review_number.h"

bool review_number(const char *text, size_t end, size_t *number)
{
    size_t value = 0;
    if (!*text || (*text == '0' && text[1]))
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || value >= end)
            return false;
        value = 10 * value + (size_t)(*text - '0');
    }
    if (value >= end)
        return false;
    *number = value;
    return true;
}
