/* Data sets in COCO's form: a document of any size that lists images, annotations and categories. LVIS
 * names its images by their address ("coco_url") instead of "file_name". */
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
#include "base/memory.h"
#include "base/path.h"
#include "program/eval/data_set_kind.h"
#include "program/eval/segments.h"
#include "records/image_path.h"
#include "records/image_place.h"
#include "records/record.h"
#include "records/record_coco.h"
#include "records/record_part.h"

struct coco {
    const struct data_set_options *options;
    int fd;                    /* of the document; -1: none */
    struct record_coco *noted; /* owned */
    struct folder *images;     /* owned */
    size_t next;               /* index of the next image */
    char *name, *path;         /* owned: of the image below `images`, and with that folder */
    int image;                 /* owned descriptor of the image; -1: none */
    struct error fault;        /* of the image */
};

static void leave_image(struct coco *coco)
{
    if (coco->image >= 0)
        close(coco->image);
    free(coco->name);
    free(coco->path);
    coco->image = -1;
    coco->name = coco->path = NULL;
}

static void close_coco(void *own)
{
    struct coco *coco = own;
    if (!coco)
        return;
    leave_image(coco);
    record_coco_free(coco->noted);
    folder_close(coco->images);
    if (coco->fd >= 0)
        close(coco->fd);
    memory_free(coco);
}

/* ---- categories ---- */

static int put_categories(struct class_names *classes, const json_t *list, struct error *error)
{
    size_t i;
    json_t *category;
    json_array_foreach(list, i, category)
    {
        const char *name = json_string_value(json_object_get(category, "name"));
        const json_int_t number = json_integer_value(json_object_get(category, "id"));
        if (name && number > 0 && number <= INT32_MAX &&
            class_names_put(classes, (int32_t)number, name, error))
            return -1;
    }
    return 0;
}

/* Reads the list of categories that lies there. */
static int read_piece(const struct coco *coco, const struct json_piece *piece,
                      struct class_names *classes, struct error *error)
{
    if (piece->length > RECORD_FILE_MAX)
        return error_set(error, ERROR_RECORD, "its categories have more than %d bytes",
                         RECORD_FILE_MAX);
    char *text = malloc(piece->length + 1);
    if (!text)
        return error_set(error, ERROR_MEMORY, "no memory for its categories");
    const ssize_t got = pread(coco->fd, text, piece->length, (off_t)piece->offset);
    json_t *list =
        got == (ssize_t)piece->length ? json_load_bounded(text, piece->length, 0, NULL) : NULL;
    int status = got < 0 ? error_set_system(error, ERROR_IO, errno, "cannot be read")
                         : put_categories(classes, list, error);
    json_decref(list);
    free(text);
    return status;
}

/* Finds them, and leaves the document at its beginning. */
static int read_categories(const struct coco *coco, struct class_names *classes,
                           struct error *error)
{
    struct json_cursor cursor = {0};
    struct json_piece piece;
    char key[JSON_KEY];
    if (json_cursor_file(&cursor, coco->fd, error))
        return -1;
    int status = 0;
    int more = json_cursor_enter(&cursor, '{');
    while (more > 0 && json_cursor_next(&cursor, key) > 0 && json_cursor_skip(&cursor, &piece) == 0)
        if (strcmp(key, "categories") == 0) {
            status = read_piece(coco, &piece, classes, error);
            break;
        }
    json_cursor_free(&cursor);
    if (status == 0 && lseek(coco->fd, 0, SEEK_SET) < 0)
        status = error_set_system(error, ERROR_IO, errno, "cannot be read");
    return status;
}

/* ---- the document ---- */

static int read_document(struct coco *coco, struct class_names *classes, struct error *error)
{
    const char *path = coco->options->coco;
    const struct record_cutter cutter = {.path = path, .error = error};
    coco->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (coco->fd < 0)
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be opened", path);
    if (read_categories(coco, classes, error))
        return error_prefix(error, "%s", path);
    int noted = record_coco_note(&coco->noted, &cutter, coco->fd);
    if (noted > 0 && record_coco_described(coco->noted))
        return 0;
    return noted < 0 ? -1
                     : error_set(error, ERROR_RECORD,
                                 "%s: no COCO document of instances: it lists no images", path);
}

