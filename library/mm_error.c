#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "library/mm_handles.h"

/* The codes of both sides are the same ideas in the same order. */
static enum mm_error_code code_of(enum error_code code)
{
    switch (code) {
    case ERROR_NONE:
        return MM_OK;
    case ERROR_USAGE:
        return MM_ERROR_USAGE;
    case ERROR_MODEL:
        return MM_ERROR_MODEL;
    case ERROR_IMAGE:
        return MM_ERROR_IMAGE;
    case ERROR_RECORD:
        return MM_ERROR_RECORD;
    case ERROR_IO:
        return MM_ERROR_IO;
    case ERROR_MEMORY:
        return MM_ERROR_MEMORY;
    case ERROR_STOPPED:
        return MM_ERROR_STOPPED;
    case ERROR_UNSUPPORTED:
        break;
    }
    return MM_ERROR_UNSUPPORTED;
}

int mm_error_fill(struct mm_error *to, const struct error *from)
{
    _Static_assert((int)MM_ERROR_TEXT_SIZE >= (int)ERROR_TEXT_SIZE, "every text fits");
    if (!to)
        return -1;
    to->code = code_of(from->code);
    to->system = from->system;
    memcpy(to->text, from->text, ERROR_TEXT_SIZE);
    return -1;
}

void mm_free(void *block)
{
    free(block);
}

const char *mm_version(void)
{
    return MASKMILL_VERSION;
}
