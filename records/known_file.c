#include "records/known_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_cursor.h"
#include "base/json_load.h"
#include "base/path.h"
#include "base/text_line.h"
#include "records/record.h"
#include "records/record_coco.h"
#include "records/record_collection.h"
#include "records/record_part.h"

/* A reading of a file. */
struct reading {
    const struct known_file *file;
    const char *path; /* for messages */
    const struct known_visitor *visitor;
    struct error *error;
};

bool known_file_is_tar(const char *name)
{
    return record_collection_is_tar(name);
}

void known_file_free(struct known_file *file)
{
    record_coco_free(file->coco);
    free(file->name);
    *file = (struct known_file){0};
}

/* Reads `length` bytes at `offset` into text[length], terminated. */
static int read_piece(int fd, uint64_t offset, char *text, size_t length)
{
    size_t done = 0;
    while (done < length) {
        ssize_t got = pread(fd, text + done, length - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got ? errno : EIO;
            return -1;
        }
        done += (size_t)got;
    }
    text[length] = '\0';
    return 0;
}

/* ---- whose record a text is ---- */

/* The file_name of the image that a record in text[length] describes, freed by the caller. NULL without a
 * fault in *error if it has none. */
static char *image_name(const char *text, size_t length, struct error *error)
{
    struct json_cursor cursor;
    struct json_piece piece;
    char key[JSON_KEY];
    char *name = NULL;
    json_cursor_text(&cursor, text, length);
    int more = json_cursor_enter(&cursor, '{');
    while (more > 0 && (more = json_cursor_next(&cursor, key)) > 0) {
        more = json_cursor_skip(&cursor, &piece) ? -1 : 1;
        if (more < 0 || strcmp(key, "image") != 0)
            continue;
        json_t *image = json_load_bounded(text + piece.offset, piece.length, 0, NULL);
        const char *said = json_string_value(json_object_get(image, "file_name"));
        name = said ? strdup(said) : NULL;
        if (said && !name)
            error_set(error, ERROR_MEMORY, "no memory for a name");
        json_decref(image);
        break;
    }
    if (more < 0)
        error_set(error, ERROR_RECORD, "JSON: %s", cursor.fault);
    return name;
}

/* ---- NDJSON ---- */

static int note_line(const struct reading *reading, const struct text_line *line, uint64_t offset,
                     unsigned long long number)
{
    struct error own = {0};
    if (line->cut)
        return error_set(reading->error, ERROR_RECORD,
                         "%s, line %llu: more than the %d bytes that are read", reading->path,
                         number, RECORD_FILE_MAX);
    char *image = image_name(line->bytes, line->used, &own);
    if (own.code) {
        *reading->error = own;
        return error_prefix(reading->error, "%s, line %llu", reading->path, number);
    }
    if (!image)
        return error_set(reading->error, ERROR_RECORD,
                         "%s, line %llu: no image.file_name says whose masks these are",
                         reading->path, number);
    const struct known_part part = {.image = image, .at = offset, .bytes = line->used};
    int status = reading->visitor->visit(reading->visitor->context, &part, reading->error);
    free(image);
    return status;
}

static bool is_blank(const struct text_line *line)
{
    size_t at = 0;
    while (at < line->used && strchr(" \t\r", line->bytes[at]))
        at++;
    return at == line->used;
}

static int note_lines(const struct reading *reading, FILE *lines)
{
    struct text_line line = {0};
    uint64_t offset = 0;
    int status = 0, more = 1;
    for (unsigned long long number = 1; status == 0 && more > 0; number++) {
        more = text_line_next(&line, lines, RECORD_FILE_MAX, reading->error);
        if (more > 0 && !is_blank(&line))
            status = note_line(reading, &line, offset, number);
        offset += line.used + 1;
    }
    if (status == 0 && more == 0 && ferror(lines))
        more =
            error_set_system(reading->error, ERROR_IO, errno, "%s: cannot be read", reading->path);
    text_line_free(&line);
    return status ? status : more;
}

/* ---- COCO ---- */

/* The name of an image of a document; it needs one. */
static int name_image(const struct reading *reading, const struct record_coco *coco, int fd,
                      size_t index, char **name)
{
    const struct record_cutter cutter = {.path = reading->path, .error = reading->error};
    int found = record_coco_name(coco, &cutter, fd, index, name);
    if (found)
        return found < 0 ? -1 : 0;
    return error_set(reading->error, ERROR_RECORD,
                     "%s: the image of id %lld has no file_name that says whose masks these are",
                     reading->path, (long long)record_coco_id(coco, index));
}

static int note_images(const struct reading *reading, const struct record_coco *coco, int fd)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < record_coco_count(coco); i++) {
        struct known_part part = {.at = i, .bytes = record_coco_bytes(coco, i)};
        char *name = NULL;
        if (part.bytes == 0) /* no annotation */
            continue;
        if (record_coco_described(coco) && name_image(reading, coco, fd, i, &name))
            return -1;
        part.image = name;
        part.number = record_coco_id(coco, i);
        status = reading->visitor->visit(reading->visitor->context, &part, reading->error);
        free(name);
    }
    return status;
}

/* ---- what a file is ---- */

/* Whether it begins as the records of SA-1B and of this program do; of others all is looked at. */
static bool begins_as_record(int fd)
{
    static const char start[] = "{\"image\":";
    char bytes[sizeof start] = "";
    return pread(fd, bytes, sizeof start - 1, 0) > 0 && strcmp(bytes, start) == 0;
}

