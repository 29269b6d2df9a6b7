/* WebDataset / SA-1B tar shards: images with their records, in PREFIX000000.tar and so on.
 *
 * A member's key is the image's name with every '.', '%', backslash and non-printing or non-ASCII
 * byte as %XX. So keys have no dots, and unquoting restores the name. Owner, times and order are
 * fixed: equal images give equal bytes. A shard becomes visible when it is complete.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

#include "base/atomic.h"
#include "base/error.h"
#include "base/json_text.h"
#include "records/format.h"
#include "records/image_place.h"
#include "records/record.h"

#define TAR_SUMMARY "WebDataset / SA-1B shards, images with records: 000000.tar, 000001.tar, ..."

#ifdef HAVE_LIBARCHIVE

enum { SHARD_IMAGES = 1000, IMAGE_FILE_MAX = 1 << 30 };

struct shards {
    struct archive *archive; /* the open shard, NULL between shards */
    struct atomic_file file; /* the open shard's file */
    size_t images;           /* in the open shard */
    size_t number;           /* of the next shard */
    char *prefix;            /* owned */
    struct error *error;     /* of the current call; for write_block */
};

static int open_tar(struct writer *writer, struct error *error)
{
    struct shards *shards = calloc(1, sizeof *shards);
    const char *prefix = writer->options.shard_prefix;
    if (shards)
        shards->prefix = strdup(prefix ? prefix : "");
    if (!shards || !shards->prefix) {
        free(shards);
        return error_set(error, ERROR_MEMORY, "%s: no memory for tar shards", writer->out->path);
    }
    writer->state = shards;
    return 0;
}

static char *shard_name(const struct writer *writer, size_t number, struct error *error)
{
    const struct shards *shards = writer->state;
    char *name;
    if (asprintf(&name, "%s%06zu.tar", shards->prefix, number) < 0) {
        error_set(error, ERROR_MEMORY, "%s: no memory for a shard's name", writer->out->path);
        return NULL;
    }
    return name;
}

static la_ssize_t write_block(struct archive *archive, void *context, const void *bytes,
                              size_t size)
{
    struct shards *shards = context;
    if (atomic_append(&shards->file, bytes, size, shards->error) == 0)
        return (la_ssize_t)size;
    archive_set_error(archive, shards->error->system, "%s", shards->error->text);
    return -1;
}

/* Sets libarchive's error, unless write_block has set a better one. Returns -1. */
static int archive_failed(const struct shards *shards, struct error *error)
{
    if (error->code == ERROR_NONE)
        error_set(error, ERROR_IO, "%s: %s", shards->file.path,
                  archive_error_string(shards->archive));
    return -1;
}

static int begin_shard(struct writer *writer, struct error *error)
{
    struct shards *shards = writer->state;
    char *name = shard_name(writer, shards->number, error);
    if (!name)
        return -1;
    int result = atomic_open(&shards->file, writer->out, name, error);
    free(name);
    if (result)
        return -1;
    shards->archive = archive_write_new();
    if (!shards->archive) {
        atomic_abandon(&shards->file);
        return error_set(error, ERROR_MEMORY, "%s: no memory for a tar shard", writer->out->path);
    }
    /* ustar; pax headers only for names and sizes that do not fit. */
    if (archive_write_set_format_pax_restricted(shards->archive) ||
        archive_write_open(shards->archive, shards, NULL, write_block, NULL))
        return archive_failed(shards, error);
    shards->number++;
    shards->images = 0;
    return 0;
}

static int end_shard(struct writer *writer, struct error *error)
{
    struct shards *shards = writer->state;
    if (!shards->archive)
        return 0;
    int result = archive_write_close(shards->archive) ? archive_failed(shards, error) : 0;
    archive_write_free(shards->archive);
    shards->archive = NULL;
    if (result == 0)
        return atomic_commit(&shards->file, writer->options.batch, error);
    atomic_abandon(&shards->file);
    return -1;
}

static int add_member(struct shards *shards, const char *name, const void *bytes, size_t size,
                      struct error *error)
{
    struct archive_entry *entry = archive_entry_new();
    if (!entry)
        return error_set(error, ERROR_MEMORY, "%s: no memory for a tar header", name);
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 0, 0);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
    int failed = archive_write_header(shards->archive, entry) != ARCHIVE_OK ||
                 (size && archive_write_data(shards->archive, bytes, size) != (la_ssize_t)size) ||
                 archive_write_finish_entry(shards->archive) != ARCHIVE_OK;
    archive_entry_free(entry);
    return failed ? archive_failed(shards, error) : 0;
}

