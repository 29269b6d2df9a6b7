#include "records/known_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/path.h"
#include "records/known_file.h"
#include "records/record.h"
#include "records/record_document.h"
#include "records/record_png.h"
#include "records/record_walk.h"

/* What is known of one image in a file of many. */
struct entry {
    uint64_t hash, again; /* of the image's name or number */
    uint64_t at, bytes;   /* in the file, as known_file.h has it */
    size_t file;
};

struct known_index {
    struct folder *folder;
    bool single; /* only the one file that was named */
    struct known_file *files;
    size_t file_count, file_capacity;
    struct entry *entries; /* sorted by hash once all are there */
    size_t count, capacity;
    char **twice; /* images that have a NAME.json, too, unless that is a file of many */
    size_t twice_count, twice_capacity;
};

/* ---- names and numbers ---- */

struct key {
    uint64_t hash, again;
};

static struct key key_of(const void *bytes, size_t length)
{
    return (struct key){hash_bytes(bytes, length), hash_bytes_again(bytes, length)};
}

static struct key name_key(const char *image)
{
    return key_of(image, path_stem_length(image));
}

/* No name begins with a zero byte. */
static struct key number_key(int64_t number)
{
    char text[1 + sizeof number] = {0};
    memcpy(text + 1, &number, sizeof number);
    return key_of(text, sizeof text);
}

static int compare(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->again > b->again) - (a->again < b->again);
}

static const struct entry *find(const struct known_index *index, struct key key)
{
    const struct entry wanted = {.hash = key.hash, .again = key.again};
    return index->count ? bsearch(&wanted, index->entries, index->count, sizeof wanted, compare)
                        : NULL;
}

/* "FOLDER/STEM.json", below the folder. NULL with ERROR_MEMORY. */
static char *own_file(const char *image, struct error *error)
{
    char *name;
    if (asprintf(&name, "%.*s.json", (int)path_stem_length(image), image) >= 0)
        return name;
    error_set(error, ERROR_MEMORY, "%s: no memory for its name", image);
    return NULL;
}

/* ---- opening ---- */

/* Notes that an image has a file of its own beside its entry. */
static int note_twice(struct known_index *index, const char *image, struct error *error)
{
    struct stat status;
    char *name = own_file(image, error);
    if (!name)
        return -1;
    if (index->single || folder_stat(index->folder, name, &status)) {
        free(name);
        return 0;
    }
    if (memory_grow((void **)&index->twice, &index->twice_capacity, index->twice_count + 1,
                    sizeof *index->twice, error)) {
        free(name);
        return -1;
    }
    index->twice[index->twice_count++] = name;
    return 0;
}

static int add_entry(void *context, const struct known_part *part, struct error *error)
{
    struct known_index *index = context;
    const char *image = part->image;
    while (image && strncmp(image, "./", 2) == 0)
        image += 2;
    struct key key = image ? name_key(image) : number_key(part->number);
    if (memory_grow((void **)&index->entries, &index->capacity, index->count + 1,
                    sizeof *index->entries, error))
        return -1;
    index->entries[index->count++] = (struct entry){.hash = key.hash,
                                                    .again = key.again,
                                                    .at = part->at,
                                                    .bytes = part->bytes,
                                                    .file = index->file_count - 1};
    return image ? note_twice(index, image, error) : 0;
}

/* Adds a file if it is one of many images, or the only one. */
static int add_file(struct known_index *index, const char *name, struct error *error)
{
    if (memory_grow((void **)&index->files, &index->file_capacity, index->file_count + 1,
                    sizeof *index->files, error))
        return -1;
    const struct known_visitor visitor = {add_entry, index};
    struct known_file *file = &index->files[index->file_count++];
    int many = known_file_note(file, index->folder, name, index->single, &visitor, error);
    if (many <= 0) {
        known_file_free(file);
        index->file_count--;
    }
    return many < 0 ? -1 : 0;
}

static int visit(void *context, const char *file, const char *name, struct error *error)
{
    struct known_index *index = context;
    const char *prefix = index->folder->prefix;
    (void)name;
    if (file[strlen(file) - 1] == '/') {
        DIR *folder = folder_list(index->folder, file, error);
        if (folder)
            closedir(folder);
        return folder ? error_set(error, ERROR_IO, "%s%s: cannot be listed", prefix, file) : -1;
    }
    if (strcmp(file, "failed.ndjson") == 0) /* a run's list of failed images */
        return 0;
    if (record_png_is(file))
        return error_set(error, ERROR_USAGE,
                         "%s%s: masks in PNG files are not read as known ones; maskmill export -f "
                         "sa1b makes records of them",
                         prefix, file);
    if (known_file_is_tar(file))
        return error_set(error, ERROR_USAGE,
                         "%s%s: records in tars are not read as known masks; maskmill export -f "
                         "ndjson makes a file of them",
                         prefix, file);
    return add_file(index, file, error);
}

/* Refuses an entry, whose text this is, beside that of the file `other`. Returns -1. */
static int refuse_second(const struct known_index *index, const struct known_text *text,
                         const char *other, struct error *error)
{
    struct record_document document;
    struct error ignored;
    bool open = record_document_open(&document, text->bytes, text->length, &ignored) == 0;
    const json_t *image = open ? document.image : NULL;
    const char *name = json_string_value(json_object_get(image, "file_name"));
    const json_t *id = json_object_get(image, "id");
    error_set(error, ERROR_RECORD, "%s: %s%s has known masks of the same image", text->label,
              index->folder->prefix, other);
    if (name)
        error_append(error, ", %s", name);
    else if (json_is_integer(id))
        error_append(error, ", %lld", (long long)json_integer_value(id));
    if (open)
        record_document_close(&document);
    return -1;
}