/* One record that the user named. */
static int note_record(const struct reading *reading, int fd)
{
    uint64_t size = (uint64_t)reading->file->mark.st_size;
    struct error own = {0};
    char *text = size <= RECORD_FILE_MAX ? malloc(size + 1) : NULL;
    if (!text)
        return error_set(reading->error, ERROR_RECORD,
                         "%s: no room for a record of %llu bytes; %d are read", reading->path,
                         (unsigned long long)size, RECORD_FILE_MAX);
    int status = read_piece(fd, 0, text, size);
    if (status)
        error_set_system(reading->error, ERROR_IO, errno, "%s: cannot be read", reading->path);
    char *image = status ? NULL : image_name(text, size, &own);
    free(text);
    if (status == 0 && own.code) {
        *reading->error = own;
        status = error_prefix(reading->error, "%s", reading->path);
    }
    const struct known_part part = {.image = image ? image : path_base(reading->file->name),
                                    .bytes = size};
    if (status == 0)
        status = reading->visitor->visit(reading->visitor->context, &part, reading->error);
    free(image);
    return status;
}

static int note_json(const struct reading *reading, struct known_file *file, bool only, int fd)
{
    const struct record_cutter cutter = {.path = reading->path, .error = reading->error};
    if (!begins_as_record(fd)) {
        int many = record_coco_note(&file->coco, &cutter, fd);
        if (many < 0)
            return -1;
        if (many > 0) {
            int status = note_images(reading, file->coco, fd);
            return status ? status : 1;
        }
    }
    int status = only ? note_record(reading, fd) : 0;
    return status ? status : only;
}

static int note_open(const struct reading *reading, struct known_file *file, bool only, int fd)
{
    if (!record_collection_is_ndjson(file->name))
        return note_json(reading, file, only, fd);
    int copy = dup(fd);
    FILE *lines = copy >= 0 ? fdopen(copy, "r") : NULL;
    if (!lines) {
        if (copy >= 0)
            close(copy);
        return error_set(reading->error, ERROR_MEMORY, "%s: no memory to read it", reading->path);
    }
    int status = note_lines(reading, lines);
    fclose(lines);
    return status ? status : 1;
}

int known_file_note(struct known_file *file, const struct folder *folder, const char *name,
                    bool only, const struct known_visitor *visitor, struct error *error)
{
    char *path;
    *file = (struct known_file){.name = strdup(name)};
    if (asprintf(&path, "%s%s", folder->prefix, name) < 0)
        path = NULL;
    int fd = file->name && path ? folder_open_file(folder, name, O_RDONLY, error) : -1;
    if (!file->name || !path)
        error_set(error, ERROR_MEMORY, "%s: no memory to read it", name);
    const struct reading reading = {file, path, visitor, error};
    int status = fd < 0 ? -1 : 0;
    if (status == 0 && fstat(fd, &file->mark))
        status = error_set_system(error, ERROR_IO, errno, "%s: cannot be looked at", path);
    if (status == 0)
        status = note_open(&reading, file, only, fd);
    if (fd >= 0)
        close(fd);
    free(path);
    return status;
}

/* ---- reading one part ---- */

int known_file_open(const struct known_file *file, const struct folder *folder, struct error *error)
{
    struct stat now;
    int fd = folder_open_file(folder, file->name, O_RDONLY, error);
    if (fd < 0)
        return -1;
    if (fstat(fd, &now) == 0 && now.st_ino == file->mark.st_ino &&
        now.st_size == file->mark.st_size && now.st_mtim.tv_sec == file->mark.st_mtim.tv_sec &&
        now.st_mtim.tv_nsec == file->mark.st_mtim.tv_nsec)
        return fd;
    close(fd);
    return error_set(error, ERROR_IO, "%s%s: has changed since the run began; start it again",
                     folder->prefix, file->name);
}

static int read_coco(const struct known_file *file, int fd, const struct known_part *part,
                     struct known_text *text, struct error *error)
{
    const struct record_cutter cutter = {.path = text->label, .error = error};
    struct record_part made = {0};
    if (record_coco_text(file->coco, &cutter, fd, (size_t)part->at, &made))
        return -1;
    if (made.error.code) {
        free(made.text);
        *error = made.error;
        error->code = ERROR_IMAGE;
        return -1;
    }
    text->bytes = made.text;
    text->length = made.length;
    return 0;
}

static int read_line(int fd, const struct known_part *part, struct known_text *text,
                     struct error *error)
{
    text->length = part->bytes;
    text->bytes = malloc(part->bytes + 1);
    if (!text->bytes)
        return error_set(error, ERROR_MEMORY, "%s: no memory to read it", text->label);
    return read_piece(fd, part->at, text->bytes, part->bytes)
               ? error_set_system(error, ERROR_IO, errno, "%s: cannot be read", text->label)
               : 0;
}

void known_text_free(struct known_text *text)
{
    free(text->bytes);
    free(text->label);
    *text = (struct known_text){0};
}

int known_file_read(const struct known_file *file, const struct folder *folder,
                    const struct known_part *part, struct known_text *text, struct error *error)
{
    *text = (struct known_text){0};
    int fd = known_file_open(file, folder, error);
    if (fd < 0)
        return -1;
    int status = -1;
    if (asprintf(&text->label, "%s%s", folder->prefix, file->name) < 0) {
        text->label = NULL;
        error_set(error, ERROR_MEMORY, "%s: no memory to read it", file->name);
    } else {
        status =
            file->coco ? read_coco(file, fd, part, text, error) : read_line(fd, part, text, error);
    }
    close(fd);
    if (status)
        known_text_free(text);
    return status;
}
