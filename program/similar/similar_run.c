#include "program/similar/similar_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/path.h"
#include "jobs/items.h"
#include "program/command_progress.h"
#include "program/settings.h"
#include "records/embeddings.h"
#include "records/record_walk.h"
#include "search/search_index.h"

enum { CHANGED = 1 };

/* A walk over the records of a run and their files of embeddings. */
struct walk {
    struct similar_run *run;
    uint64_t items;               /* seen so far */
    uint64_t without;             /* records that have no embeddings */
    uint64_t others;              /* files that hold many records, or none that is known here */
    struct search_writer *writer; /* NULL: the walk compares with run->index */
    uint16_t *halves;             /* owned: a copy of a file's rows, aligned */
    size_t room;
};

static struct search_item item_of(const char *name, const struct stat *status)
{
    const int64_t second = 1000000000;
    return (struct search_item){.name = name,
                                .size = (uint64_t)status->st_size,
                                .time = (int64_t)status->st_mtim.tv_sec * second +
                                        status->st_mtim.tv_nsec};
}

/* Whether the index has this item where the walk is. */
static bool is_same(const struct walk *walk, const struct search_item *item)
{
    if (walk->items >= search_index_count(walk->run->index))
        return false;
    const struct search_item own = search_index_item(walk->run->index, walk->items);
    return own.size == item->size && own.time == item->time && strcmp(own.name, item->name) == 0;
}

/* Adds the rows of a file to the index that is written. */
static int add_rows(struct walk *walk, const struct search_item *item,
                    const struct embeddings *embeddings, struct error *error)
{
    const size_t row = embeddings->width * sizeof *walk->halves;
    if (embeddings->count &&
        memory_grow((void **)&walk->halves, &walk->room, embeddings->count * row, 1, error))
        return -1;
    if (embeddings->count)
        memcpy(walk->halves, embeddings->rows, embeddings->count * row);
    const struct search_vectors vectors = {walk->halves, embeddings->count, embeddings->width,
                                           embeddings->kind};
    return search_writer_add(walk->writer, item, &vectors, error);
}

/* Adds a file; one that cannot be used has no rows, and that is said. */
static int add_file(struct walk *walk, const char *file, const struct search_item *item,
                    struct error *error)
{
    struct similar_run *run = walk->run;
    struct embeddings embeddings = {0};
    int status = embeddings_read(&embeddings, run->folder, file, error);
    const size_t rows = status ? 0 : embeddings.count;
    if (status == 0)
        status = add_rows(walk, item, &embeddings, error);
    embeddings_free(&embeddings);
    command_progress_record(run->progress, status != 0, rows);
    if (status == 0 || error->code != ERROR_RECORD)
        return status;
    const struct search_vectors none = {.count = 0};
    command_progress_say(run->progress, "similar", error->text);
    run->refused++;
    return search_writer_add(walk->writer, item, &none, error);
}

static int visit(void *context, const char *file, const char *name, struct error *error)
{
    struct walk *walk = context;
    struct stat status;
    char *embeddings = NULL;
    if (strcmp(file + path_stem_length(file), ".json") != 0) {
        walk->others++;
        return 0;
    }
    int found = embeddings_find(walk->run->folder, name, &embeddings, &status, error);
    if (found <= 0) {
        walk->without += found == 0;
        return found;
    }
    const struct search_item item = item_of(name, &status);
    int result = 0;
    if (walk->writer)
        result = add_file(walk, embeddings, &item, error);
    else if (!is_same(walk, &item))
        result = CHANGED;
    walk->items++;
    free(embeddings);
    return result;
}

/* Refuses a run in which nothing can be searched, and says what is left out. */
static int check(const struct walk *walk, struct error *error)
{
    struct similar_run *run = walk->run;
    struct error left_out;
    if (walk->items == 0)
        return error_set(error, ERROR_USAGE,
                         walk->others
                             ? "%s: its records are not files of their own; embeddings in tars "
                               "and NDJSON are not searched"
                             : "%s: has no embeddings; maskmill run --embeddings KIND makes them",
                         run->folder->path);
    if (walk->without || walk->others) {
        error_set(&left_out, ERROR_NONE,
                  "left out: %" PRIu64 " records without embeddings, %" PRIu64
                  " files of many records",
                  walk->without, walk->others);
        command_progress_say(run->progress, "similar", left_out.text);
    }
    return 0;
}

