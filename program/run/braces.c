#include "program/run/braces.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"

enum { NAME_SIZE = 4096 }; /* PATH_MAX: a longer name is no file's */

/* A part of a text. */
struct span {
    const char *at;
    size_t length;
};

/* A name with one pair of braces that stands for several: before, {inner}, after. */
struct parts {
    struct span before, inner;
    const char *after;
};

struct range {
    long long first, last, step;
    int digits;
};

/* Reads a whole number of at most 18 digits, and raises *digits to its length if it begins with 0. */
static bool read_number(const char **at, long long *number, int *digits)
{
    char *end;
    const char *start = *at + (**at == '-');
    if (!isdigit((unsigned char)*start))
        return false;
    *number = strtoll(*at, &end, 10);
    int length = (int)(end - start);
    if (*start == '0' && length > 1 && length > *digits)
        *digits = length;
    *at = end;
    return length <= 18;
}

/* Reads "first..last" or "first..last..step", which `inner` is all of. */
static bool read_range(struct span inner, struct range *range)
{
    char text[80];
    const char *at = text;
    *range = (struct range){.step = 1};
    if (inner.length >= sizeof text)
        return false;
    memcpy(text, inner.at, inner.length);
    text[inner.length] = '\0';
    if (!read_number(&at, &range->first, &range->digits) || strncmp(at, "..", 2) != 0)
        return false;
    at += 2;
    if (!read_number(&at, &range->last, &range->digits))
        return false;
    int ignored = 0;
    if (strncmp(at, "..", 2) == 0) {
        at += 2;
        if (!read_number(&at, &range->step, &ignored))
            return false;
        range->step = llabs(range->step);
    }
    return *at == '\0' && range->step > 0;
}

/* The length of the text up to the comma or the end that is in no inner braces. */
static size_t next_comma(const char *at, size_t length)
{
    int depth = 0;
    for (size_t i = 0; i < length; i++) {
        if (at[i] == ',' && depth == 0)
            return i;
        depth += (at[i] == '{') - (at[i] == '}');
    }
    return length;
}

/* The length of what begins with '{', with its '}'; 0 if that is missing. */
static size_t braced(const char *at)
{
    int depth = 0;
    for (size_t i = 0; at[i]; i++) {
        depth += (at[i] == '{') - (at[i] == '}');
        if (depth == 0)
            return i + 1;
    }
    return 0;
}

/* Finds the first braces that stand for something. */
static bool find(const char *name, struct parts *parts)
{
    struct range range;
    for (const char *open = name; (open = strchr(open, '{')); open++) {
        size_t length = braced(open);
        if (length == 0)
            continue;
        parts->before = (struct span){name, (size_t)(open - name)};
        parts->inner = (struct span){open + 1, length - 2};
        parts->after = open + length;
        if (next_comma(open + 1, length - 2) < length - 2 || read_range(parts->inner, &range))
            return true;
    }
    return false;
}

static int add(struct braces *names, const char *name, struct error *error)
{
    if (memory_grow((void **)&names->names, &names->capacity, names->count + 1,
                    sizeof *names->names, error))
        return -1;
    names->names[names->count] = strdup(name);
    if (names->names[names->count]) {
        names->count++;
        return 0;
    }
    return error_set(error, ERROR_MEMORY, "%s: no memory for a name", name);
}

static int expand(struct braces *names, const char *name, size_t most, struct error *error);

/* Expands the name with `middle` in the place of its braces. */
static int expand_with(struct braces *names, const struct parts *parts, struct span middle,
                       size_t most, struct error *error)
{
    char *name;
    if (asprintf(&name, "%.*s%.*s%s", (int)parts->before.length, parts->before.at,
                 (int)middle.length, middle.at, parts->after) < 0)
        return error_set(error, ERROR_MEMORY, "no memory for a name");
    int status = expand(names, name, most, error);
    free(name);
    return status;
}

static int expand_range(struct braces *names, const struct parts *parts, const struct range *range,
                        size_t most, struct error *error)
{
    char number[64];
    long long sign = range->first <= range->last ? 1 : -1;
    unsigned long long length = (unsigned long long)llabs(range->last - range->first);
    int status = 0;
    for (unsigned long long i = 0; status == 0 && i <= length;
         i += (unsigned long long)range->step) {
        long long value = range->first + sign * (long long)i;
        int size = snprintf(number, sizeof number, "%s%0*lld", value < 0 ? "-" : "", range->digits,
                            llabs(value));
        status = expand_with(names, parts, (struct span){number, (size_t)size}, most, error);
    }
    return status;
}

static int expand_list(struct braces *names, const struct parts *parts, size_t most,
                       struct error *error)
{
    struct span rest = parts->inner;
    for (;;) {
        size_t length = next_comma(rest.at, rest.length);
        if (expand_with(names, parts, (struct span){rest.at, length}, most, error))
            return -1;
        if (length == rest.length)
            return 0;
        rest.at += length + 1;
        rest.length -= length + 1;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the name has braces */
static int expand(struct braces *names, const char *name, size_t most, struct error *error)
{
    struct parts parts;
    struct range range;
    if (names->count >= most)
        return error_set(error, ERROR_USAGE,
                         "the braces of an input stand for more than %d names; put the names into "
                         "a file for --list",
                         BRACES_MOST);
    if (strlen(name) >= NAME_SIZE || !find(name, &parts))
        return add(names, name, error);
    return read_range(parts.inner, &range) ? expand_range(names, &parts, &range, most, error)
                                           : expand_list(names, &parts, most, error);
}

int braces_expand(struct braces *names, const char *name, struct error *error)
{
    return expand(names, name, names->count + BRACES_MOST, error);
}

int braces_expand_inputs(struct braces *names, char *const *inputs, int count, struct error *error)
{
    struct stat status;
    for (int i = 0; i < count; i++) {
        bool there = stat(inputs[i], &status) == 0;
        if (there ? add(names, inputs[i], error) : braces_expand(names, inputs[i], error))
            return -1;
    }
    return 0;
}

void braces_free(struct braces *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    *names = (struct braces){0};
}
