#include "jobs/passed_over_file.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/json_load.h"
#include "base/path.h"
#include "jobs/ledger.h"
#include "jobs/ndjson.h"
#include "jobs/passed_over.h"
#include "jobs/shard.h"

enum { NAME_SIZE = 64 + sizeof LEDGER_FOLDER };

/* Such a file has a few lines for each shard. */
enum { FILE_MAX = 1 << 20 };

static int write_file(const struct folder *run, const char *name, const struct passed_over *found,
                      const struct passed_over *in_tars, struct error *error)
{
    struct ndjson line = {0};
    ndjson_begin(&line);
    ndjson_real(&line, "time", clock_wall(), 6);
    passed_over_json(found, &line, "found");
    passed_over_json(in_tars, &line, "in_tars");
    int status = ndjson_end(&line)
                     ? error_set(error, ERROR_MEMORY, "%s: no memory to write it", name)
                     : atomic_write(run, name, line.text.bytes, line.text.used, NULL, error);
    ndjson_free(&line);
    return status;
}

static void write_name(char name[NAME_SIZE], uint32_t index, uint32_t count)
{
    snprintf(name, NAME_SIZE, LEDGER_FOLDER "/passed-over-%u-of-%u.json", index, count);
}

int passed_over_write(const struct folder *run, const struct shard *shard,
                      const struct passed_over *found, const struct passed_over *in_tars,
                      struct error *error)
{
    char name[NAME_SIZE];
    write_name(name, shard->index, shard->count);
    if (passed_over_total(found) + passed_over_total(in_tars) == 0 && !folder_has(run, name))
        return 0;
    return write_file(run, name, found, in_tars, error);
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

/* Adds one shard's file. *latest is the time of the file that *found is from. A file that is
 * damaged counts nothing; one that is refused, or cannot be read, fails. */
static int read_shard(const struct folder *run, const char *name, double *latest,
                      struct passed_over *found, struct passed_over *in_tars, struct error *error)
{
    char *text;
    size_t length;
    if (folder_read(run, name, FILE_MAX, &text, &length, error))
        return error->system == ENOENT ? 0 : -1;
    json_t *file = json_load_bounded(text, length, 0, NULL);
    free(text);
    double time = json_number_value(json_object_get(file, "time"));
    if (file && time > *latest) {
        *latest = time;
        *found = (struct passed_over){0};
        read_counts(file, "found", found);
    }
    read_counts(file, "in_tars", in_tars);
    json_decref(file);
    return 0;
}

/* Whether a name is that of the file of one of `shards` shards, and of which. As with ledgers, "00"
 * and the like would be a second file of a shard. */
static bool is_of_shard(const char *name, uint32_t shards, uint32_t *index)
{
    char written[NAME_SIZE];
    uint32_t count;
    if (sscanf(name, "passed-over-%u-of-%u.json", index, &count) != 2 || count != shards ||
        *index >= count)
        return false;
    write_name(written, *index, count);
    return strcmp(name, path_base(written)) == 0;
}

int passed_over_read_run(const struct folder *run, uint32_t shards, struct passed_over *passed,
                         struct error *error)
{
    struct passed_over found = {0};
    double latest = 0;
    const struct dirent *entry;
    int status = 0;
    *passed = (struct passed_over){0};
    DIR *list = folder_list(run, LEDGER_FOLDER, error);
    if (!list)
        return -1;
    while (status == 0 && (entry = readdir(list))) {
        char name[NAME_SIZE];
        uint32_t index;
        if (!is_of_shard(entry->d_name, shards, &index))
            continue;
        write_name(name, index, shards);
        status = read_shard(run, name, &latest, &found, passed, error);
    }
    closedir(list);
    passed_over_sum(passed, &found);
    return status;
}
