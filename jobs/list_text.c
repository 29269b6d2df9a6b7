#include "jobs/list_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/text_mark.h"

struct list_text {
    const char *name;
    FILE *file;
    char end;      /* of an entry: '\n' or NUL */
    bool files;    /* entries are paths here */
    uint64_t line; /* of the current entry, from 1 */
    char *entry;
    size_t capacity;
};

/* A copy of `from` in an unlinked temporary file. */
static FILE *copy_list(FILE *from, const char *name, struct error *error)
{
    char block[1 << 16];
    size_t size;
    FILE *copy = tmpfile();
    bool good = copy;
    while (good && (size = fread(block, 1, sizeof block, from)) > 0)
        good = fwrite(block, 1, size, copy) == size;
    if (good && !ferror(from) && fflush(copy) == 0)
        return copy;
    error_set_system(error, ERROR_IO, errno, "cannot copy the list '%s' to a temporary file", name);
    if (copy)
        fclose(copy);
    return NULL;
}

static FILE *open_file(const char *name, struct error *error)
{
    bool standard = strcmp(name, "-") == 0;
    FILE *file = standard ? stdin : fopen(name, "re");
    struct stat status;
    if (!file || fstat(fileno(file), &status)) {
        error_set_system(error, ERROR_IO, errno, "cannot open the list '%s'", name);
        if (file && !standard)
            fclose(file);
        return NULL;
    }
    if (!standard && S_ISDIR(status.st_mode)) {
        error_set(error, ERROR_USAGE, "the list '%s' is a folder; name it as an INPUT", name);
        fclose(file);
        return NULL;
    }
    if (!standard && S_ISREG(status.st_mode))
        return file;
    FILE *copy = copy_list(file, name, error);
    if (!standard)
        fclose(file);
    return copy;
}

struct list_text *list_text_open(const char *name, bool null_separated, bool files,
                                 struct error *error)
{
    struct list_text *text = memory_new(1, sizeof *text, "text list", error);
    if (!text)
        return NULL;
    text->name = name;
    text->end = null_separated ? '\0' : '\n';
    text->files = files;
    text->file = open_file(name, error);
    if (text->file && list_text_rewind(text, error) == 0)
        return text;
    list_text_close(text);
    return NULL;
}

int list_text_rewind(struct list_text *text, struct error *error)
{
    text->line = 0;
    clearerr(text->file);
    if (fseeko(text->file, 0, SEEK_SET))
        return error_set_system(error, ERROR_IO, errno, "cannot read the list '%s' again",
                                text->name);
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Drops blanks at both ends. Ends the text in place. */
static char *trim(char *start, char *end)
{
    while (end > start && is_blank(end[-1]))
        end--;
    while (start < end && is_blank(*start))
        start++;
    *end = '\0';
    return start;
}

/* The path in a line. Only a line that may hold more than a name costs a look at the file system. */
static char *path_of(char *line, size_t length, bool files)
{
    struct stat status;
    char *start = line + text_mark(line, length);
    char *end = line + length;
    if (!files)
        return trim(start, end);
    if ((start == line && !is_blank(line[0]) && !is_blank(end[-1])) || lstat(line, &status) == 0)
        return line;
    if (end > start && end[-1] == '\r')
        *--end = '\0';
    return lstat(start, &status) == 0 ? start : trim(start, end);
}

/* Refuses a line that is no text in UTF-8 or another encoding without NUL. */
static int check_text(const struct list_text *text, size_t length, struct error *error)
{
    const char *wide = text->line == 1 ? text_wide(text->entry, length) : NULL;
    if (wide)
        return error_set(error, ERROR_USAGE,
                         "the list '%s' is in %s; convert it: iconv -f %s -t UTF-8", text->name,
                         wide, wide);
    if (strlen(text->entry) != length)
        return error_set(
            error, ERROR_USAGE,
            "list '%s', line %llu: a path contains a NUL byte; a list whose paths end in NUL "
            "needs --null, and another file is no list",
            text->name, (unsigned long long)text->line);
    return 0;
}

int list_text_next(struct list_text *text, const char **path, uint64_t *line, struct error *error)
{
    for (;;) {
        errno = 0;
        ssize_t length = getdelim(&text->entry, &text->capacity, text->end, text->file);
        text->line++;
        if (length < 0 && (ferror(text->file) || !feof(text->file)))
            return error_set_system(error, ERROR_IO, errno, "cannot read the list '%s'",
                                    text->name);
        if (length < 0)
            return 0;
        if (length > 0 && text->entry[length - 1] == text->end)
            text->entry[--length] = '\0';
        if (text->end != '\0' && check_text(text, (size_t)length, error))
            return -1;
        *path = text->entry;
        if (length > 0 && text->end != '\0')
            *path = path_of(text->entry, (size_t)length, text->files);
        *line = text->line;
        if (**path)
            return 1;
    }
}

void list_text_close(struct list_text *text)
{
    if (!text)
        return;
    if (text->file)
        fclose(text->file);
    free(text->entry);
    memory_free(text);
}
