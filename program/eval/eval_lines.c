#include "program/eval/eval_lines.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/json_cursor.h"
#include "base/json_load.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text_line.h"
#include "program/eval/eval_image.h"
#include "program/eval/eval_results.h"

/* ---- one line ---- */

/* The text of the next value, owned by the caller; NULL if it is none. */
static char *read_text(struct json_cursor *cursor, const char *text)
{
    enum { TEXT_MAX = 1 << 17 };
    struct json_piece piece;
    if (json_cursor_skip(cursor, &piece) || piece.length > TEXT_MAX)
        return NULL;
    json_t *value = json_load_bounded(text + piece.offset, piece.length, JSON_DECODE_ANY, NULL);
    char *copy = json_is_string(value) ? strdup(json_string_value(value)) : NULL;
    json_decref(value);
    return copy;
}

bool eval_line_read(struct eval_line *line, const char *text, size_t length)
{
    struct json_cursor cursor;
    char key[JSON_KEY];
    char *name = NULL, *hex = NULL;
    *line = (struct eval_line){0};
    json_cursor_text(&cursor, text, length);
    int more = json_cursor_enter(&cursor, '{');
    while (more > 0 && (more = json_cursor_next(&cursor, key)) > 0) {
        char **to = strcmp(key, "image") == 0 ? &name : strcmp(key, "image_hex") == 0 ? &hex : NULL;
        line->failed = line->failed || strcmp(key, "failed") == 0;
        line->again = line->again || strcmp(key, "again") == 0;
        if (to && !*to)
            *to = read_text(&cursor, text);
        else
            json_cursor_skip(&cursor, NULL);
    }
    const bool whole = !cursor.fault && json_cursor_end(&cursor) == 0;
    if (whole && hex && hex_decode_name(hex)) {
        free(name);
        name = hex;
        hex = NULL;
    }
    free(hex);
    if (whole && name && *name) {
        line->key = name;
        return true;
    }
    free(name);
    return false;
}

/* ---- reading files ---- */

/* Whether the header's file may be a part of a set: a shard, or one that was given the set's name. */
static bool may_be_part(const struct eval_header *header)
{
    return *header->set || runfile_value(&header->options, "shard");
}

/* The set of a file's header, which is taken over. `part`: it may be one of several of the set. -1 with an error. */
static int find_set(struct eval_lines *lines, struct eval_header *header, bool part, size_t *set,
                    struct error *error)
{
    for (*set = 0; *set < lines->set_count; ++*set)
        if (strcmp(lines->sets[*set].set, header->set) == 0) {
            int status = eval_header_agree(&lines->sets[*set], header, part, error);
            if (status && !part)
                error_append(error, "; --name tells data sets apart whose files have one name");
            eval_header_free(header);
            return status;
        }
    if (memory_grow((void **)&lines->sets, &lines->set_capacity, lines->set_count + 1,
                    sizeof *lines->sets, error)) {
        eval_header_free(header);
        return -1;
    }
    lines->sets[lines->set_count++] = *header;
    return 0;
}

/* Gives a set without a name the file's, without its extension. */
static int name_set(struct eval_header *header, const char *path, struct error *error)
{
    const char *base = path_base(path);
    if (*header->set)
        return 0;
    free(header->set);
    header->set = strndup(base, path_stem_length(base));
    return header->set ? 0 : error_set(error, ERROR_MEMORY, "no memory for a name");
}

static int read_header(struct eval_lines *lines, FILE *file, struct text_line *line, size_t *set,
                       struct error *error)
{
    struct eval_header header = {0};
    int more = text_line_next(line, file, EVAL_LINE_MAX, error);
    if (more < 0)
        return -1;
    if (more == 0 || line->torn || line->cut)
        return error_set(error, ERROR_RECORD, "no results of maskmill eval");
    if (eval_header_read(&header, line->bytes, line->used, error))
        return -1;
    const bool part = may_be_part(&header);
    if (name_set(&header, lines->files[lines->file_count - 1].path, error)) {
        eval_header_free(&header);
        return -1;
    }
    return find_set(lines, &header, part, set, error);
}

/* Notes a line at `offset`. */
static int note_line(struct eval_lines *lines, const struct text_line *line, size_t set,
                     uint64_t offset, struct error *error)
{
    struct eval_line read;
    if (line->cut || line->torn || !eval_line_read(&read, line->bytes, line->used)) {
        lines->damaged++;
        return 0;
    }
    if (memory_grow((void **)&lines->places, &lines->place_capacity, lines->place_count + 1,
                    sizeof *lines->places, error)) {
        free(read.key);
        return -1;
    }
    lines->places[lines->place_count++] = (struct eval_place){.key = read.key,
                                                              .set = set,
                                                              .file = lines->file_count - 1,
                                                              .offset = offset,
                                                              .length = line->used,
                                                              .failed = read.failed,
                                                              .again = read.again};
    return 0;
}