/* Appends a name as a key. */
static void append_key(struct json_text *text, const char *name)
{
    for (const char *at = name; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        char escape[4];
        if (byte > ' ' && byte < 0x7F && !strchr(".%\\", byte)) {
            json_text_bytes(text, at, 1);
        } else {
            snprintf(escape, sizeof escape, "%%%02X", byte);
            json_text_raw(text, escape);
        }
    }
}

/* "KEY.ENDING" for this image; owned by the caller. */
static char *member_name(const struct writer_item *item, const char *ending, struct error *error)
{
    struct json_text text = {0};
    append_key(&text, item->name);
    json_text_raw(&text, ".");
    for (; *ending; ending++) {
        char lower = (char)tolower((unsigned char)*ending);
        json_text_bytes(&text, &lower, 1);
    }
    return json_text_take(&text, NULL, error);
}

/* The extension of the image's file name without the dot; "img" if it has none, or one that is not
 * alphanumeric. */
static const char *image_ending(const struct record *record)
{
    const char *dot = strrchr(record->file_name, '.');
    if (!dot || !dot[1])
        return "img";
    for (const char *at = dot + 1; *at; at++)
        if (!isalnum((unsigned char)*at))
            return "img";
    return strcasecmp(dot + 1, "json") == 0 ? "img" : dot + 1;
}

static int add_pair(struct writer *writer, const struct writer_item *item, const void *image,
                    size_t image_size, struct error *error)
{
    struct shards *shards = writer->state;
    size_t length;
    char *text = record_text(item->record, writer->options.fields, &length, error);
    char *record_name = text ? member_name(item, "json", error) : NULL;
    char *image_name = record_name ? member_name(item, image_ending(item->record), error) : NULL;
    int result = image_name ? 0 : -1;
    if (result == 0 && !shards->archive)
        result = begin_shard(writer, error);
    if (result == 0 && image)
        result = add_member(shards, image_name, image, image_size, error);
    if (result == 0)
        result = add_member(shards, record_name, text, length, error);
    free(image_name);
    free(record_name);
    free(text);
    return result;
}

static int add_tar(struct writer *writer, const struct writer_item *item, struct error *error)
{
    struct shards *shards = writer->state;
    size_t most = writer->options.shard_images ? writer->options.shard_images : SHARD_IMAGES;
    char *read = NULL;
    size_t size = item->image_size;
    shards->error = error;
    error->code = ERROR_NONE;
    if (!item->image_bytes && item->image &&
        image_place_read(item->image, IMAGE_FILE_MAX, &read, &size, error))
        return -1;
    int result = add_pair(writer, item, read ? read : item->image_bytes, size, error);
    free(read);
    if (result)
        return -1;
    return ++shards->images == most ? end_shard(writer, error) : 0;
}

/* Removes what a longer export left behind: the shards numbered on from ours. */
static int remove_later(struct writer *writer, struct error *error)
{
    const struct shards *shards = writer->state;
    bool there = true;
    for (size_t number = shards->number; there; number++) {
        char *name = shard_name(writer, number, error);
        there = name && folder_has(writer->out, name);
        int result = there ? folder_remove(writer->out, name, error) : 0;
        free(name);
        if (!name || result)
            return -1;
    }
    return 0;
}

static void release(struct shards *shards)
{
    free(shards->prefix);
    free(shards);
}

static int close_tar(struct writer *writer, struct error *error)
{
    struct shards *shards = writer->state;
    shards->error = error;
    error->code = ERROR_NONE;
    int result = end_shard(writer, error) || remove_later(writer, error) ? -1 : 0;
    release(shards);
    return result;
}

static void abandon_tar(struct writer *writer)
{
    struct shards *shards = writer->state;
    if (shards->archive) {
        /* archive_write_free still writes to the file, which is removed right after. */
        struct error ignored = {0};
        shards->error = &ignored;
        archive_write_free(shards->archive);
        atomic_abandon(&shards->file);
    }
    release(shards);
}

const struct format format_tar = {
    .name = "tar",
    .kind = WRITER_WHOLE,
    .summary = TAR_SUMMARY,
    .open = open_tar,
    .add = add_tar,
    .close = close_tar,
    .abandon = abandon_tar,
};

#else

static int open_tar(struct writer *writer, struct error *error)
{
    return error_set(error, ERROR_UNSUPPORTED,
                     "%s: this build has no tar shards; install libarchive-dev and build again",
                     writer->out->path);
}

const struct format format_tar = {
    .name = "tar",
    .kind = WRITER_WHOLE,
    .summary = TAR_SUMMARY,
    .open = open_tar,
};

#endif
