#include "base/text_line.h"

#include <stdlib.h>

#include "base/memory.h"

int text_line_next(struct text_line *line, FILE *file, size_t most, struct error *error)
{
    int c;
    line->used = 0;
    line->cut = false;
    while ((c = getc_unlocked(file)) != EOF && c != '\n') {
        line->cut = line->used == most;
        if (line->cut)
            continue;
        if (line->used == line->capacity && /* rarely: a call for each byte takes time */
            memory_grow((void **)&line->bytes, &line->capacity, line->used + 1, 1, error))
            return -1;
        line->bytes[line->used++] = (char)c;
    }
    line->torn = c == EOF;
    return !line->torn || line->used > 0;
}

void text_line_free(struct text_line *line)
{
    free(line->bytes);
    *line = (struct text_line){0};
}
