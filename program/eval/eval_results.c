#include "program/eval/eval_results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/name_index.h"
#include "base/text_line.h"
#include "jobs/ndjson.h"
#include "program/eval/eval_header.h"
#include "program/eval/eval_image.h"
#include "program/eval/eval_lines.h"

struct eval_results {
    int fd;
    FILE *temporary;        /* owned: the file, if it has no name */
    const char *path;       /* borrowed; for messages */
    struct name_index done; /* keys of the images that it has */
    struct name_index failed;
    bool *failing; /* [failed.count], owned: the last line of each says that it failed */
    size_t failing_capacity;
    struct ndjson line;
    off_t size; /* of the whole lines */
};

/* ---- going on ---- */

/* Only one process may append. File systems without locks have none. */
static int lock_file(const struct eval_results *results, struct error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(results->fd, F_OFD_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES))
        return 0;
    return error_set(error, ERROR_USAGE, "%s: another evaluation writes to it", results->path);
}

/* Appends results->line. */
static int append(struct eval_results *results, struct error *error)
{
    const struct json_text *text = &results->line.text;
    ssize_t written;
    do
        written = write(results->fd, text->bytes, text->used);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)text->used) {
        results->size += written;
        return 0;
    }
    const int system = written < 0 ? errno : ENOSPC;
    if (written > 0 && ftruncate(results->fd, results->size)) {
        /* the next start cuts the torn line off */
    }
    return error_set_system(error, ERROR_IO, system, "%s: cannot be written", results->path);
}

/* Whether a torn first line is the beginning of this evaluation's header: a kill came right then. */
static bool begins_header(const struct eval_results *results, const struct text_line *line)
{
    const struct json_text *text = &results->line.text;
    return line->torn && line->used < text->used &&
           memcmp(line->bytes, text->bytes, line->used) == 0;
}

static int check_header(const struct eval_results *results, const struct text_line *line,
                        const struct eval_header *header, struct error *error)
{
    struct eval_header there = {0};
    const bool whole = !line->torn && !line->cut;
    if (whole && eval_header_read(&there, line->bytes, line->used, error) &&
        error->code == ERROR_MEMORY)
        return -1;
    if (!there.set)
        return error_set(error, ERROR_USAGE,
                         "%s: holds something else than results of maskmill eval; name another "
                         "file",
                         results->path);
    int status = eval_header_agree(&there, header, false, error);
    eval_header_free(&there);
    if (status) {
        error_prefix(error, "%s", results->path);
        error_append(error, "; name another file");
    }
    return status;
}

/* Notes whether an image's last line says that it failed. */
static int note_failed(struct eval_results *results, const char *key, bool failing,
                       struct error *error)
{
    if (!failing && name_index_find(&results->failed, key) == NAME_INDEX_NONE)
        return 0;
    const size_t number = name_index_put(&results->failed, key, error);
    if (number == NAME_INDEX_NONE ||
        memory_grow((void **)&results->failing, &results->failing_capacity, number + 1,
                    sizeof *results->failing, error))
        return -1;
    results->failing[number] = failing;
    return 0;
}

/* Notes the image of a line. Damaged lines are left: their images are evaluated again. */
static int note_line(struct eval_results *results, const struct text_line *line,
                     struct error *error)
{
    struct eval_line read;
    if (line->cut || !eval_line_read(&read, line->bytes, line->used))
        return 0;
    int status = note_failed(results, read.key, read.failed, error);
    if (status == 0 && !read.failed && !read.again &&
        name_index_put(&results->done, read.key, error) == NAME_INDEX_NONE)
        status = -1;
    free(read.key);
    return status;
}

/* Reads all lines; results->size becomes that of the whole ones. */
static int read_lines(struct eval_results *results, FILE *file, const struct eval_header *header,
                      struct error *error)
{
    struct text_line line = {0};
    int status = 0, more = 1;
    for (size_t number = 0; status == 0 && more > 0; number++) {
        more = text_line_next(&line, file, EVAL_LINE_MAX, error);
        if (more <= 0 || (number == 0 ? begins_header(results, &line) : line.torn))
            break;
        status = number == 0 ? check_header(results, &line, header, error)
                             : note_line(results, &line, error);
        results->size = ftello(file);
    }
    if (status == 0 && more == 0 && ferror(file))
        status = error_set_system(error, ERROR_IO, errno, "%s: cannot be read", results->path);
    text_line_free(&line);
    return status || more < 0 ? -1 : 0;
}

