#include "base/plain_text.h"
#include "jobs/ledger_status.h"

#include <math.h>
#include <time.h>

#include "jobs/items.h"
#include "jobs/ndjson.h"
#include "jobs/progress.h"

static void duration_or_dash(double seconds, char text[32])
{
    if (seconds < 0)
        snprintf(text, 32, "-");
    else
        progress_duration(seconds, text);
}

static void count_or_dash(uint64_t count, char text[32])
{
    if (count == ITEMS_UNKNOWN)
        snprintf(text, 32, "-");
    else
        snprintf(text, 32, "%llu", (unsigned long long)count);
}

static const char *state_of(const struct ledger_shard_status *shard)
{
    if (shard->running)
        return "running";
    return shard->reason[0] ? shard->reason : "ended";
}

static void print_shard(const struct ledger_run_status *status,
                        const struct ledger_shard_status *shard, FILE *out)
{
    char name[32];
    char items[32];
    char left[32];
    char silent[32];
    snprintf(name, sizeof name, "%u/%u", shard->index, status->shards_expected);
    count_or_dash(shard->left, items);
    duration_or_dash(shard->left ? shard->time_left : 0, left);
    duration_or_dash((double)time(NULL) - shard->last_time, silent);
    plain_line(out, "%-13s %10llu %8llu %10s %9.2f %10s  %s on %s, last line %s ago", name,
               (unsigned long long)shard->done, (unsigned long long)shard->failed, items,
               shard->rate, left, state_of(shard), shard->host[0] ? shard->host : "?", silent);
}

void ledger_status_print(const struct ledger_run_status *status, FILE *out)
{
    char items[32];
    char left[32];
    char rate[32];
    char passed[PASSED_TEXT_SIZE];
    snprintf(rate, sizeof rate, "%s/s", status->words->items);
    fprintf(out, "%-13s %10s %8s %10s %9s %10s\n", "shard", "done", "failed", "left", rate,
            "time left");
    for (size_t i = 0; i < status->shard_count; i++)
        print_shard(status, &status->shards[i], out);
    count_or_dash(status->left, items);
    duration_or_dash(status->left ? status->time_left : 0, left);
    fprintf(out, "%-13s %10llu %8llu %10s %9.2f %10s\n", "all", (unsigned long long)status->done,
            (unsigned long long)status->failed, items, status->rate, left);
    if (status->shard_count < status->shards_expected)
        fprintf(out, "%zu of %u shards have not started; their %s are not counted\n",
                status->shards_expected - status->shard_count, status->shards_expected,
                status->words->items);
    passed_over_text(&status->passed, passed);
    if (passed[0])
        fprintf(out, "%s\n", passed);
    if (status->bad_lines)
        fprintf(out, "%llu torn lines in the ledgers; their %s are done again\n",
                (unsigned long long)status->bad_lines, status->words->items);
}

static void json_count(struct ndjson *line, const char *name, uint64_t count)
{
    if (count == ITEMS_UNKNOWN)
        ndjson_real(line, name, (double)NAN, 0);
    else
        ndjson_integer(line, name, count);
}

/* The members of both the shards and the whole run. */
static void json_numbers(struct ndjson *line, const char *items_word, uint64_t items, uint64_t done,
                         uint64_t failed, uint64_t left)
{
    json_count(line, items_word, items);
    ndjson_integer(line, "done", done);
    ndjson_integer(line, "failed", failed);
    json_count(line, "left", left);
}

static void json_rate(struct ndjson *line, const char *items_word, double rate, double time_left)
{
    char name[64];
    snprintf(name, sizeof name, "%s_per_second", items_word);
    ndjson_real(line, name, rate, 4);
    ndjson_real(line, "seconds_left", time_left < 0 ? (double)NAN : time_left, 0);
}

static void json_shard(struct ndjson *line, const struct ledger_run_status *status,
                       const struct ledger_shard_status *shard)
{
    char name[32];
    snprintf(name, sizeof name, "%u/%u", shard->index, status->shards_expected);
    ndjson_object(line);
    ndjson_string(line, "shard", name);
    json_numbers(line, status->words->items, shard->items, shard->done, shard->failed, shard->left);
    json_rate(line, status->words->items, shard->rate, shard->time_left);
    ndjson_string(line, "state", state_of(shard));
    ndjson_string(line, "host", shard->host);
    ndjson_integer(line, "pid", shard->pid);
    ndjson_real(line, "last_time", shard->last_time, 3);
    ndjson_close(line);
}

void ledger_status_print_json(const struct ledger_run_status *status, FILE *out)
{
    struct ndjson line = {0};
    ndjson_begin(&line);
    json_numbers(&line, status->words->items, status->items, status->done, status->failed,
                 status->left);
    json_rate(&line, status->words->items, status->rate, status->time_left);
    ndjson_integer(&line, "shards_expected", status->shards_expected);
    ndjson_integer(&line, "bad_lines", status->bad_lines);
    passed_over_members(&status->passed, &line);
    ndjson_array(&line, "shards");
    for (size_t i = 0; i < status->shard_count; i++)
        json_shard(&line, status, &status->shards[i]);
    ndjson_close_array(&line);
    if (ndjson_end(&line) == 0)
        fwrite(line.text.bytes, 1, line.text.used, out);
    ndjson_free(&line);
}
