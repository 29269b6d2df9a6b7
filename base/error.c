#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, enum error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
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
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    size_t used = strlen(error->text);
    char reason[128];
    /* GNU strerror_r returns the text; it may or may not use the buffer. */
    const char *said = strerror_r(system, reason, sizeof reason);
    snprintf(error->text + used, sizeof error->text - used, ": %s%s", said, advice(system));
    error->code = code;
    error->system = system;
    return -1;
}

int error_prefix(struct error *error, const char *format, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, ": %s", error->text);
    memcpy(error->text, text, sizeof text);
    return -1;
}

int error_append(struct error *error, const char *format, ...)
{
    size_t used = strlen(error->text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text + used, sizeof error->text - used, format, arguments);
    va_end(arguments);
    return -1;
}
