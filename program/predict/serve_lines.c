#include "program/predict/serve_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/stop.h"

enum { BLOCK = 1 << 16 };

/* Reads more behind what there is. Returns 1, or 0 or -1 as serve_lines_next. */
static int read_more(struct serve_lines *lines, struct error *error)
{
    if (lines->from > 0) {
        lines->used -= lines->from;
        lines->scanned -= lines->from;
        memmove(lines->bytes, lines->bytes + lines->from, lines->used);
        lines->from = 0;
    }
    if (memory_grow((void **)&lines->bytes, &lines->capacity, lines->used + BLOCK, 1, error))
        return -1;
    ssize_t got = pipe_input_read(&lines->input, lines->bytes + lines->used, BLOCK, error);
    if (got > 0)
        lines->used += (size_t)got;
    lines->ended = got == 0;
    return got > 0 ? 1 : (int)got;
}

/* Takes the line that ends before `end`. */
static void take(struct serve_lines *lines, size_t end, bool cut, struct serve_line *line)
{
    *line = (struct serve_line){lines->bytes + lines->from, cut ? 0 : end - lines->from, cut};
    lines->from = lines->scanned = end < lines->used ? end + 1 : end;
}

/* The last line, without a newline. One that a stop has cut short is none. */
static int take_last(struct serve_lines *lines, bool cut, struct serve_line *line)
{
    if (stop_reason(lines->input.stop) != STOP_NONE || (lines->from == lines->used && !cut))
        return 0;
    take(lines, lines->used, cut, line);
    return 1;
}

int serve_lines_next(struct serve_lines *lines, struct serve_line *line, struct error *error)
{
    bool cut = false;
    for (;;) {
        const char *newline =
            lines->used > lines->scanned
                ? memchr(lines->bytes + lines->scanned, '\n', lines->used - lines->scanned)
                : NULL;
        if (newline) {
            take(lines, (size_t)(newline - lines->bytes), cut, line);
            return 1;
        }
        lines->scanned = lines->used;
        if (lines->used - lines->from > SERVE_LINE_MAX) {
            cut = true;
            lines->from = lines->used;
        }
        int more = lines->ended ? 0 : read_more(lines, error);
        if (more <= 0)
            return more < 0 ? -1 : take_last(lines, cut, line);
    }
}

void serve_lines_free(struct serve_lines *lines)
{
    free(lines->bytes);
    lines->bytes = NULL;
}
