/* Submits the images of a tar, as if it were a folder. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "images/tar_input.h"
#include "jobs/list.h"
#include "jobs/memory_room.h"
#include "jobs/progress.h"
#include "program/run/collection_parts.h"
#include "program/run/input_kind.h"
#include "program/run/item_memory.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"
#include "program/run/sink.h"
#include "program/run/tar_images.h"

/* Retries once the process that reads a tar was killed, also without --retries: another is there. */
enum { AFTER_LOSS = 2 };

static bool is_stopping(void *context)
{
    const struct collection *collection = context;
    return run_stopping(collection->run);
}

static void settle(void *context)
{
    collection_settle(context);
}

/* Bytes that unpacking a tar may take: half of what an image may, since both go on at once, but not
 * less than some tars need. */
static uint64_t unpacking_bytes(const struct run *run)
{
    const uint64_t least = TAR_INPUT_UNPACKING;
    const uint64_t most = 1 << 30; /* libarchive allows no larger dictionary */
    uint64_t share = memory_room_most(run->resources.room) / 2;
    return share < least ? least : share < most ? share : most;
}

/* A tar of the list on its way. */
struct listed_tar {
    struct collection *collection;
    const struct list_item *listed;
    void *tag; /* the sink's */
};

/* The key of a member, as if the tar were a folder of that name. NULL without memory. */
static char *member_key(const struct list_item *listed, const char *name)
{
    char *key;
    if (input_is_stream(listed->path))
        return strdup(name);
    return asprintf(&key, "%.*s/%s", (int)listed->folder, listed->key, name) < 0 ? NULL : key;
}

/* Whether a member of standard input would be written into a folder that is not for records. A tar's own
 * folder stands before other names. */
static bool refuse_reserved(const struct listed_tar *tar, const char *path, const char *name,
                            struct error *fault)
{
    if (tar->tag || !input_is_stream(tar->listed->path) || name[0] != '@')
        return false;
    error_set(fault, ERROR_IMAGE,
              "%s: top-level folders starting with '@' are reserved for formats", path);
    return true;
}

/* Submits a member of a tar, as if the tar were a folder of that name. With `fault` it is unusable.
 */
static int submit_member(const struct listed_tar *tar, const struct tar_images *images,
                         const struct tar_member *member, const struct error *fault,
                         struct error *error)
{
    struct collection *collection = tar->collection;
    const struct list_item *listed = tar->listed;
    char *path = NULL;
    char *key = member_key(listed, member->name);
    int status = 0;
    if (!key || asprintf(&path, "%s:%s", tar_input_called(listed->path), member->name) < 0) {
        path = NULL;
        status = error_set(error, ERROR_MEMORY, "%s: no memory for a name", listed->path);
    } else {
        struct error reserved;
        if (!fault && refuse_reserved(tar, path, member->name, &reserved))
            fault = &reserved;
        struct submission image = {.path = path,
                                   .key = key,
                                   .line = listed->line,
                                   .tar = listed->key,
                                   .bytes = fault ? NULL : member->bytes,
                                   .size = member->size,
                                   .fault = fault,
                                   .shares_record = images->shares_record,
                                   .tag = tar->tag};
        status = collection->sink.admit(collection->sink.context, &image, error);
        if (status > 0 && image.bytes && member->size > collection_waiting_bytes(collection))
            collection_settle(collection); /* a link to a file that was read before */
        if (status > 0)
            status = collection_submit(collection, &image, error);
    }
    free(path);
    free(key);
    return status;
}

/* The tar has been read to its end. If it failed before, that failure is cleared only after its
 * images are in the ledger: a start that is killed before leaves them to the next
 * --retry-failed. */
static int clear_failure(struct collection *collection, const char *key, struct error *error)
{
    struct run *run = collection->run;
    if (!run_folder_has_failed(run, key))
        return 0;
    collection_settle(collection);
    return run_stopping(run) ? 0 : run_folder_clear(run, key, error);
}

/* Nothing follows of the tar; `read`: it was read to its end. */
static int end_tar(const struct listed_tar *tar, bool read, struct error *error)
{
    const struct list_item *listed = tar->listed;
    const struct submission mark = {.path = listed->path,
                                    .key = listed->key,
                                    .tag = tar->tag,
                                    .mark = read ? SINK_TAR_END : SINK_TAR_LEFT};
    if (tar->tag && read && run_folder_has_failed(tar->collection->run, listed->key))
        run_folder_uncount(tar->collection->run); /* the sink clears it */
    if (tar->tag)
        return collection_submit(tar->collection, &mark, error);
    return read ? clear_failure(tar->collection, listed->key, error) : 0;
}

/* Whether a tar's failure says nothing about the tar. */
static bool blames_machine(const struct error *fault)
{
    return fault->code == ERROR_MEMORY ||
           retry_decide(fault->system, RETRY_READING, INT_MAX, 0) == RETRY_STOP_RUN;
}

