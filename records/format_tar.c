/* WebDataset / SA-1B tar shards: images with their records, in PREFIX000000.tar and so on. Their members are
 * tar_pack.h's. Order is fixed, too: equal images give equal bytes. A shard becomes visible when it is
 * complete.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "records/format.h"
#include "records/image_place.h"
#include "records/record.h"
#include "records/tar_pack.h"

#define TAR_SUMMARY "WebDataset / SA-1B shards, images with records: 000000.tar, 000001.tar, ..."

enum { SHARD_IMAGES = 1000, IMAGE_FILE_MAX = 1 << 30 };

struct shards {
    bool open;               /* false between shards */
    struct atomic_file file; /* the open shard's */
    uint64_t size;           /* of its members */
    size_t images;           /* in the open shard */
    size_t number;           /* of the next shard */
    char *prefix;            /* owned */
    struct tar_pack header;  /* of the current member */
};

static int open_tar(struct writer *writer, struct error *error)
{
    if (!tar_pack_supported())
        return error_set(error, ERROR_UNSUPPORTED,
                         "%s: this build has no tar shards; install libarchive-dev and build again",
                         writer->out->path);
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
    shards->open = true;
    shards->size = 0;
    shards->number++;
    shards->images = 0;
    return 0;
}

static int append(struct shards *shards, const void *bytes, size_t size, struct error *error)
{
    shards->size += size;
    return atomic_append(&shards->file, bytes, size, error);
}

static int end_shard(struct writer *writer, struct error *error)
{
    static const char zeros[TAR_END_MOST];
    struct shards *shards = writer->state;
    if (!shards->open)
        return 0;
    shards->open = false;
    if (append(shards, zeros, tar_pack_end(shards->size), error) == 0)
        return atomic_commit(&shards->file, writer->options.batch, error);
    atomic_abandon(&shards->file);
    return -1;
}

static int add_member(struct shards *shards, const char *name, const void *bytes, size_t size,
                      struct error *error)
{
    static const char zeros[TAR_BLOCK];
    shards->header.used = 0;
    return tar_pack_header(&shards->header, name, size, error) ||
                   append(shards, shards->header.bytes, shards->header.used, error) ||
                   append(shards, bytes, size, error) ||
                   append(shards, zeros, tar_pack_padding(size), error)
               ? -1
               : 0;
}

/* "KEY.ENDING" for this image; owned by the caller. */
static char *member_name(const struct writer_item *item, const char *ending, struct error *error)
{
    char *key = tar_pack_key(item->name, error);
    char *name = key ? tar_pack_name(key, ending, error) : NULL;
    free(key);
    return name;
}

static int add_pair(struct writer *writer, const struct writer_item *item, const void *image,
                    size_t image_size, struct error *error)
{
    struct shards *shards = writer->state;
    size_t length;
    char *text = record_text(item->record, writer->options.fields, &length, error);
    char *record_name = text ? member_name(item, "json", error) : NULL;
    char *image_name =
        record_name ? member_name(item, tar_pack_image_ending(item->record->file_name), error)
                    : NULL;
    int result = image_name ? 0 : -1;
    if (result == 0 && !shards->open)
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
    tar_pack_free(&shards->header);
    free(shards);
}

static int close_tar(struct writer *writer, struct error *error)
{
    struct shards *shards = writer->state;
    int result = end_shard(writer, error) || remove_later(writer, error) ? -1 : 0;
    release(shards);
    return result;
}

static void abandon_tar(struct writer *writer)
{
    struct shards *shards = writer->state;
    if (shards->open)
        atomic_abandon(&shards->file);
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
