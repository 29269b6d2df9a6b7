#include "base/lines.h"

#include <stdbool.h>

#include "base/memory.h"

int line_next(FILE *file, size_t most, struct line *line, struct error *error)
{
    bool cut = false;
    int c;
    line->used = 0;
    while ((c = getc_unlocked(file)) != EOF && c != '\n') {
        cut = line->used == most;
        if (cut)
            continue;
        if (line->used == line->capacity && /* rarely: a call for each byte takes time */
            memory_grow((void **)&line->bytes, &line->capacity, line->used + 1, 1, error))
            return -1;
        line->bytes[line->used++] = (char)c;
    }
    if (c == EOF)
        return line->used > 0 ? LINE_TORN : LINE_END;
    return cut ? LINE_TORN : LINE_WHOLE;
}