/* Says again of an item without rows why it has none, but for a file that is empty. */
static int say_refused(struct similar_run *run, const char *name, struct error *error)
{
    struct embeddings embeddings;
    int status = embeddings_of_record(&embeddings, run->folder, name, error);
    if (status == 1 && embeddings.count)
        status = error_set(error, ERROR_RECORD,
                           "%s: its embeddings are not searched: they have another width or kind "
                           "than those of other images, or are not of length 1",
                           name);
    embeddings_free(&embeddings);
    if (status >= 0 || error->code != ERROR_RECORD)
        return status < 0 ? -1 : 0;
    command_progress_say(run->progress, "similar", error->text);
    run->refused++;
    return 0;
}

/* What the search that made the index left out, this one leaves out, too. */
static int say_all_refused(struct similar_run *run, struct error *error)
{
    int status = 0;
    for (uint64_t i = 0; status == 0 && i < search_index_count(run->index); i++) {
        const struct search_item item = search_index_item(run->index, i);
        if (item.rows == 0)
            status = say_refused(run, item.name, error);
    }
    return status;
}

/* Whether the index, which is open, fits the run: 1 or 0; or -1. */
static int fits(struct similar_run *run, struct error *error)
{
    struct walk walk = {.run = run};
    int result = record_walk(run->folder, visit, &walk, error);
    if (result)
        return result < 0 ? -1 : 0;
    if (walk.items != search_index_count(run->index))
        return 0;
    return check(&walk, error) || say_all_refused(run, error) ? -1 : 1;
}

static int build(struct similar_run *run, const struct folder *place, const char *name,
                 struct error *error)
{
    struct search_writer writer = {0};
    struct walk walk = {.run = run, .writer = &writer};
    if (search_writer_begin(&writer, place, name, error)) {
        if (!run->settings->index)
            error_append(error, "; --index FILE puts the index elsewhere");
        return -1;
    }
    command_progress_expect(run->progress, ITEMS_UNKNOWN);
    int result = record_walk(run->folder, visit, &walk, error);
    if (result == 0)
        result = check(&walk, error);
    if (result == 0)
        result = search_writer_commit(&writer, error);
    else
        search_writer_abandon(&writer);
    free(walk.halves);
    return result;
}

/* Opens the index of that name if it is there, whole and fits; else makes it. */
static int open_index(struct similar_run *run, const struct folder *place, const char *name,
                      struct error *error)
{
    run->index = search_index_open(place, name, error);
    if (!run->index && error->code != ERROR_RECORD && error->system != ENOENT)
        return -1;
    int fit = run->index ? fits(run, error) : 0;
    if (fit)
        return fit < 0 ? -1 : 0;
    search_index_close(run->index);
    run->index = NULL;
    /* The name in the run is reserved; --index may be a slip. */
    if (run->settings->index && !search_index_may_replace(place, name))
        return error_set(error, ERROR_USAGE,
                         "--index %s: is there and is no index; name another file",
                         run->settings->index);
    if (build(run, place, name, error))
        return -1;
    run->index = search_index_open(place, name, error);
    return run->index ? 0 : -1;
}

int similar_run_open(struct similar_run *run, const char *path, struct error *error)
{
    const struct settings *settings = run->settings;
    const char *name = SIMILAR_INDEX;
    struct folder *place = NULL;
    run->folder = folder_open(path, settings->trust_folder, error);
    if (!run->folder)
        return -1;
    if (settings->index && !(place = folder_of(settings->index, &name, error)))
        return -1;
    int status = open_index(run, place ? place : run->folder, name, error);
    folder_close(place);
    return status;
}

void similar_run_close(struct similar_run *run)
{
    search_index_close(run->index);
    folder_close(run->folder);
    run->index = NULL;
    run->folder = NULL;
}
