#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Puts text[length], which is too long, into error->text without its middle: a name comes first, and what is
 * wrong with it last. No UTF-8 character is cut. */
static void put_ends(struct error *error, const char *text, size_t length)
{
    static const char gap[] = " ... ";
    const size_t room = sizeof error->text - sizeof gap;
    size_t head = room / 2;
    size_t tail = length - (room - head);
    for (int i = 0; i < 3 && (text[head] & 0xC0) == 0x80; i++)
        head--;
    for (int i = 0; i < 3 && (text[tail] & 0xC0) == 0x80; i++)
        tail++;
    snprintf(error->text, sizeof error->text, "%.*s%s%s", (int)head, text, gap, text + tail);
}

/* Appends to the first `used` bytes of the text. Without memory for a long one, its end is cut. */
__attribute__((format(printf, 3, 0))) static void append(struct error *error, size_t used,
                                                         const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(error->text + used, sizeof error->text - used, format, arguments);
    const bool cut = length >= 0 && (size_t)length >= sizeof error->text - used;
    char *whole = cut ? malloc(used + (size_t)length + 1) : NULL;
    if (whole) {
        memcpy(whole, error->text, used);
        vsnprintf(whole + used, (size_t)length + 1, format, again);
        put_ends(error, whole, used + (size_t)length);
        free(whole);
    }
    va_end(again);
}

int error_set(struct error *error, enum error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(error, 0, format, arguments);
    va_end(arguments);
    error->code = code;
    error->system = 0;
    return -1;
}

/* What to do about errors that users meet without a hint from the system. */
static const char *advice(int system)
{
    switch (system) {
    case EFBIG:
        return "; raise the limit on the size of files (ulimit -f)";
    case EMFILE:
        return "; raise the limit on open files (ulimit -n)";
    default:
        return "";
    }
}

int error_set_system(struct error *error, enum error_code code, int system, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(error, 0, format, arguments);
    va_end(arguments);
    char reason[128];
    /* GNU strerror_r returns the text; it may or may not use the buffer. */
    const char *said = strerror_r(system, reason, sizeof reason);
    error_append(error, ": %s%s", said, advice(system));
    error->code = code;
    error->system = system;
    return -1;
}

int error_prefix(struct error *error, const char *format, ...)
{
    char text[ERROR_TEXT_SIZE];
    snprintf(text, sizeof text, "%s", error->text);
    va_list arguments;
    va_start(arguments, format);
    append(error, 0, format, arguments);
    va_end(arguments);
    return error_append(error, ": %s", text);
}

int error_append(struct error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append(error, strlen(error->text), format, arguments);
    va_end(arguments);
    return -1;
}
