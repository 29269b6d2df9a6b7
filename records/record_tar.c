#include "records/record_tar.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "images/image_pool.h"
#include "images/tar_input.h"
#include "records/record.h"
#include "records/record_part.h"
#include "records/tar_pack.h"

#define ENDING ".json"
#define FAILED "." TAR_PACK_ERROR

static bool ends_in(const char *name, const char *ending)
{
    size_t length = strlen(name), size = strlen(ending);
    return length > size && strcmp(name + length - size, ending) == 0;
}

static bool is_record(const struct tar_member *member)
{
    return member->kind == TAR_FILE && ends_in(member->name, ENDING) &&
           !ends_in(member->name, FAILED);
}

/* Gives one member; with `fault` it cannot be used. */
static int give(const struct record_cutter *cutter, const struct tar_member *member,
                const struct error *fault)
{
    struct record_part part = {.error = *fault};
    part.length = fault->code ? 0 : member->size;
    part.text = malloc(part.length + 1);
    if (part.text && part.length)
        memcpy(part.text, member->bytes, part.length);
    if (asprintf(&part.label, "%s: %s", cutter->path, member->name) < 0)
        part.label = NULL;
    return record_part_give_text(cutter, &part, member->name);
}

/* Reads the record that was found, and gives it. */
static int read_one(const struct record_cutter *cutter, struct tar_input *input,
                    struct tar_member *member)
{
    struct error fault = {0};
    if (tar_input_read(input, member, &fault) && fault.code != ERROR_IMAGE) {
        *cutter->error = fault;
        return -1;
    }
    if (fault.code)
        fault.code = ERROR_RECORD;
    return give(cutter, member, &fault);
}

static int read_all(const struct record_cutter *cutter, struct tar_input *input)
{
    struct tar_member member;
    for (;;) {
        int found = tar_input_next(input, &member, cutter->error);
        if (found == 0)
            return 1;
        if (found < 0 && cutter->error->code != ERROR_IMAGE)
            return -1;
        /* A name that leads out of the tar is none that a record has here. */
        int status = found > 0 && is_record(&member) ? read_one(cutter, input, &member) : 0;
        if (status)
            return status;
    }
}

int record_tar_cut(const struct record_cutter *cutter, int file, struct image_pool *pool)
{
    struct tar_input *input;
    const struct tar_input_options options = {
        .path = cutter->path,
        .server = image_pool_server(pool),
        .most = RECORD_FILE_MAX,
        .memory_bytes = TAR_INPUT_UNPACKING,
        .seconds = image_pool_seconds(pool),
    };
    int status = tar_input_open_file(&input, &options, file, cutter->error);
    if (status == 0)
        status = read_all(cutter, input);
    tar_input_close(input);
    if (status < 0 && cutter->error->system == ECHILD)
        cutter->error->code =
            ERROR_MEMORY; /* its reader was lost: that says nothing about the tar */
    return status;
}
