#include "program/eval/class_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parse.h"
#include "program/text_file.h"

/* The place of a number, or where it would stand. */
static size_t find(const struct class_names *classes, int32_t number)
{
    size_t low = 0, high = classes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (classes->items[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *class_names_find(const struct class_names *classes, int32_t number)
{
    size_t at = find(classes, number);
    return at < classes->count && classes->items[at].number == number ? classes->items[at].name
                                                                      : NULL;
}

int class_names_put(struct class_names *classes, int32_t number, const char *name,
                    struct error *error)
{
    size_t at = find(classes, number);
    char *copy = strdup(name);
    if (!copy)
        return error_set(error, ERROR_MEMORY, "no memory for the names of classes");
    if (at < classes->count && classes->items[at].number == number) {
        free(classes->items[at].name);
        classes->items[at].name = copy;
        return 0;
    }
    if (memory_grow((void **)&classes->items, &classes->capacity, classes->count + 1,
                    sizeof *classes->items, error)) {
        free(copy);
        return -1;
    }
    memmove(classes->items + at + 1, classes->items + at,
            (classes->count - at) * sizeof *classes->items);
    classes->items[at].number = number;
    classes->items[at].name = copy;
    classes->count++;
    return 0;
}

/* Reads one line, which is changed. */
static int read_line(struct class_names *classes, char *line, struct error *error)
{
    static const char between[] = " \t:,;";
    int64_t number;
    line += strspn(line, " \t");
    line[strcspn(line, "\r")] = '\0';
    if (!*line || *line == '#')
        return 0;
    size_t digits = strcspn(line, between);
    char *name = line + digits + strspn(line + digits, between);
    line[digits] = '\0';
    if (!*name || !parse_integer(line, 0, INT32_MAX, &number))
        return error_set(error, ERROR_USAGE, "expected a number and a name, such as \"26 car\"");
    return class_names_put(classes, (int32_t)number, name, error);
}

int class_names_read(struct class_names *classes, const char *path, struct error *error)
{
    char *text, *line;
    size_t size, number = 0;
    if (text_file_read(path, &text, &size, error))
        return error_prefix(error, "%s", path);
    char *rest = text;
    int status = 0;
    while (status == 0 && (line = strsep(&rest, "\n"))) {
        number++;
        status = read_line(classes, line, error);
    }
    free(text);
    return status ? error_prefix(error, "%s, line %zu", path, number) : 0;
}

void class_names_free(struct class_names *classes)
{
    for (size_t i = 0; i < classes->count; i++)
        free(classes->items[i].name);
    free(classes->items);
    *classes = (struct class_names){0};
}