/* Refuses a second entry for an image. */
static int check_entries(struct known_index *index, struct error *error)
{
    if (index->count)
        qsort(index->entries, index->count, sizeof *index->entries, compare);
    for (size_t i = 1; i < index->count; i++) {
        const struct entry *a = &index->entries[i - 1], *b = &index->entries[i];
        if (compare(a, b))
            continue;
        const struct known_place place = {true, i, b->bytes};
        struct known_text text;
        if (known_index_read(index, "", &place, &text, error))
            return -1;
        int status = refuse_second(index, &text, index->files[a->file].name, error);
        known_text_free(&text);
        return status;
    }
    return 0;
}

static int check_twice(const struct known_index *index, struct error *error)
{
    for (size_t i = 0; i < index->twice_count; i++) {
        bool of_many = false;
        for (size_t k = 0; !of_many && k < index->file_count; k++)
            of_many = strcmp(index->files[k].name, index->twice[i]) == 0;
        if (!of_many)
            return error_set(error, ERROR_RECORD,
                             "%s%s: another file there has known masks of the same image",
                             index->folder->prefix, index->twice[i]);
    }
    return 0;
}

static int fill(struct known_index *index, const char *path, bool trust_folder, struct error *error)
{
    struct stat status;
    const char *file = NULL;
    index->single = stat(path, &status) == 0 && S_ISREG(status.st_mode);
    index->folder =
        index->single ? folder_of(path, &file, error) : folder_open(path, trust_folder, error);
    if (!index->folder)
        return -1;
    if (index->single ? visit(index, file, file, error)
                      : record_walk_ndjson(index->folder, visit, index, error))
        return -1;
    return check_entries(index, error) || check_twice(index, error) ? -1 : 0;
}

struct known_index *known_index_open(const char *path, bool trust_folder, struct error *error)
{
    struct known_index *index = calloc(1, sizeof *index);
    if (!index) {
        error_set(error, ERROR_MEMORY, "%s: no memory to read it", path);
        return NULL;
    }
    if (fill(index, path, trust_folder, error) == 0)
        return index;
    known_index_close(index);
    return NULL;
}

void known_index_close(struct known_index *index)
{
    if (!index)
        return;
    for (size_t i = 0; i < index->file_count; i++)
        known_file_free(&index->files[i]);
    for (size_t i = 0; i < index->twice_count; i++)
        free(index->twice[i]);
    free(index->files);
    free(index->twice);
    free(index->entries);
    folder_close(index->folder);
    free(index);
}

/* ---- one image ---- */

static const struct entry *find_image(const struct known_index *index, const char *image)
{
    int64_t number;
    const struct entry *entry = find(index, name_key(image));
    if (entry)
        return entry;
    entry = find(index, number_key(record_image_id(image)));
    if (entry)
        return entry;
    const char *base = path_base(image);
    char *stem = strndup(base, path_stem_length(base));
    if (stem && parse_integer(stem, 0, INT64_MAX, &number))
        entry = find(index, number_key(number));
    free(stem);
    return entry;
}

/* Looks for a file of its own. */
static int find_file(const struct known_index *index, const char *image, struct known_place *place,
                     struct error *error)
{
    struct stat status;
    char *name = own_file(image, error);
    if (!name)
        return -1;
    int result = folder_stat(index->folder, name, &status);
    for (size_t i = 0; result == 0 && i < index->file_count; i++)
        if (strcmp(index->files[i].name, name) == 0) { /* that one is of many images */
            free(name);
            return 0;
        }
    if (result == 0)
        *place = (struct known_place){true, SIZE_MAX, (uint64_t)status.st_size};
    else if (errno != ENOENT && errno != ENOTDIR && !folder_refuses_name(errno))
        result = error_set_system(error, ERROR_IMAGE, errno, "%s%s: cannot be looked at",
                                  index->folder->prefix, name);
    else
        result = 0;
    free(name);
    return result;
}

int known_index_find(const struct known_index *index, const char *image, struct known_place *place,
                     struct error *error)
{
    const struct entry *entry = find_image(index, image);
    *place = (struct known_place){0};
    if (entry)
        *place = (struct known_place){true, (size_t)(entry - index->entries), entry->bytes};
    return entry || index->single ? 0 : find_file(index, image, place, error);
}

static int read_own(const struct known_index *index, const char *image, struct known_text *text,
                    struct error *error)
{
    *text = (struct known_text){0};
    char *name = own_file(image, error);
    if (!name)
        return -1;
    int status =
        folder_read(index->folder, name, RECORD_FILE_MAX, &text->bytes, &text->length, error);
    if (status && error->code == ERROR_IO)
        error->code = ERROR_IMAGE;
    if (status == 0 && asprintf(&text->label, "%s%s", index->folder->prefix, name) < 0) {
        text->label = NULL;
        known_text_free(text);
        status = error_set(error, ERROR_MEMORY, "%s: no memory to read it", name);
    }
    free(name);
    return status;
}

int known_index_read(const struct known_index *index, const char *image,
                     const struct known_place *place, struct known_text *text, struct error *error)
{
    if (place->entry == SIZE_MAX)
        return read_own(index, image, text, error);
    const struct entry *entry = &index->entries[place->entry];
    const struct known_part part = {.at = entry->at, .bytes = entry->bytes};
    return known_file_read(&index->files[entry->file], index->folder, &part, text, error);
}

const char *known_index_file(const struct known_index *index, size_t file)
{
    return file < index->file_count ? index->files[file].name : NULL;
}

int known_index_open_file(const struct known_index *index, size_t file, struct error *error)
{
    return known_file_open(&index->files[file], index->folder, error);
}
