#include "jobs/shard.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/parse.h"

/* The value of a variable, or NULL if it is not set or empty, or `name` is NULL. */
static const char *variable(shard_environment *environment, const char *name)
{
    const char *text = name ? environment(name) : NULL;
    return text && text[0] ? text : NULL;
}

/* A number in the environment, small enough to be counted from 0: 1 and *number, 0 if it is not set, -1 if it
 * is no number. */
static int environment_number(shard_environment *environment, const char *name, int64_t *number,
                              struct error *error)
{
    const char *text = variable(environment, name);
    if (!text)
        return 0;
    if (!parse_integer(text, 0, INT64_MAX - 1, number))
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

/* A place where a batch system or a launcher tells its processes apart. Names of variables; NULL:
 * there is none. */
struct shard_source {
    const char *index;   /* number of this process */
    const char *count;   /* how many there are */
    const char *first;   /* of the numbers, if the variable says that */
    const char *last;    /* the greatest of them: gives the count where `count` is NULL */
    const char *step;    /* between two numbers; 1 without a variable */
    int64_t base;        /* the least number there can be, and the first without `first` */
    const char *outside; /* value of `index` outside of an array: as if it were not set */
    const char *within;  /* the row counts only if this variable is set, too */
};

/* The first row whose index is set counts. Job arrays come first: in one, each task that starts MPI
 * is one shard. Then come launchers, the inner before the outer: mpiexec within a Slurm or Flux job
 * sets its own variables and leaves in place those of its caller, which count nodes. */
static const struct shard_source sources[] = {
    /* Slurm, sbatch(1), "Output environment variables" */
    {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN", NULL,
     "SLURM_ARRAY_TASK_STEP", 0, NULL, NULL},
    /* Kubernetes, "Jobs", "Completion mode"; a manifest may give JOB_COMPLETIONS */
    {"JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", NULL, NULL, NULL, 0, NULL, NULL},
    /* AWS Batch User Guide, "AWS Batch job environment variables" */
    {"AWS_BATCH_JOB_ARRAY_INDEX", "AWS_BATCH_JOB_ARRAY_SIZE", NULL, NULL, NULL, 0, NULL, NULL},
    /* Google Cloud Batch, REST reference, "TaskGroup", taskEnvironments */
    {"BATCH_TASK_INDEX", "BATCH_TASK_COUNT", NULL, NULL, NULL, 0, NULL, NULL},
    /* PBS Professional and OpenPBS, User's Guide, "Job Arrays" */
    {"PBS_ARRAY_INDEX", NULL, NULL, NULL, NULL, 0, NULL, NULL},
    /* Torque, Administrator Guide, "Multiple job submission" */
    {"PBS_ARRAYID", NULL, NULL, NULL, NULL, 0, NULL, NULL},
    /* Grid Engine, qsub(1), "Environment variables" */
    {"SGE_TASK_ID", NULL, "SGE_TASK_FIRST", "SGE_TASK_LAST", "SGE_TASK_STEPSIZE", 1, "undefined",
     NULL},
    /* LSF, "Environment variables set for job execution" */
    {"LSB_JOBINDEX", NULL, NULL, "LSB_JOBINDEX_END", "LSB_JOBINDEX_STEP", 1, "0", NULL},
    /* Flux, flux-environment(7): jobs of flux submit --cc */
    {"FLUX_JOB_CC", NULL, NULL, NULL, NULL, 0, NULL, NULL},
    /* Open MPI, "Environment variables set for MPI applications" */
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", NULL, NULL, NULL, 0, NULL, NULL},
    /* MPICH, Intel MPI, Cray and others: Flux RFC 13, "Simple Process Manager Interface v1" */
    {"PMI_RANK", "PMI_SIZE", NULL, NULL, NULL, 0, NULL, NULL},
    /* Flux, flux-environment(7): tasks of one job */
    {"FLUX_TASK_RANK", "FLUX_JOB_SIZE", NULL, NULL, NULL, 0, NULL, NULL},
    /* Slurm, srun(1), "Output environment variables". A batch script has SLURM_PROCID 0, too, but
     * runs once for all tasks; SLURM_STEP_NUM_TASKS is in tasks of srun alone. */
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", NULL, NULL, NULL, 0, NULL, "SLURM_STEP_NUM_TASKS"},
    /* PMIx launchers that set none of the above; PMIx has no variable for the number */
    {"PMIX_RANK", NULL, NULL, NULL, NULL, 0, NULL, NULL},
};

enum { SOURCES = sizeof sources / sizeof sources[0] };

static bool source_is_set(shard_environment *environment, const struct shard_source *source)
{
    const char *index = variable(environment, source->index);
    return index && (!source->outside || strcmp(index, source->outside) != 0) &&
           (!source->within || variable(environment, source->within));
}

/* The shard of process `id` as the source's variables tell it. */
static int from_array(shard_environment *environment, const struct shard_source *source, int64_t id,
                      struct shard *shard, struct error *error)
{
    int64_t first = source->base;
    int64_t last = 0;
    int64_t step = 1;
    int64_t count = 0;
    const char *origin = source->count ? source->count : source->last;
    int counted = environment_number(environment, source->count, &count, error);
    int ended = environment_number(environment, source->last, &last, error);
    if (counted < 0 || ended < 0 ||
        environment_number(environment, source->first, &first, error) < 0 ||
        environment_number(environment, source->step, &step, error) < 0)
        return -1;
    if (counted == 0 && ended == 0)
        return error_set(error, ERROR_USAGE,
                         "--shard auto: %s is set, but %s%s: give the number of shards with "
                         "--shard auto/N",
                         source->index, origin ? origin : "no variable says how many there are",
                         origin ? " is not" : "");
    if (step < 1 || id < first || (id - first) % step != 0)
        return error_set(error, ERROR_USAGE,
                         "--shard auto: %s %lld is not %lld, the first, plus a multiple of %lld",
                         source->index, (long long)id, (long long)first, (long long)step);
    if (counted == 0)
        count = last < first ? 0 : (last - first) / step + 1;
    return shard_set((id - first) / step, count, origin, shard, error);
}

/* Lists the variables that were looked for. */
static int nothing_is_set(struct error *error)
{
    error_set(error, ERROR_USAGE, "--shard auto: none of");
    for (size_t i = 0; i < SOURCES; i++)
        error_append(error, "%s %s",
                     i + 1 == SOURCES ? " and"
                     : i              ? ","
                                      : "",
                     sources[i].within ? sources[i].within : sources[i].index);
    return error_append(error, " is set; give --shard i/n");
}

/* `forced` > 0 replaces the count. */
static int shard_auto(shard_environment *environment, int64_t forced, struct shard *shard,
                      struct error *error)
{
    const struct shard_source *source = NULL;
    int64_t id = 0;
    for (size_t i = 0; i < SOURCES && !source; i++)
        if (source_is_set(environment, &sources[i]))
            source = &sources[i];
    if (!source)
        return nothing_is_set(error);
    if (environment_number(environment, source->index, &id, error) < 0)
        return -1;
    if (forced > 0)
        return shard_set(id - source->base, forced, source->index, shard, error);
    return from_array(environment, source, id, shard, error);
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
