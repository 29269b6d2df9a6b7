#include "jobs/shard.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/parse.h"

/* A number in the environment: 1 and *number, 0 if it is not set, -1 if it is no number. */
static int environment_number(shard_environment *environment, const char *name, int64_t *number,
                              struct error *error)
{
    const char *text = environment(name);
    if (!text || !text[0])
        return 0;
    if (!parse_integer(text, 0, INT64_MAX, number))
        return error_set(error, ERROR_USAGE, "%s is '%s', expected a whole number", name, text);
    return 1;
}

static int shard_set(int64_t index, int64_t count, const char *origin, struct shard *shard,
                     struct error *error)
{
    if (count < 1 || count > SHARD_MAX)
        return error_set(error, ERROR_USAGE, "%s: %lld shards, expected 1 to %d", origin,
                         (long long)count, SHARD_MAX);
    if (index < 0 || index >= count)
        return error_set(error, ERROR_USAGE, "%s: shard %lld of %lld, expected 0 to %lld", origin,
                         (long long)index, (long long)count, (long long)count - 1);
    shard->index = (uint32_t)index;
    shard->count = (uint32_t)count;
    return 0;
}

/* The shard of a Slurm job array. `forced` > 0 replaces the count. Returns 1 if found, 0 outside of
 * Slurm, or -1. */
static int from_slurm(shard_environment *environment, int64_t forced, struct shard *shard,
                      struct error *error)
{
    int64_t id = 0;
    int64_t first = 0;
    int64_t count = 0;
    int64_t step = 1;
    int found = environment_number(environment, "SLURM_ARRAY_TASK_ID", &id, error);
    if (found <= 0)
        return found;
    if (forced > 0)
        return shard_set(id, forced, "SLURM_ARRAY_TASK_ID", shard, error) ? -1 : 1;
    if (environment_number(environment, "SLURM_ARRAY_TASK_MIN", &first, error) < 0 ||
        environment_number(environment, "SLURM_ARRAY_TASK_COUNT", &count, error) < 0 ||
        environment_number(environment, "SLURM_ARRAY_TASK_STEP", &step, error) < 0)
        return -1;
    if (step < 1 || (id - first) % step != 0)
        return error_set(error, ERROR_USAGE,
                         "SLURM_ARRAY_TASK_ID %lld is not MIN %lld plus a multiple of STEP %lld",
                         (long long)id, (long long)first, (long long)step);
    return shard_set((id - first) / step, count, "SLURM_ARRAY_TASK_COUNT", shard, error) ? -1 : 1;
}

/* As from_slurm, for a pair of variables that hold index and count. */
static int from_pair(shard_environment *environment, const char *index_name, const char *count_name,
                     int64_t forced, struct shard *shard, struct error *error)
{
    int64_t index = 0;
    int64_t count = forced;
    int found = environment_number(environment, index_name, &index, error);
    if (found <= 0)
        return found;
    if (forced == 0) {
        found = environment_number(environment, count_name, &count, error);
        if (found < 0)
            return -1;
        if (found == 0)
            return error_set(error, ERROR_USAGE,
                             "%s is set but %s is not: give the number of shards with "
                             "--shard auto/N",
                             index_name, count_name);
    }
    return shard_set(index, count, index_name, shard, error) ? -1 : 1;
}

static int shard_auto(shard_environment *environment, int64_t forced, struct shard *shard,
                      struct error *error)
{
    int found = from_slurm(environment, forced, shard, error);
    if (found == 0)
        found =
            from_pair(environment, "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", forced, shard, error);
    if (found == 0)
        found = from_pair(environment, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", forced,
                          shard, error);
    if (found == 0)
        return error_set(error, ERROR_USAGE,
                         "--shard auto: none of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX and "
                         "OMPI_COMM_WORLD_RANK is set; give --shard i/n");
    return found < 0 ? -1 : 0;
}

int shard_parse(const char *text, shard_environment *environment, struct shard *shard,
                struct error *error)
{
    char index_text[32];
    int64_t index;
    int64_t count;
    if (strcmp(text, "auto") == 0)
        return shard_auto(environment, 0, shard, error);
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : 0;
    if (length == 0 || length >= sizeof index_text ||
        !parse_integer(slash + 1, 0, INT64_MAX, &count))
        return error_set(error, ERROR_USAGE, "--shard '%s': expected i/n, auto or auto/n", text);
    snprintf(index_text, sizeof index_text, "%.*s", (int)length, text);
    if (strcmp(index_text, "auto") == 0) {
        if (count == 0)
            return error_set(error, ERROR_USAGE, "--shard '%s': n must be at least 1", text);
        return shard_auto(environment, count, shard, error);
    }
    if (!parse_integer(index_text, 0, INT64_MAX, &index))
        return error_set(error, ERROR_USAGE, "--shard '%s': expected i/n, auto or auto/n", text);
    return shard_set(index, count, "--shard", shard, error);
}

bool shard_has(const struct shard *shard, const char *key)
{
    return shard->count == 1 || hash_bytes(key, strlen(key)) % shard->count == shard->index;
}