/* Reads what is there, and cuts off a torn last line. */
static int go_on(struct eval_results *results, const struct eval_header *header,
                 struct error *error)
{
    int fd = eval_results_reader(results, error);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    struct stat status;
    if (!file)
        return fd < 0 ? -1 : error_set(error, ERROR_MEMORY, "%s: no memory", results->path);
    rewind(file);
    int failed = read_lines(results, file, header, error);
    fclose(file);
    if (failed)
        return -1;
    if (fstat(results->fd, &status) ||
        (status.st_size > results->size && ftruncate(results->fd, results->size)))
        return error_set_system(error, ERROR_IO, errno, "%s: its torn last line cannot be cut off",
                                results->path);
    return 0;
}

/* Says of all that failed that it is tried again. */
static int take_back_failures(struct eval_results *results, struct error *error)
{
    for (size_t i = 0; i < results->failed.count; i++) {
        struct ndjson *line = &results->line;
        if (!results->failing[i])
            continue;
        ndjson_begin(line);
        ndjson_name(line, "image", results->failed.names[i]);
        json_text_raw(&line->text, ",\"again\":true");
        if (ndjson_end(line))
            return error_set(error, ERROR_MEMORY, "no memory for a line of results");
        if (append(results, error))
            return -1;
    }
    return 0;
}

/* ---- opening ---- */

static int open_file(struct eval_results *results, const char *path, struct error *error)
{
    const char *name;
    if (!path) {
        results->path = "temporary file of results";
        results->temporary = tmpfile();
        results->fd = results->temporary ? dup(fileno(results->temporary)) : -1;
        if (results->fd >= 0 && fcntl(results->fd, F_SETFL, O_APPEND) == 0)
            return 0;
        return error_set_system(error, ERROR_IO, errno, "no temporary file for results");
    }
    results->path = path;
    struct folder *folder = folder_of(path, &name, error);
    if (folder)
        results->fd = folder_open_file(folder, name, O_RDWR | O_APPEND | O_CREAT, error);
    folder_close(folder);
    return results->fd < 0 ? -1 : lock_file(results, error);
}

struct eval_results *eval_results_open(const char *path, const struct eval_header *header,
                                       struct error *error)
{
    struct eval_results *results = memory_new(1, sizeof *results, "results", error);
    if (!results)
        return NULL;
    results->fd = -1;
    if (open_file(results, path, error) == 0 &&
        eval_header_write(header, &results->line, error) == 0 &&
        go_on(results, header, error) == 0 && (results->size > 0 || append(results, error) == 0) &&
        take_back_failures(results, error) == 0)
        return results;
    eval_results_close(results);
    return NULL;
}

bool eval_results_has(const struct eval_results *results, const char *key)
{
    return name_index_find(&results->done, key) != NAME_INDEX_NONE;
}

int eval_results_add(struct eval_results *results, const char *key,
                     const struct eval_image *outcome, const char *failure, struct error *error)
{
    struct ndjson *line = &results->line;
    ndjson_begin(line);
    ndjson_name(line, "image", key);
    if (failure)
        ndjson_string(line, "failed", failure);
    else
        eval_image_write(outcome, &line->text);
    if (ndjson_end(line))
        return error_set(error, ERROR_MEMORY, "%s: no memory for its results", key);
    return append(results, error);
}

int eval_results_reader(const struct eval_results *results, struct error *error)
{
    int fd = fcntl(results->fd, F_DUPFD_CLOEXEC, 0);
    return fd >= 0 ? fd
                   : error_set_system(error, ERROR_IO, errno, "%s: cannot be read", results->path);
}

int eval_results_sync(const struct eval_results *results, struct error *error)
{
    if (fsync(results->fd))
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be written", results->path);
    return 0;
}

void eval_results_close(struct eval_results *results)
{
    if (!results)
        return;
    if (results->fd >= 0)
        close(results->fd);
    if (results->temporary)
        fclose(results->temporary);
    name_index_free(&results->done);
    name_index_free(&results->failed);
    free(results->failing);
    ndjson_free(&results->line);
    memory_free(results);
}
