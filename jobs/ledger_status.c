#include "jobs/ledger_status.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/path.h"
#include "jobs/items.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/passed_over_file.h"

/* Attempts that the rate is measured over. Lines come in bursts, one a second, so not too few. */
enum { RECENT = 1024 };

/* After so many seconds without a line, a shard does not count as running. */
static const double SILENT = 900;

/* What one ledger file says about its shard. */
struct shard_reading {
    struct ledger_index *index; /* of the whole run */
    const struct item_words *words;
    struct error *error;
    struct ledger_shard_status status;
    uint32_t count;        /* n of "i/n" */
    double recent[RECENT]; /* ring of the times of attempts since the last start */
    uint64_t attempts;
};

static void copy_text(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
}

static void visit_event(struct shard_reading *reading, const struct ledger_line *line)
{
    struct ledger_shard_status *status = &reading->status;
    status->running = strcmp(line->event, "start") == 0;
    copy_text(status->reason, sizeof status->reason, line->reason);
    if (!status->running)
        return;
    copy_text(status->host, sizeof status->host, line->host);
    status->pid = line->pid;
    status->items = ledger_line_number(line, reading->words->items, ITEMS_UNKNOWN);
    reading->attempts = 0;
}

static int visit(void *context, const struct ledger_line *line)
{
    struct shard_reading *reading = context;
    reading->status.last_time = line->time;
    if (line->status == LEDGER_EVENT) {
        visit_event(reading, line);
        return 0;
    }
    if (line->status != LEDGER_NONE)
        reading->recent[reading->attempts++ % RECENT] = line->time;
    return ledger_index_add(reading->index, line, reading->error);
}

static void set_rate(struct shard_reading *reading)
{
    uint64_t held = reading->attempts < RECENT ? reading->attempts : RECENT;
    if (held < 2)
        return;
    double first = reading->recent[(reading->attempts - held) % RECENT];
    double last = reading->recent[(reading->attempts - 1) % RECENT];
    if (last > first)
        reading->status.rate = (double)(held - 1) / (last - first);
}

static int read_shard(const struct folder *run, const char *name, struct shard_reading *reading,
                      uint64_t *bad, struct error *error)
{
    struct ledger_reading lines;
    if (sscanf(path_base(name), "ledger-%u-of-%u", &reading->status.index, &reading->count) != 2 ||
        reading->count == 0)
        return error_set(error, ERROR_IO, "'%s' is not the name of a ledger", name);
    if (ledger_read(run, name, visit, reading, &lines, error))
        return -1;
    *bad += lines.bad;
    set_rate(reading);
    return 0;
}

/* Copies the shards of the number of shards used last to `status`. */
static int choose_shards(const struct shard_reading *readings, size_t files,
                         struct ledger_run_status *status, struct error *error)
{
    double last = -1;
    status->shards_expected = 1;
    for (size_t i = 0; i < files; i++)
        if (readings[i].status.last_time > last) {
            last = readings[i].status.last_time;
            status->shards_expected = readings[i].count;
        }
    status->shards = memory_new(files, sizeof *status->shards, "status of shards", error);
    if (!status->shards)
        return -1;
    for (size_t i = 0; i < files; i++)
        if (readings[i].count == status->shards_expected &&
            readings[i].status.index < status->shards_expected)
            status->shards[status->shard_count++] = readings[i].status;
    return 0;
}

/* The items left in a shard. None if its last start came to its end, even if their number is
 * unknown.
 */
static uint64_t count_left(const struct ledger_shard_status *shard)
{
    uint64_t through = shard->done + shard->failed;
    if (shard->items == ITEMS_UNKNOWN)
        return strcmp(shard->reason, "done") == 0 ? 0 : ITEMS_UNKNOWN;
    return shard->items > through ? shard->items - through : 0;
}

static double time_for(const struct ledger_shard_status *shard)
{
    bool known = shard->rate > 0 && shard->left != ITEMS_UNKNOWN;
    return known ? (double)shard->left / shard->rate : -1;
}

/* A sum, unknown if one of the numbers is. */
static uint64_t add(uint64_t a, uint64_t b)
{
    return a == ITEMS_UNKNOWN || b == ITEMS_UNKNOWN ? ITEMS_UNKNOWN : a + b;
}

static void sum_up(struct ledger_run_status *status, const struct ledger_counts *counts, double now)
{
    status->time_left = -1;
    for (size_t i = 0; i < status->shard_count; i++) {
        struct ledger_shard_status *shard = &status->shards[i];
        const struct ledger_counts *mine = &counts[shard->index];
        shard->done = mine->done;
        shard->failed = mine->failed;
        shard->left = count_left(shard);
        shard->time_left = time_for(shard);
        status->items = add(status->items, shard->items);
        status->done += shard->done;
        status->failed += shard->failed;
        status->left = add(status->left, shard->left);
        if (!shard->running || now - shard->last_time > SILENT)
            continue;
        status->rate += shard->rate;
        if (shard->time_left > status->time_left)
            status->time_left = shard->time_left;
    }
    if (status->left == ITEMS_UNKNOWN)
        status->time_left = -1;
}

/* Reads the ledgers of these names, one for each of the readings [files]. */
static int read_shards(const struct folder *run, char **names, size_t files,
                       struct shard_reading *readings, struct ledger_run_status *status,
                       struct error *error)
{
    struct ledger_counts *counts = NULL;
    struct ledger_index *index = ledger_index_new(error);
    int result = index ? 0 : -1;
    for (size_t i = 0; result == 0 && i < files; i++) {
        readings[i].index = index;
        readings[i].words = status->words;
        readings[i].error = error;
        result = read_shard(run, names[i], &readings[i], &status->bad_lines, error);
    }
    if (result == 0)
        result = choose_shards(readings, files, status, error);
    if (result == 0) {
        counts = memory_new(status->shards_expected, sizeof *counts, "counts of shards", error);
        result = counts ? 0 : -1;
    }
    if (result == 0) {
        ledger_index_shards(index, status->shards_expected, counts);
        sum_up(status, counts, (double)time(NULL));
    }
    memory_free(counts);
    ledger_index_free(index);
    return result;
}

int ledger_status_read(const struct folder *run, const struct item_words *words,
                       struct ledger_run_status *status, struct error *error)
{
    char **names;
    size_t files;
    *status = (struct ledger_run_status){.words = words};
    if (ledger_files(run, NULL, &names, &files, error))
        return -1;
    if (files == 0)
        return error_set(error, ERROR_IO, "'%s' holds no run: there is no ledger in %s%s",
                         run->path, run->prefix, LEDGER_FOLDER);
    struct shard_reading *readings = memory_new(files, sizeof *readings, "status of shards", error);
    int result = readings ? read_shards(run, names, files, readings, status, error) : -1;
    if (result == 0)
        result = passed_over_read_run(run, status->shards_expected, &status->passed, error);
    if (result)
        ledger_status_free(status);
    memory_free(readings);
    free(names);
    return result;
}

bool ledger_status_over(const struct ledger_run_status *status)
{
    bool over = true;
    for (size_t i = 0; i < status->shard_count; i++) {
        const struct ledger_shard_status *shard = &status->shards[i];
        over = over && (shard->left == ITEMS_UNKNOWN ? !shard->running : shard->left == 0);
    }
    return over;
}

void ledger_status_free(struct ledger_run_status *status)
{
    memory_free(status->shards);
    *status = (struct ledger_run_status){0};
}
