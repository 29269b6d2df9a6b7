#include "base/hex.h"

#include <string.h>

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

bool hex_decode_name(char *hex)
{
    size_t length = strlen(hex);
    if (length == 0 || length % 2)
        return false;
    for (size_t i = 0; i < length / 2; i++) {
        int high = digit(hex[2 * i]);
        int low = digit(hex[2 * i + 1]);
        if (high < 0 || low < 0 || high + low == 0)
            return false;
        hex[i] = (char)(high << 4 | low);
    }
    hex[length / 2] = '\0';
    return true;
}
