#include "jobs/passed_over_file.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/path.h"
#include "jobs/ledger.h"
#include "jobs/ndjson.h"
#include "jobs/passed_over.h"
#include "jobs/shard.h"

static char *path_of(const char *run, const struct shard *shard, struct error *error)
{
    char *path;
    if (asprintf(&path, "%s/" LEDGER_FOLDER "/passed-over-%u-of-%u.json", run, shard->index,
                 shard->count) >= 0)
        return path;
    error_set(error, ERROR_MEMORY, "no memory for a file's name");
    return NULL;
}

static int write_file(const char *path, const struct passed_over *found,
                      const struct passed_over *in_tars, struct error *error)
{
    struct ndjson line = {0};
    ndjson_begin(&line);
    ndjson_real(&line, "time", clock_wall(), 6);
    passed_over_json(found, &line, "found");
    passed_over_json(in_tars, &line, "in_tars");
    int status = ndjson_end(&line)
                     ? error_set(error, ERROR_MEMORY, "%s: no memory to write it", path)
                     : atomic_write(path, line.text.bytes, line.text.used, NULL, error);
    ndjson_free(&line);
    return status;
}

int passed_over_write(const char *run, const struct shard *shard, const struct passed_over *found,
                      const struct passed_over *in_tars, struct error *error)
{
    char *path = path_of(run, shard, error);
    int status = path ? 0 : -1;
    if (path && (passed_over_total(found) + passed_over_total(in_tars) || access(path, F_OK) == 0))
        status = write_file(path, found, in_tars, error);
    free(path);
    return status;
}

static void read_counts(const json_t *file, const char *name, struct passed_over *passed)
{
    size_t i;
    json_t *element;
    json_array_foreach(json_object_get(file, name), i, element)
    {
        const char *reason = json_string_value(json_object_get(element, "reason"));
        const char *ending = json_string_value(json_object_get(element, "ending"));
        json_int_t count = json_integer_value(json_object_get(element, "count"));
        if (reason && count > 0)
            passed_over_read(passed, reason, ending, (uint64_t)count);
    }
}

/* Adds one shard's file. *latest is the time of the file that *found is from. */
static void read_shard(const char *path, double *latest, struct passed_over *found,
                       struct passed_over *in_tars)
{
    json_t *file = json_load_file(path, 0, NULL);
    double time = json_number_value(json_object_get(file, "time"));
    if (file && time > *latest) {
        *latest = time;
        *found = (struct passed_over){0};
        read_counts(file, "found", found);
    }
    read_counts(file, "in_tars", in_tars);
    json_decref(file);
}

int passed_over_read_run(const char *run, uint32_t shards, struct passed_over *passed,
                         struct error *error)
{
    struct passed_over found = {0};
    double latest = 0;
    char *folder = path_join(run, LEDGER_FOLDER, error);
    DIR *directory = folder ? opendir(folder) : NULL;
    const struct dirent *entry;
    int status = folder ? 0 : -1;
    *passed = (struct passed_over){0};
    if (folder && !directory)
        status = error_set_system(error, ERROR_IO, errno, "cannot read folder '%s'", folder);
    while (directory && status == 0 && (entry = readdir(directory))) {
        unsigned index;
        unsigned count;
        int end = 0;
        sscanf(entry->d_name, "passed-over-%u-of-%u.json%n", &index, &count, &end);
        if (end == 0 || entry->d_name[end] || count != shards || index >= count)
            continue;
        char *path = path_join(folder, entry->d_name, error);
        if (path)
            read_shard(path, &latest, &found, passed);
        else
            status = -1;
        free(path);
    }
    if (directory)
        closedir(directory);
    free(folder);
    passed_over_sum(passed, &found);
    return status;
}
