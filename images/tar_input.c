#include "images/tar_input.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>
#endif

#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"

size_t tar_input_stem(const char *path)
{
    static const char *const endings[] = {".tar",    ".tar.gz", ".tgz",     ".tar.zst", ".tzst",
                                          ".tar.xz", ".txz",    ".tar.bz2", ".tbz2",    ".tbz"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(path + length - ending, endings[i]) == 0)
            return length - ending;
    }
    return length;
}

bool tar_input_is_tar(const char *path)
{
    return path[tar_input_stem(path)] != '\0';
}

#ifdef HAVE_LIBARCHIVE

enum { BLOCK = 1 << 16 };

struct tar_input {
    struct archive *archive;
    char *path; /* owned, for messages */
    size_t most;
    char *name;   /* owned: of the last member */
    char *target; /* owned: of the last link */
    unsigned char *bytes;
    size_t capacity;
};

static int broken(const struct tar_input *input, struct error *error)
{
    const char *said = archive_error_string(input->archive);
    int number = archive_errno(input->archive);
    error_set(error, ERROR_IO, "%s: %s", input->path, said ? said : "damaged");
    if (number <= 0 || number == EILSEQ) /* so libarchive marks what is no errno */
        error_append(error, "; copy it again or leave it out");
    error->system = number > 0 ? number : 0;
    return -1;
}

int tar_input_open(struct tar_input **input, const char *path, size_t most, struct error *error)
{
    struct tar_input *made = calloc(1, sizeof *made);
    *input = NULL;
    if (made) {
        made->archive = archive_read_new();
        made->path = strdup(path);
        made->most = most;
    }
    if (!made || !made->archive || !made->path) {
        tar_input_close(made);
        return error_set(error, ERROR_MEMORY, "%s: no memory to read it", path);
    }
    /* Only the compressions of tar_input_is_tar: for some others libarchive would start programs.
     */
    archive_read_support_format_tar(made->archive);
    archive_read_support_filter_gzip(made->archive);
    archive_read_support_filter_bzip2(made->archive);
    archive_read_support_filter_xz(made->archive);
    archive_read_support_filter_zstd(made->archive);
    if (archive_read_open_filename(made->archive, strcmp(path, "-") ? path : NULL, BLOCK)) {
        broken(made, error);
        tar_input_close(made);
        return -1;
    }
    *input = made;
    return 0;
}

void tar_input_close(struct tar_input *input)
{
    if (!input)
        return;
    archive_read_free(input->archive);
    free(input->path);
    free(input->name);
    free(input->target);
    free(input->bytes);
    free(input);
}

/* Whether a component of this length is neither empty nor ".". */
static bool is_named(const char *component, size_t length)
{
    return length > 1 || (length == 1 && component[0] != '.');
}

static bool names_nothing(const char *name)
{
    for (const char *at = name; *at; at += *at == '/') {
        size_t length = strcspn(at, "/");
        if (is_named(at, length))
            return false;
        at += length;
    }
    return true;
}

/* Drops a name's empty and "." components. */
static void tidy(char *name)
{
    char *to = name;
    for (const char *from = name; *from; from += *from == '/') {
        size_t length = strcspn(from, "/");
        if (is_named(from, length)) {
            if (to > name)
                *to++ = '/';
            memmove(to, from, length);
            to += length;
        }
        from += length;
    }
    *to = 0;
}

/* Appends the components of a path to the name `to` of `length` bytes, which has room for them and
 * for a slash. ".." removes the component before it. Returns the new length, or -1 if the path leads
 * out of the folder. */
static ptrdiff_t follow(char *to, ptrdiff_t length, const char *path)
{
    for (const char *at = path; *at; at += *at == '/') {
        size_t size = strcspn(at, "/");
        if (size == 2 && at[0] == '.' && at[1] == '.') {
            if (length == 0)
                return -1;
            while (length > 0 && to[--length] != '/')
                ;
        } else if (is_named(at, size)) {
            if (length > 0)
                to[length++] = '/';
            memcpy(to + length, at, size);
            length += (ptrdiff_t)size;
        }
        at += size;
    }
    to[length] = '\0';
    return length;
}

