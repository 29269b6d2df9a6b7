#include "program/review/review_classes.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "program/text_file.h"
#include "records/record.h"

static const char SPACES[] = " \t\r\v\f";

/* The line without spaces at its ends; `end` is where it ends, and gets a zero. */
static char *trim(char *line, char *end)
{
    while (end > line && strchr(SPACES, end[-1]))
        end--;
    *end = 0;
    return line + strspn(line, SPACES);
}

static int add(struct review_classes *classes, const char *name, struct error *error)
{
    size_t length = strlen(name);
    if (length == 0)
        return 0;
    if (!utf8_valid(name, length))
        return error_set(error, ERROR_USAGE, "is not UTF-8");
    if (length > RECORD_CATEGORY_MAX)
        return error_set(error, ERROR_USAGE, "has more than %d bytes", RECORD_CATEGORY_MAX);
    if (!record_is_category(name))
        return error_set(error, ERROR_USAGE, "has a control character");
    if (classes->count == REVIEW_CLASSES_MAX)
        return error_set(error, ERROR_USAGE, "is more than %d classes", REVIEW_CLASSES_MAX);
    if (memory_grow((void **)&classes->names, &classes->capacity, classes->count + 1,
                    sizeof *classes->names, error))
        return -1;
    classes->names[classes->count++] = name;
    return 0;
}

/* Behind the byte order mark that editors of Windows put before UTF-8: it is no part of the first name. */
static char *begin(char *text)
{
    return strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? text + 3 : text;
}

int review_classes_read(struct review_classes *classes, const char *path, struct error *error)
{
    size_t size;
    if (text_file_read(path, &classes->text, &size, error)) {
        classes->text = NULL;
        return error_prefix(error, "--classes %s", path);
    }
    char *end = classes->text + size;
    unsigned long number = 1;
    for (char *line = begin(classes->text); line < end; number++) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        char *next = newline ? newline : end;
        if (memchr(line, 0, (size_t)(next - line)))
            return error_set(error, ERROR_USAGE, "--classes %s, line %lu: has a NUL", path, number);
        if (add(classes, trim(line, next), error))
            return error_prefix(error, "--classes %s, line %lu", path, number);
        line = next + 1;
    }
    return 0;
}

void review_classes_free(struct review_classes *classes)
{
    free(classes->text);
    free(classes->names);
    *classes = (struct review_classes){0};
}