static void *open_coco(struct data_set *set, struct error *error)
{
    const struct data_set_options *options = &set->options;
    struct coco *coco = memory_new(1, sizeof *coco, "data set", error);
    if (!coco)
        return NULL;
    coco->options = options;
    coco->fd = coco->image = -1;
    if (options->input_count != 1)
        error_set(error, ERROR_USAGE, "--coco: expected one folder of images");
    else if (read_document(coco, &set->classes, error) == 0 &&
             (coco->images = folder_open(options->inputs[0], options->trusted, error)))
        return coco;
    close_coco(coco);
    return NULL;
}

/* ---- its images ---- */

/* The last two parts of an address: "val2017/000000397133.jpg". */
static const char *end_of_address(const char *url)
{
    const char *slash = strrchr(url, '/');
    while (slash && slash > url && slash[-1] != '/')
        slash--;
    return slash ? slash : url;
}

/* The name of an image below the folder, owned by the caller; NULL: it has none, or ERROR_MEMORY. */
static char *name_of(const struct coco *coco, const json_t *image, struct error *error)
{
    const char *said = json_string_value(json_object_get(image, "file_name"));
    const char *url = json_string_value(json_object_get(image, "coco_url"));
    const char *name = said ? said : url ? end_of_address(url) : NULL;
    if (name && !said && image_path_check(name, error) == 0 && !folder_has(coco->images, name))
        name = path_base(name); /* the folder is that of one split */
    char *copy = name ? strdup(name) : NULL;
    if (name && !copy)
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", name);
    return copy;
}

/* Finds the name of image `index`, or what is wrong with it. 0, or -1 with ERROR_IO or ERROR_MEMORY. */
static int name_image(struct coco *coco, size_t index, struct error *error)
{
    const struct record_cutter cutter = {.path = coco->options->coco, .error = error};
    json_t *image;
    coco->fault = (struct error){0};
    *error = (struct error){0};
    if (record_coco_image(coco->noted, &cutter, coco->fd, index, &image) < 0)
        return -1;
    coco->name = name_of(coco, image, error);
    json_decref(image);
    if (!coco->name && error->code == ERROR_MEMORY)
        return -1;
    if (!coco->name) {
        error_set(&coco->fault, ERROR_RECORD, "%s: image %lld has no file_name",
                  coco->options->coco, (long long)record_coco_id(coco->noted, index));
        if (asprintf(&coco->name, "%lld", (long long)record_coco_id(coco->noted, index)) < 0)
            coco->name = NULL;
    } else if (image_path_check(coco->name, &coco->fault)) {
        error_prefix(&coco->fault, "%s", coco->options->coco);
    }
    if (!coco->name || asprintf(&coco->path, "%s%s", coco->images->prefix, coco->name) < 0) {
        coco->path = NULL;
        return error_set(error, ERROR_MEMORY, "%s: no memory for a name", coco->options->coco);
    }
    return 0;
}

static int next_coco(struct data_set *set, void *own, struct data_item *item, struct error *error)
{
    struct coco *coco = own;
    while (coco->next < record_coco_count(coco->noted)) {
        leave_image(coco);
        if (name_image(coco, coco->next++, error))
            return -1;
        if (!shard_has(&set->options.shard, coco->name))
            continue;
        *item = (struct data_item){coco->name, coco->fault.code ? &coco->fault : NULL};
        return 1;
    }
    return 0;
}

static int coco_truth(void *own, struct segments *truth, struct error *error)
{
    const struct coco *coco = own;
    const struct record_cutter cutter = {.path = coco->options->coco, .error = error};
    struct record_part part = {0};
    if (record_coco_text(coco->noted, &cutter, coco->fd, coco->next - 1, &part))
        return -1;
    int status = -1;
    if (part.error.code)
        *error = part.error;
    else
        status = segments_parse(truth, part.text, part.length, error);
    free(part.text);
    return status ? error_prefix(error, "%s: %s", coco->options->coco, coco->name) : 0;
}

static int coco_image(void *own, struct image_input *input, struct error *error)
{
    struct coco *coco = own;
    const struct image_place place = {.folder = coco->images, .name = coco->name};
    if (coco->image < 0)
        coco->image = image_place_open(&place, error);
    *input = (struct image_input){coco->path, coco->image};
    return coco->image < 0 ? -1 : 0;
}

const struct data_set_kind data_set_coco = {open_coco, next_coco, coco_truth, coco_image,
                                            close_coco};
