#include "records/record_collection.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_load.h"
#include "base/path.h"
#include "base/text_line.h"
#include "images/tar_name.h"
#include "records/record.h"
#include "records/record_coco.h"
#include "records/record_part.h"
#include "records/record_tar.h"

int record_part_give(const struct record_cutter *cutter, struct record_part *part,
                     const char *file_name)
{
    if (part->text && part->label)
        part->name = strndup(file_name, path_stem_length(file_name));
    if (part->name)
        return cutter->visit(cutter->context, part, cutter->error);
    free(part->text);
    free(part->label);
    return error_set(cutter->error, ERROR_MEMORY, "%s: no memory to read it", cutter->path);
}

int record_part_give_text(const struct record_cutter *cutter, struct record_part *part,
                          const char *otherwise)
{
    bool readable = part->text && part->length && part->error.code == ERROR_NONE;
    json_t *root = readable ? json_load_bounded(part->text, part->length, 0, NULL) : NULL;
    const json_t *image = json_object_get(root, "image");
    const char *name = json_string_value(json_object_get(image, "file_name"));
    int status = record_part_give(cutter, part, name ? name : otherwise);
    json_decref(root);
    return status;
}

bool record_collection_is_ndjson(const char *path)
{
    const char *dot = strrchr(path_base(path), '.');
    return dot && (strcmp(dot, ".ndjson") == 0 || strcmp(dot, ".jsonl") == 0);
}

bool record_collection_is_tar(const char *path)
{
    return tar_name_is_tar(path);
}

static int give_line(const struct record_cutter *cutter, const struct text_line *line,
                     unsigned long long number)
{
    struct record_part part = {.length = line->cut ? 0 : line->used};
    part.text = malloc(part.length + 1); /* the line may hold zeros */
    if (part.text && part.length)
        memcpy(part.text, line->bytes, part.length);
    if (asprintf(&part.label, "%s, line %llu", cutter->path, number) < 0)
        part.label = NULL;
    if (line->cut)
        error_set(&part.error, ERROR_RECORD, "%s, line %llu: more than the %d bytes that are read",
                  cutter->path, number, RECORD_FILE_MAX);
    return record_part_give_text(cutter, &part, "");
}

static bool is_blank(const struct text_line *line)
{
    size_t at = 0;
    while (at < line->used && strchr(" \t\r", line->bytes[at]))
        at++;
    return at == line->used;
}

static int cut_lines(const struct record_cutter *cutter, FILE *file)
{
    struct text_line line = {0};
    int more;
    int status = 0;
    for (unsigned long long number = 1; status == 0; number++) {
        more = text_line_next(&line, file, RECORD_FILE_MAX, cutter->error);
        if (more <= 0) {
            status = more;
            break;
        }
        if (!is_blank(&line))
            status = give_line(cutter, &line, number);
    }
    if (status == 0 && ferror(file))
        status =
            error_set_system(cutter->error, ERROR_IO, errno, "%s: cannot be read", cutter->path);
    text_line_free(&line);
    return status;
}

int record_collection_read(const struct record_file *file, record_part_visit *visit, void *context,
                           struct error *error)
{
    const struct record_cutter cutter = {file->path, file->detections, visit, context, error};
    int answer;
    int fd = folder_open_file(file->folder, file->name, O_RDONLY, error);
    if (fd < 0)
        return -1;
    if (!record_collection_is_ndjson(file->name)) {
        answer = record_collection_is_tar(file->name) ? record_tar_cut(&cutter, fd, file->pool)
                                                      : record_coco_cut(&cutter, fd);
        close(fd);
        return answer;
    }
    FILE *lines = fdopen(fd, "r");
    if (!lines) {
        close(fd);
        return error_set(error, ERROR_MEMORY, "%s: no memory to read it", file->path);
    }
    answer = cut_lines(&cutter, lines);
    fclose(lines);
    return answer ? answer : 1;
}