/* Sets member->target. A hard link's is relative to the tar, a symbolic link's to its own folder. */
static int take_target(struct tar_input *input, struct archive_entry *entry,
                       struct tar_member *member, struct error *error)
{
    const char *hard = archive_entry_hardlink(entry);
    const char *symbolic = archive_entry_symlink(entry);
    const char *path = hard ? hard : symbolic ? symbolic : "";
    const char *slash = hard ? NULL : strrchr(input->name, '/');
    ptrdiff_t folder = slash ? slash - input->name : 0;
    free(input->target);
    input->target = malloc((size_t)folder + strlen(path) + 2);
    if (!input->target)
        return error_set(error, ERROR_MEMORY, "%s: no memory for a link", input->path);
    if (folder)
        memcpy(input->target, input->name, (size_t)folder);
    bool absolute = !hard && path[0] == '/';
    if (!absolute && follow(input->target, folder, path) > 0)
        member->target = input->target;
    return 0;
}

static enum tar_kind kind_of(struct archive_entry *entry)
{
    if (archive_entry_hardlink(entry))
        return TAR_LINK;
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
        return TAR_FILE;
    case AE_IFLNK:
        return TAR_LINK;
    case AE_IFDIR:
        return TAR_FOLDER;
    default:
        return TAR_SPECIAL;
    }
}

/* The size in the header is not trusted: the bytes are counted. */
int tar_input_read(struct tar_input *input, struct tar_member *member, struct error *error)
{
    member->size = 0;
    for (;;) {
        if (memory_grow((void **)&input->bytes, &input->capacity, member->size + BLOCK, 1, error))
            return -1;
        la_ssize_t got = archive_read_data(input->archive, input->bytes + member->size, BLOCK);
        if (got == ARCHIVE_RETRY)
            continue;
        if (got < 0)
            return broken(input, error);
        if (got == 0)
            break;
        member->size += (size_t)got;
        if (member->size > input->most)
            return error_set(error, ERROR_IMAGE,
                             "%s: %s has more than the %zu bytes that are read at most",
                             input->path, input->name, input->most);
    }
    member->bytes = input->bytes;
    return 0;
}

/* Copies the member's name to input->name and checks it, unless it is nothing that can be read. */
static int take_name(struct tar_input *input, struct archive_entry *entry, enum tar_kind kind,
                     struct error *error)
{
    const char *name = archive_entry_pathname(entry);
    free(input->name);
    input->name = strdup(name ? name : "");
    if (!input->name)
        return error_set(error, ERROR_MEMORY, "%s: no memory for a member's name", input->path);
    if (kind == TAR_FOLDER || kind == TAR_SPECIAL)
        return 0;
    if (path_has_parent(input->name) || names_nothing(input->name))
        return error_set(error, ERROR_IMAGE, "%s: the member \"%.200s\" leads out of the folder",
                         input->path, input->name);
    tidy(input->name);
    return 0;
}

int tar_input_next(struct tar_input *input, struct tar_member *member, struct error *error)
{
    struct archive_entry *entry;
    int status;
    *member = (struct tar_member){0};
    do
        status = archive_read_next_header(input->archive, &entry);
    while (status == ARCHIVE_RETRY);
    if (status == ARCHIVE_EOF)
        return 0;
    if (status < ARCHIVE_WARN)
        return broken(input, error);
    member->kind = kind_of(entry);
    int named = take_name(input, entry, member->kind, error);
    member->name = input->name;
    if (named || (member->kind == TAR_LINK && take_target(input, entry, member, error)))
        return -1;
    return 1;
}

#else

int tar_input_open(struct tar_input **input, const char *path, size_t most, struct error *error)
{
    (void)most;
    *input = NULL;
    return error_set(error, ERROR_UNSUPPORTED,
                     "%s: this build reads no tar files; install libarchive-dev and build again",
                     path);
}

int tar_input_next(struct tar_input *input, struct tar_member *member, struct error *error)
{
    (void)input;
    (void)member;
    (void)error;
    return 0;
}

int tar_input_read(struct tar_input *input, struct tar_member *member, struct error *error)
{
    (void)input;
    (void)member;
    (void)error;
    return -1;
}

void tar_input_close(struct tar_input *input)
{
    (void)input;
}

#endif