static int read_lines(struct eval_lines *lines, FILE *file, struct error *error)
{
    struct text_line line = {0};
    size_t set = 0;
    int status = read_header(lines, file, &line, &set, error), more = 1;
    off_t offset = ftello(file);
    while (status == 0 && (more = text_line_next(&line, file, EVAL_LINE_MAX, error)) > 0) {
        if (line.used)
            status = note_line(lines, &line, set, (uint64_t)offset, error);
        offset = ftello(file);
    }
    if (status == 0 && more == 0 && ferror(file))
        status = error_set_system(error, ERROR_IO, errno, "cannot be read");
    text_line_free(&line);
    return status || more < 0 ? -1 : 0;
}

int eval_lines_add(struct eval_lines *lines, int fd, const char *path, struct error *error)
{
    char *copy = strdup(path);
    if (!copy || memory_grow((void **)&lines->files, &lines->file_capacity, lines->file_count + 1,
                             sizeof *lines->files, error)) {
        free(copy);
        close(fd);
        return error_set(error, ERROR_MEMORY, "%s: no memory to read it", path);
    }
    lines->files[lines->file_count].path = copy;
    lines->files[lines->file_count++].fd = fd;
    int again = dup(fd);
    FILE *file = again >= 0 ? fdopen(again, "r") : NULL;
    if (!file) {
        if (again >= 0)
            close(again);
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be read", path);
    }
    rewind(file);
    int status = read_lines(lines, file, error);
    fclose(file);
    return status ? error_prefix(error, "%s", path) : 0;
}

/* ---- in order ---- */

static int compare(const void *a, const void *b)
{
    const struct eval_place *x = a, *y = b;
    if (x->set != y->set)
        return x->set < y->set ? -1 : 1;
    int names = strcmp(x->key, y->key);
    if (names)
        return names;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

void eval_lines_sort(struct eval_lines *lines)
{
    struct eval_place *places = lines->places;
    size_t kept = 0;
    if (lines->place_count)
        qsort(places, lines->place_count, sizeof *places, compare);
    for (size_t i = 0; i < lines->place_count; i++) {
        const bool last = i + 1 == lines->place_count || places[i].set != places[i + 1].set ||
                          strcmp(places[i].key, places[i + 1].key) != 0;
        if (last && !places[i].again)
            places[kept++] = places[i];
        else
            free(places[i].key);
    }
    lines->place_count = kept;
}

/* Reads the outcome that stands there. */
static int read_outcome(const struct eval_lines *lines, const struct eval_place *place,
                        struct eval_image *outcome, struct error *error)
{
    const struct eval_file *file = &lines->files[place->file];
    char *text = malloc(place->length + 1);
    if (!text)
        return error_set(error, ERROR_MEMORY, "no memory for a line");
    size_t done = 0;
    ssize_t got = 1;
    while (done < place->length && (got > 0 || (got < 0 && errno == EINTR))) {
        got = pread(file->fd, text + done, place->length - done, (off_t)(place->offset + done));
        done += got > 0 ? (size_t)got : 0;
    }
    json_t *object = done == place->length ? json_load_bounded(text, place->length, 0, NULL) : NULL;
    int status = -1;
    if (done < place->length)
        error_set_system(error, ERROR_IO, got < 0 ? errno : EIO, "cannot be read");
    else if (!object)
        error_set(error, ERROR_RECORD, "the line is damaged");
    else
        status = eval_image_read(outcome, object, error);
    json_decref(object);
    free(text);
    return status ? error_prefix(error, "%s: %s", file->path, place->key) : 0;
}

int eval_lines_each(const struct eval_lines *lines, size_t set, eval_lines_visit *visit,
                    void *context, struct error *error)
{
    for (size_t i = 0; i < lines->place_count; i++) {
        const struct eval_place *place = &lines->places[i];
        struct eval_image outcome = {0};
        if (place->set != set)
            continue;
        if (!place->failed && read_outcome(lines, place, &outcome, error))
            return -1;
        int status = visit(context, place->failed ? NULL : &outcome, error);
        eval_image_free(&outcome);
        if (status)
            return status;
    }
    return 0;
}

void eval_lines_free(struct eval_lines *lines)
{
    for (size_t i = 0; i < lines->place_count; i++)
        free(lines->places[i].key);
    for (size_t i = 0; i < lines->set_count; i++)
        eval_header_free(&lines->sets[i]);
    for (size_t i = 0; i < lines->file_count; i++) {
        free(lines->files[i].path);
        close(lines->files[i].fd);
    }
    free(lines->places);
    free(lines->sets);
    free(lines->files);
    *lines = (struct eval_lines){0};
}
