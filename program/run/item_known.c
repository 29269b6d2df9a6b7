#include "program/run/item_known.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "jobs/progress.h"
#include "program/run/item.h"
#include "program/run/run.h"
#include "records/known_file.h"
#include "records/known_index.h"
#include "records/record_known.h"

/* Whether `path` is the folder, or lies in it. */
static bool lies_in(const char *path, const char *folder)
{
    char *real = realpath(path, NULL), *above = realpath(folder, NULL);
    size_t length = above ? strlen(above) : 0;
    bool within = real && above && strncmp(real, above, length) == 0 &&
                  (real[length] == '\0' || real[length] == '/');
    free(real);
    free(above);
    return within;
}

static int add_file(struct digest *digest, const char *path, const char *name, int fd,
                    struct error *error)
{
    char block[1 << 16];
    ssize_t got;
    digest_add(digest, name, strlen(name) + 1);
    while ((got = read(fd, block, sizeof block)) != 0) {
        if (got > 0)
            digest_add(digest, block, (size_t)got);
        else if (errno != EINTR)
            return error_set_system(error, ERROR_IO, errno, "--known %s: %s cannot be read", path,
                                    name);
    }
    return 0;
}

/* Of the names and bytes of all files of many images. */
static int compute_digest(struct run_config *config, const struct known_index *index,
                          struct error *error)
{
    const char *name;
    int status = 0;
    if (!known_index_file(index, 0))
        return 0;
    struct digest *digest = digest_new();
    for (size_t i = 0; status == 0 && (name = known_index_file(index, i)); i++) {
        int fd = known_index_open_file(index, i, error);
        status = fd < 0 ? -1 : add_file(digest, config->settings->known, name, fd, error);
        if (fd >= 0)
            close(fd);
    }
    digest_finish(digest, config->known_sha256);
    return status;
}

int item_known_open(struct run_config *config, struct run_resources *resources, struct error *error)
{
    const struct settings *settings = config->settings;
    if (!settings->known)
        return 0;
    if (!settings_to_stream(settings) &&
        (lies_in(settings->known, settings->output) || lies_in(settings->output, settings->known)))
        return error_set(error, ERROR_USAGE,
                         "--known %s and the output folder %s lie in one another, so a run would "
                         "take its own records for known ones; choose another -o",
                         settings->known, settings->output);
    resources->known = known_index_open(settings->known, settings->trust_folder, error);
    if (!resources->known) {
        if (error->code == ERROR_RECORD) /* the user's file, not an image's */
            error->code = ERROR_USAGE;
        return error_prefix(error, "--known");
    }
    return compute_digest(config, resources->known, error);
}

int item_known_find(const struct run *run, struct item *item)
{
    item->known = (struct known_place){0};
    return run->resources.known
               ? known_index_find(run->resources.known, item->key, &item->known, &item->error)
               : 0;
}

uint64_t item_known_memory(const struct item *item)
{
    enum { EACH = 6 }; /* its text, a copy of it, and runs of four bytes for one or two of text */
    return item->known.found ? EACH * item->known.bytes : 0;
}

int item_known_read(struct run *run, struct item *item, struct size image,
                    struct record_known *known)
{
    struct known_text text;
    struct error error; /* says something after success, too */
    *known = (struct record_known){0};
    if (!item->known.found)
        return 0;
    atomic_fetch_add(&run->outcome.known, 1);
    if (known_index_read(run->resources.known, item->key, &item->known, &text, &item->error))
        return error_prefix(&item->error, "%s", item->path);
    const struct record_source source = {
        .bytes = text.bytes, .length = text.length, .name = item->key};
    int status = record_known_parse(known, &source, image, &error);
    if (status == 0 && known->box_count && run->config.settings->generator.tile)
        status = error_set(&error, ERROR_IMAGE,
                           "boxes are prompts on the whole image at once; leave out --tile");
    if (status) {
        item->error = error;
        error_prefix(&item->error, "%s: %s", item->path, text.label);
    }
    known_text_free(&text);
    return status;
}

void item_known_finish(const struct run *run)
{
    const struct settings *settings = run->config.settings;
    if (run->resources.known && run->outcome.done > 0 && atomic_load(&run->outcome.known) == 0)
        progress_log(run->resources.progress, PROGRESS_WARNING,
                     "--known %s: it has known masks of none of the images that were done; they go "
                     "by the images' names below INPUT",
                     settings->known);
}
