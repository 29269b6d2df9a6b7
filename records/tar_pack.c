#include "records/tar_pack.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"

void tar_pack_free(struct tar_pack *pack)
{
    free(pack->bytes);
    *pack = (struct tar_pack){0};
}

static int append(struct tar_pack *pack, const void *bytes, size_t size, struct error *error)
{
    size_t needed;
    if (__builtin_add_overflow(pack->used, size, &needed))
        return error_set(error, ERROR_MEMORY, "no memory for a member of a tar");
    if (memory_grow((void **)&pack->bytes, &pack->capacity, needed, 1, error))
        return -1;
    if (size)
        memcpy(pack->bytes + pack->used, bytes, size);
    pack->used = needed;
    return 0;
}

#ifdef HAVE_LIBARCHIVE

bool tar_pack_supported(void)
{
    return true;
}

/* Where libarchive's bytes go. */
struct target {
    struct tar_pack *pack;
    struct error *error;
    bool full; /* the header is there: nothing else is taken */
};

static la_ssize_t write_block(struct archive *archive, void *context, const void *bytes,
                              size_t size)
{
    struct target *target = context;
    if (target->full)
        return -1;
    if (append(target->pack, bytes, size, target->error) == 0)
        return (la_ssize_t)size;
    archive_set_error(archive, 0, "%s", target->error->text);
    return -1;
}

static void describe(struct archive_entry *entry, const char *name, uint64_t size)
{
    archive_entry_set_pathname(entry, name);
    archive_entry_set_size(entry, (la_int64_t)size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 0, 0);
    archive_entry_set_uid(entry, 0);
    archive_entry_set_gid(entry, 0);
}

/* Writes the header, unbuffered. What closing would write behind it is refused; unless it is closed, libarchive
 * keeps some of its memory for ever. */
static int write_header(struct archive *archive, struct archive_entry *entry, struct target *target,
                        const char *name)
{
    target->error->code = ERROR_NONE;
    bool failed = archive_write_set_format_pax_restricted(archive) != ARCHIVE_OK ||
                  archive_write_set_bytes_per_block(archive, 0) != ARCHIVE_OK ||
                  archive_write_open(archive, target, NULL, write_block, NULL) != ARCHIVE_OK ||
                  archive_write_header(archive, entry) != ARCHIVE_OK;
    if (failed && target->error->code == ERROR_NONE)
        error_set(target->error, ERROR_IO, "%s: %s", name, archive_error_string(archive));
    target->full = true;
    archive_write_close(archive);
    return failed ? -1 : 0;
}

int tar_pack_header(struct tar_pack *pack, const char *name, uint64_t size, struct error *error)
{
    struct target target = {.pack = pack, .error = error};
    size_t before = pack->used;
    struct archive *archive = archive_write_new();
    struct archive_entry *entry = archive_entry_new();
    int status = -1;
    if (archive && entry) {
        describe(entry, name, size);
        status = write_header(archive, entry, &target, name);
    } else {
        error_set(error, ERROR_MEMORY, "%s: no memory for a tar header", name);
    }
    archive_entry_free(entry);
    archive_write_free(archive);
    if (status)
        pack->used = before;
    return status;
}

#else

bool tar_pack_supported(void)
{
    return false;
}

int tar_pack_header(struct tar_pack *pack, const char *name, uint64_t size, struct error *error)
{
    (void)pack;
    (void)size;
    return error_set(error, ERROR_UNSUPPORTED,
                     "%s: this build writes no tars; install libarchive-dev and build again", name);
}

#endif

int tar_pack_member(struct tar_pack *pack, const char *name, const void *bytes, size_t size,
                    struct error *error)
{
    static const char zeros[TAR_BLOCK];
    size_t before = pack->used;
    if (tar_pack_header(pack, name, size, error) == 0 && append(pack, bytes, size, error) == 0 &&
        append(pack, zeros, tar_pack_padding(size), error) == 0)
        return 0;
    pack->used = before;
    return -1;
}

/* The size in a header: octal digits. */
static size_t size_in(const char *header)
{
    enum { SIZE_AT = 124, SIZE_DIGITS = 11 };
    size_t size = 0;
    for (int i = 0; i < SIZE_DIGITS && header[SIZE_AT + i] >= '0' && header[SIZE_AT + i] <= '7';
         i++)
        size = 8 * size + (size_t)(header[SIZE_AT + i] - '0');
    return size;
}

struct tar_pack_size tar_pack_size_at(const struct tar_pack *pack, size_t at)
{
    enum { KIND_AT = 156 };
    const char *header = pack->bytes + at;
    struct tar_pack_size size = {TAR_BLOCK, 0};
    if (header[KIND_AT] == 'x') { /* a pax header, then the member's own */
        size_t more = size_in(header);
        size.header += TAR_BLOCK + more + tar_pack_padding(more);
        header = pack->bytes + at + size.header - TAR_BLOCK;
    }
    size_t bytes = size_in(header);
    size.all = size.header + bytes + tar_pack_padding(bytes);
    return size;
}

size_t tar_pack_padding(uint64_t size)
{
    return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

size_t tar_pack_end(uint64_t size)
{
    const uint64_t marker = 2 * TAR_BLOCK;
    uint64_t over = (size + marker) % TAR_RECORD;
    return (size_t)(marker + (over ? TAR_RECORD - over : 0));
}

char *tar_pack_key(const char *path, struct error *error)
{
    struct json_text text = {0};
    for (const char *at = path; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        char escape[4];
        if (byte > ' ' && byte < 0x7F && !strchr(".%\\", byte)) {
            json_text_bytes(&text, at, 1);
        } else {
            snprintf(escape, sizeof escape, "%%%02X", byte);
            json_text_raw(&text, escape);
        }
    }
    return json_text_take(&text, NULL, error);
}

char *tar_pack_name(const char *key, const char *ending, struct error *error)
{
    struct json_text text = {0};
    json_text_raw(&text, key);
    json_text_raw(&text, ".");
    for (; *ending; ending++) {
        char lower = (char)tolower((unsigned char)*ending);
        json_text_bytes(&text, &lower, 1);
    }
    return json_text_take(&text, NULL, error);
}

const char *tar_pack_image_ending(const char *file_name)
{
    const char *dot = strrchr(file_name, '.');
    if (!dot || !dot[1])
        return "img";
    for (const char *at = dot + 1; *at; at++)
        if (!isalnum((unsigned char)*at))
            return "img";
    return strcasecmp(dot + 1, "json") == 0 ? "img" : dot + 1;
}
