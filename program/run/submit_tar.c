/* Submits the images of a tar, as if it were a folder. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "images/tar_input.h"
#include "jobs/list.h"
#include "jobs/memory_room.h"
#include "jobs/progress.h"
#include "program/run/collection_parts.h"
#include "program/run/item_memory.h"
#include "program/run/run.h"
#include "program/run/run_clean.h"
#include "program/run/run_folder.h"
#include "program/run/tar_images.h"

/* Retries once the process that reads a tar was killed, also without --retries: another is there. */
enum { AFTER_LOSS = 2 };

static void settle(void *context)
{
    collection_settle(context);
}

/* Bytes that unpacking a tar may take: half of what an image may, since both go on at once, but what
 * the strongest ordinary setting takes (xz -9: 65 MiB; zstd --long: 128 MiB). */
static uint64_t unpacking_bytes(const struct run *run)
{
    const uint64_t least = 160 << 20;
    const uint64_t most = 1 << 30; /* libarchive allows no larger dictionary */
    uint64_t share = memory_room_most(run->resources.room) / 2;
    return share < least ? least : share < most ? share : most;
}

/* Submits a member of a tar, as if the tar were a folder of that name. With `fault` it is unusable.
 */
static int submit_member(struct collection *collection, const struct list_item *listed,
                         const struct tar_member *member, const struct error *fault,
                         struct error *error)
{
    char *path = NULL;
    char *key = NULL;
    int status = 0;
    if (asprintf(&path, "%s:%s", listed->path, member->name) < 0 ||
        asprintf(&key, "%.*s/%s", (int)listed->folder, listed->key, member->name) < 0) {
        status = error_set(error, ERROR_MEMORY, "%s: no memory for a name", listed->path);
    } else if (run_folder_wants(collection->run, key, listed->key)) {
        const struct submission image = {.path = path,
                                         .key = key,
                                         .line = listed->line,
                                         .tar = listed->key,
                                         .bytes = fault ? NULL : member->bytes,
                                         .size = member->size,
                                         .fault = fault};
        if (!fault && member->size > collection_waiting_bytes(collection))
            collection_settle(collection); /* a link to a file that was read before */
        status = !fault && run_clean_image(collection->run->resources.clean, key, error)
                     ? -1
                     : collection_submit(collection, &image, error);
    }
    free(path);
    free(key);
    return status;
}

/* The tar has been read to its end. If it failed before, that failure is cleared only after its
 * images are in the ledger: a start that is killed before leaves them to the next
 * --retry-failed. */
static int end_tar(struct collection *collection, const char *key, struct error *error)
{
    struct run *run = collection->run;
    if (!run_folder_has_failed(run, key))
        return 0;
    collection_settle(collection);
    return run_stopping(run) ? 0 : run_folder_clear(run, key, error);
}

/* Whether a tar's failure says nothing about the tar. */
static bool blames_machine(const struct error *fault)
{
    return fault->code == ERROR_MEMORY ||
           retry_decide(fault->system, RETRY_READING, INT_MAX, 0) == RETRY_STOP_RUN;
}

/* A tar of the list, as the context of wants_member. */
struct listed_tar {
    struct run *run;
    const struct list_item *listed;
};

static bool wants_member(void *context, const char *name)
{
    const struct listed_tar *tar = context;
    char *key;
    if (asprintf(&key, "%.*s/%s", (int)tar->listed->folder, tar->listed->key, name) < 0)
        return true; /* submit_member says so */
    bool wants = run_folder_wants(tar->run, key, tar->listed->key);
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
                     images->options.input.path, *passed ? "; " : "", passed);
}

int collection_submit_tar(struct collection *collection, const struct list_item *listed,
                          struct error *error)
{
    struct tar_images images;
    struct tar_member member;
    struct error fault = {0};
    struct run *run = collection->run;
    const struct tar_images_options options = {
        .input = {.path = listed->path,
                  .server = run->resources.decoder.server,
                  .most = item_memory_encoded(run),
                  .large = collection_waiting_bytes(collection),
                  .make_room = settle,
                  .context = collection,
                  .memory_bytes = unpacking_bytes(run),
                  .seconds = run->config.settings->image_timeout},
        .rules = &run->config.rules,
        .folds = run->config.name_folds,
        .progress = run->resources.progress,
        .retries =
            run->config.settings->retries > AFTER_LOSS ? run->config.settings->retries : AFTER_LOSS,
        .wants = wants_member,
        .context = &(struct listed_tar){run, listed},
    };
    int found = tar_images_open(&images, &options, &fault) ? -1 : 1;
    int status = 0;
    while (status == 0 && found > 0 && !run_stopping(run)) {
        found = tar_images_next(&images, &member, &fault);
        if (found > 0)
            status = submit_member(collection, listed, &member, fault.code ? &fault : NULL, error);
    }
    count_tar(run, &images, found == 0);
    const struct submission damaged = {
        .path = listed->path, .key = listed->key, .line = listed->line, .fault = &fault};
    if (status == 0 && found < 0 && blames_machine(&fault)) {
        *error = fault;
        status = -1;
    } else if (status == 0 && found < 0)
        status = collection_submit(collection, &damaged, error);
    else if (status == 0 && found == 0)
        status = end_tar(collection, listed->key, error);
    tar_images_close(&images);
    return status;
}
