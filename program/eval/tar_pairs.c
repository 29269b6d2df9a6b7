#include "program/eval/tar_pairs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "images/tar_input.h"
#include "records/record.h"

/* A member that is an image or a record. */
struct half {
    char *name;         /* owned; NULL: there is none */
    int image;          /* owned descriptor; -1: it is a record */
    char *text;         /* owned: of a record; NULL: it is an image */
    size_t length;      /* of the text */
    struct error fault; /* with a code: it cannot be read */
};

struct tar_pairs {
    struct tar_input *input; /* owned */
    const char *path;        /* borrowed */
    bool ended;
    struct half image, record; /* what was given last */
    struct half held;          /* read, but not given */
    struct error fault;        /* of the pair that was given last */
};

static void free_half(struct half *half)
{
    if (half->name && half->image >= 0)
        close(half->image);
    free(half->name);
    free(half->text);
    *half = (struct half){.image = -1};
}

static struct half move_half(struct half *half)
{
    const struct half moved = *half;
    *half = (struct half){.image = -1};
    return moved;
}

/* A lost child says nothing about the tar. */
static int blame(struct error *error)
{
    if (error->system == ECHILD)
        error->code = ERROR_MEMORY;
    return -1;
}

struct tar_pairs *tar_pairs_open(const char *path, struct image_pool *pool, struct error *error)
{
    const struct tar_input_options options = {.path = path,
                                              .server = image_pool_server(pool),
                                              .most = TAR_PAIRS_IMAGE_MAX,
                                              .memory_bytes = TAR_INPUT_UNPACKING,
                                              .seconds = image_pool_seconds(pool)};
    struct tar_pairs *pairs = memory_new(1, sizeof *pairs, "tar", error);
    if (!pairs)
        return NULL;
    pairs->path = path;
    pairs->image.image = pairs->record.image = pairs->held.image = -1;
    if (tar_input_open(&pairs->input, &options, error) == 0)
        return pairs;
    blame(error);
    memory_free(pairs);
    return NULL;
}

static bool is_record(const char *name)
{
    const size_t stem = path_stem_length(name);
    return strcmp(name + stem, ".json") == 0;
}

/* A file in memory with the member's bytes. -1 with ERROR_MEMORY. */
static int hold_image(const struct tar_member *member, struct error *error)
{
    const uint8_t *bytes = member->bytes;
    int file = memfd_create("maskmill-image", MFD_CLOEXEC);
    size_t done = 0;
    while (file >= 0 && done < member->size) {
        ssize_t written = write(file, bytes + done, member->size - done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            close(file);
            file = -1;
        } else {
            done += (size_t)written;
        }
    }
    return file >= 0 ? file
                     : error_set_system(error, ERROR_MEMORY, errno, "%s: no memory for its bytes",
                                        member->name);
}

/* Takes over the bytes of a member. 0 or -1 (ERROR_MEMORY). */
static int hold_bytes(struct half *half, const struct tar_member *member, bool record,
                      struct error *error)
{
    if (!record)
        return (half->image = hold_image(member, error)) < 0 ? -1 : 0;
    if (member->size > RECORD_FILE_MAX) {
        error_set(&half->fault, ERROR_RECORD, "%s: a record of more than %d bytes", member->name,
                  RECORD_FILE_MAX);
        return 0;
    }
    half->text = malloc(member->size + 1);
    if (!half->text)
        return error_set(error, ERROR_MEMORY, "%s: no memory to read it", member->name);
    memcpy(half->text, member->bytes, member->size);
    half->length = member->size;
    return 0;
}

/* Reads the member that was found. 0, or -1: nothing more can be read. */
static int read_half(struct tar_pairs *pairs, struct tar_member *member, struct half *half,
                     struct error *error)
{
    const bool record = is_record(member->name);
    struct error fault = {0};
    half->name = strdup(member->name);
    if (!half->name)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", member->name);
    if (tar_input_read(pairs->input, member, &fault) == 0)
        return hold_bytes(half, member, record, error);
    if (fault.code != ERROR_IMAGE) {
        *error = fault;
        return blame(error);
    }
    half->fault = fault;
    if (record)
        half->text = strdup("");
    return 0;
}

/* The next image or record. 1; 0 at the end; -1. */
static int next_half(struct tar_pairs *pairs, struct half *half, struct error *error)
{
    struct tar_member member;
    *half = (struct half){.image = -1};
    if (pairs->held.name) {
        *half = move_half(&pairs->held);
        return 1;
    }
    while (!pairs->ended) {
        int found = tar_input_next(pairs->input, &member, error);
        if (found < 0 && error->code == ERROR_IMAGE) /* a name that leads out of the tar */
            continue;
        pairs->ended = found <= 0;
        if (found <= 0)
            return found < 0 ? blame(error) : 0;
        if (member.kind != TAR_FILE || path_is_hidden(member.name) ||
            (!is_record(member.name) && !image_has_extension(member.name)))
            continue;
        if (read_half(pairs, &member, half, error) == 0)
            return 1;
        free_half(half);
        pairs->ended = true;
        return -1;
    }
    return 0;
}

static bool same_stem(const char *a, const char *b)
{
    const size_t stem = path_stem_length(a);
    return stem == path_stem_length(b) && memcmp(a, b, stem) == 0;
}

/* Reads the image's other half, if it comes next. 0 or -1. */
static int find_other(struct tar_pairs *pairs, struct half *one, struct error *error)
{
    struct half other;
    const bool record = is_record(one->name);
    int more = next_half(pairs, &other, error);
    if (more <= 0)
        return more;
    if (same_stem(one->name, other.name) && is_record(other.name) != record)
        *(record ? &pairs->image : &pairs->record) = other;
    else
        pairs->held = other;
    return 0;
}

/* Says what is wrong with the pair. */
static const struct error *find_fault(struct tar_pairs *pairs)
{
    const struct half *image = &pairs->image, *record = &pairs->record;
    pairs->fault = image->fault.code ? image->fault : record->fault;
    if (pairs->fault.code)
        error_prefix(&pairs->fault, "%s", pairs->path);
    else if (!record->text)
        error_set(&pairs->fault, ERROR_RECORD,
                  "%s: %s: its record (.json) does not stand directly beside it", pairs->path,
                  image->name);
    return pairs->fault.code ? &pairs->fault : NULL;
}

int tar_pairs_next(struct tar_pairs *pairs, struct tar_pair *pair, struct error *error)
{
    do {
        struct half one;
        free_half(&pairs->image);
        free_half(&pairs->record);
        int more = next_half(pairs, &one, error);
        if (more <= 0)
            return more;
        *(is_record(one.name) ? &pairs->record : &pairs->image) = one;
        if (find_other(pairs, &one, error))
            return -1;
    } while (!pairs->image.name);
    *pair = (struct tar_pair){.name = pairs->image.name,
                              .image = pairs->image.image,
                              .record = pairs->record.text,
                              .length = pairs->record.length,
                              .fault = find_fault(pairs)};
    return 1;
}

void tar_pairs_close(struct tar_pairs *pairs)
{
    if (!pairs)
        return;
    free_half(&pairs->image);
    free_half(&pairs->record);
    free_half(&pairs->held);
    tar_input_close(pairs->input);
    memory_free(pairs);
}