static bool wants_member(void *context, const char *name)
{
    const struct listed_tar *tar = context;
    if (tar->tag) /* each has its place in the output */
        return true;
    char *key = member_key(tar->listed, name);
    if (!key)
        return true; /* submit_member says so */
    bool wants = run_folder_wants(tar->collection->run, key, tar->listed->key);
    free(key);
    return wants;
}

/* Counts what a tar had. Says so if that was nothing: `read` is whether it was read to its end. */
static void count_tar(struct run *run, const struct tar_images *images, bool read)
{
    char passed[PASSED_TEXT_SIZE];
    passed_over_text(&images->passed, passed);
    run->outcome.taken += images->taken + !read; /* a damaged tar fails as one image */
    passed_over_sum(&run->outcome.passed_in_tars, &images->passed);
    progress_pass(run->resources.progress, &images->passed);
    if (read && images->taken == 0)
        progress_log(run->resources.progress, PROGRESS_WARNING, "%s: no image in it%s%s",
                     tar_input_called(images->options.input.path), *passed ? "; " : "", passed);
}

/* Submits the images of a tar that is open. Returns 0 at its end, 1 if the run is stopping or, with *fault, if
 * it cannot be read any further, or -1. */
static int submit_images(const struct listed_tar *tar, struct tar_images *images,
                         struct error *fault, struct error *error)
{
    struct tar_member member;
    int found = 1;
    while (found > 0 && !run_stopping(tar->collection->run)) {
        found = tar_images_next(images, &member, fault);
        if (found > 0 && submit_member(tar, images, &member, fault->code ? fault : NULL, error))
            return -1;
    }
    if (found > 0)
        *fault = (struct error){0}; /* of the last image */
    return found == 0 ? 0 : 1;
}

/* The tar cannot be read to its end: it fails as one image, unless the machine is to blame. */
static int submit_fault(const struct listed_tar *tar, const struct error *fault,
                        struct error *error)
{
    const struct list_item *listed = tar->listed;
    const struct submission damaged = {.path = listed->path,
                                       .key = listed->key,
                                       .line = listed->line,
                                       .fault = fault,
                                       .tag = tar->tag};
    /* A stream that breaks off is no image's fault, and nobody will find it mended. */
    if (!blames_machine(fault) && !input_is_stream(listed->path))
        return collection_submit(tar->collection, &damaged, error);
    *error = *fault;
    return -1;
}

/* Takes what follows the end of a tar on standard input, zeros: else whoever sends it would be ended by them. */
static void read_on(void)
{
    char bytes[1 << 14];
    ssize_t got;
    do
        got = read(STDIN_FILENO, bytes, sizeof bytes);
    while (got > 0 || (got < 0 && errno == EINTR));
}

/* Opens the tar and submits what is in it. */
static int submit_tar(const struct listed_tar *tar, const struct tar_images_options *options,
                      struct error *error)
{
    struct tar_images images;
    struct error fault = {0};
    struct error other;
    int status =
        tar_images_open(&images, options, &fault) ? 1 : submit_images(tar, &images, &fault, error);
    bool read = status == 0;
    count_tar(tar->collection->run, &images, read);
    if (status > 0)
        status = fault.code && fault.code != ERROR_STOPPED ? submit_fault(tar, &fault, error) : 0;
    if (read && input_is_stream(tar->listed->path))
        read_on();
    if (end_tar(tar, read, status ? &other : error))
        status = -1;
    tar_images_close(&images);
    return status;
}

int collection_submit_tar(struct collection *collection, const struct list_item *listed,
                          struct error *error)
{
    struct run *run = collection->run;
    struct listed_tar tar = {.collection = collection, .listed = listed};
    const struct sink *sink = &collection->sink;
    const int retries = run->config.settings->retries;
    int begun = sink->begin ? sink->begin(sink->context, listed, &tar.tag, error) : 1;
    if (begun <= 0)
        return begun;
    const struct tar_images_options options = {
        .input = {.path = listed->path,
                  .file = listed->copy,
                  .server = run->resources.decoder.server,
                  .most = item_memory_encoded(run),
                  .large = collection_waiting_bytes(collection),
                  .make_room = settle,
                  .marked = input_is_stream(listed->path),
                  .stopping = is_stopping,
                  .context = collection,
                  .memory_bytes = unpacking_bytes(run),
                  .seconds = run->config.settings->image_timeout},
        .rules = &run->config.rules,
        .folds = tar.tag ? 0 : run->config.name_folds, /* in a tar, names are what they are */
        .progress = run->resources.progress,
        .retries = retries > AFTER_LOSS ? retries : AFTER_LOSS,
        .wants = wants_member,
        .context = &tar,
    };
    return submit_tar(&tar, &options, error);
}
