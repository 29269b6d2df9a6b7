/* Shards: read from text and from the variables of batch systems, and the shard of a name. */
#include "jobs/shard.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "unit.h"

enum { VARIABLES = 16 };

static const char *names[VARIABLES];
static const char *values[VARIABLES];

static const char *environment(const char *name)
{
    for (size_t i = 0; i < VARIABLES && names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return values[i];
    return NULL;
}

/* Sets these variables and no others: "NAME=VALUE NAME=VALUE ...". Split in place in `copy`. */
static void set_variables(const char *text)
{
    static char copy[1024];
    size_t count = 0;
    memset(names, 0, sizeof names);
    ck_assert_uint_lt(strlen(text), sizeof copy);
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
        char *equals = strchr(word, '=');
        ck_assert_ptr_nonnull(equals);
        ck_assert_uint_lt(count, VARIABLES);
        *equals = '\0';
        names[count] = word;
        values[count++] = equals + 1;
    }
}

static void expect_shard(const char *text, uint32_t index, uint32_t count)
{
    struct error error = {0};
    struct shard shard;
    ck_assert_msg(shard_parse(text, environment, &shard, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(shard.index, index);
    ck_assert_uint_eq(shard.count, count);
}

/* `part` of the message: NULL for any. */
static void expect_no_shard(const char *text, const char *part)
{
    struct error error = {0};
    struct shard shard;
    ck_assert_int_eq(shard_parse(text, environment, &shard, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_msg(!part || strstr(error.text, part), "'%s' is not in '%s'", part, error.text);
}

START_TEST(shards_are_read_from_text)
{
    set_variables("");
    expect_shard("0/1", 0, 1);
    expect_shard("7/8", 7, 8);
    const char *wrong[] = {"8/8",  "-1/8",   "1/0",    "1",         "/",
                           "a/b",  "1/8x",   " 1/8",   "1/1000001", "99999999999999999999/2",
                           "auto", "auto/0", "auto/x", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_no_shard(wrong[i], NULL);
}
END_TEST

/* What each batch system sets, what "auto" makes of it, and "auto/100". */
START_TEST(each_source_is_known)
{
    const struct {
        const char *variables;
        uint32_t index, count; /* count 0: "auto" alone is refused */
        uint32_t forced;       /* index of "auto/100" */
    } known[] = {
        {"SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=7 "
         "SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_STEP=2",
         3, 4, 7},
        {"SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_COUNT=8", 7, 8, 7},
        {"SLURM_ARRAY_TASK_ID=7", 0, 0, 7},
        {"JOB_COMPLETION_INDEX=2", 0, 0, 2},
        {"JOB_COMPLETION_INDEX=2 JOB_COMPLETIONS=5", 2, 5, 2},
        {"AWS_BATCH_JOB_ARRAY_INDEX=0 AWS_BATCH_JOB_ARRAY_SIZE=2", 0, 2, 0},
        {"AWS_BATCH_JOB_ARRAY_INDEX=9", 0, 0, 9},
        {"BATCH_TASK_INDEX=63 BATCH_TASK_COUNT=64", 63, 64, 63},
        {"PBS_ARRAY_INDEX=4", 0, 0, 4},
        {"PBS_ARRAYID=4", 0, 0, 4},
        {"SGE_TASK_ID=1 SGE_TASK_FIRST=1 SGE_TASK_LAST=64 SGE_TASK_STEPSIZE=1", 0, 64, 0},
        {"SGE_TASK_ID=64 SGE_TASK_FIRST=1 SGE_TASK_LAST=64 SGE_TASK_STEPSIZE=1", 63, 64, 63},
        {"SGE_TASK_ID=9 SGE_TASK_FIRST=5 SGE_TASK_LAST=12 SGE_TASK_STEPSIZE=4", 1, 2, 8},
        {"LSB_JOBINDEX=1 LSB_JOBINDEX_END=64 LSB_JOBINDEX_STEP=1", 0, 64, 0},
        {"LSB_JOBINDEX=7 LSB_JOBINDEX_END=10 LSB_JOBINDEX_STEP=3", 2, 4, 6},
        {"LSB_JOBINDEX=7", 0, 0, 6},
        {"FLUX_JOB_CC=5 FLUX_TASK_RANK=0 FLUX_JOB_SIZE=1", 0, 0, 5},
        {"OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=16", 3, 16, 3},
        {"PMI_RANK=3 PMI_SIZE=4", 3, 4, 3},
        {"FLUX_TASK_RANK=3 FLUX_JOB_SIZE=8", 3, 8, 3},
        {"SLURM_PROCID=2 SLURM_NTASKS=8 SLURM_STEP_NUM_TASKS=4", 2, 4, 2},
        {"PMIX_RANK=2", 0, 0, 2},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        set_variables(known[i].variables);
        if (known[i].count)
            expect_shard("auto", known[i].index, known[i].count);
        else
            expect_no_shard("auto", "--shard auto/N");
        expect_shard("auto/100", known[i].forced, 100);
    }
}
END_TEST

/* Where two are set, a job array comes before a launcher, and a launcher before the one that it was
 * started by. */
START_TEST(the_first_source_counts)
{
    set_variables("OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=4 SLURM_PROCID=1 "
                  "SLURM_STEP_NUM_TASKS=2 PMIX_RANK=3");
    expect_shard("auto", 3, 4);
    set_variables("PMI_RANK=3 PMI_SIZE=4 SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2");
    expect_shard("auto", 3, 4);
    set_variables("PMI_RANK=5 PMI_SIZE=6 FLUX_TASK_RANK=0 FLUX_JOB_SIZE=2");
    expect_shard("auto", 5, 6);
    set_variables("PMIX_RANK=1 SLURM_PROCID=1 SLURM_STEP_NUM_TASKS=2");
    expect_shard("auto", 1, 2);
    set_variables("SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=3 SLURM_PROCID=0 "
                  "SLURM_STEP_NUM_TASKS=1 PMI_RANK=0 PMI_SIZE=1");
    expect_shard("auto", 2, 3);
    set_variables("LSB_JOBINDEX=2 LSB_JOBINDEX_END=3 LSB_JOBINDEX_STEP=1 PMI_RANK=0 PMI_SIZE=1");
    expect_shard("auto", 1, 3);
}
END_TEST

/* What a job outside of an array has: were it taken for a shard, a part would be left undone. */
START_TEST(jobs_outside_of_arrays_have_no_shard)
{
    const char *outside[] = {
        "SGE_TASK_ID=undefined SGE_TASK_FIRST=undefined SGE_TASK_LAST=undefined "
        "SGE_TASK_STEPSIZE=undefined",
        "LSB_JOBINDEX=0 LSB_JOBINDEX_END=0 LSB_JOBINDEX_STEP=0",
        "SLURM_JOB_ID=1 SLURM_PROCID=0 SLURM_NTASKS=8 SLURM_NPROCS=8 SLURM_LOCALID=0",
        "SLURM_ARRAY_TASK_ID= PMI_RANK=",
    };
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        set_variables(outside[i]);
        expect_no_shard("auto", "none of SLURM_ARRAY_TASK_ID, ");
        expect_no_shard("auto", " and PMIX_RANK is set");
        expect_no_shard("auto/8", "none of");
    }
    set_variables("SGE_TASK_ID=undefined PMI_RANK=1 PMI_SIZE=2");
    expect_shard("auto", 1, 2);
    set_variables("LSB_JOBINDEX=0 OMPI_COMM_WORLD_RANK=1 OMPI_COMM_WORLD_SIZE=2");
    expect_shard("auto", 1, 2);
}
END_TEST

START_TEST(wrong_variables_are_named)
{
    const char *wrong[][2] = {
        {"OMPI_COMM_WORLD_RANK=three OMPI_COMM_WORLD_SIZE=16", "OMPI_COMM_WORLD_RANK is 'three'"},
        {"OMPI_COMM_WORLD_RANK=3 OMPI_COMM_WORLD_SIZE=many", "OMPI_COMM_WORLD_SIZE is 'many'"},
        {"OMPI_COMM_WORLD_RANK=-1 OMPI_COMM_WORLD_SIZE=16", "OMPI_COMM_WORLD_RANK is '-1'"},
        {"PMI_RANK=4 PMI_SIZE=4", "shard 4 of 4"},
        {"PMI_RANK=4", "PMI_RANK is set, but PMI_SIZE is not"},
        {"PBS_ARRAY_INDEX=4", "PBS_ARRAY_INDEX is set, but no variable says how many there are"},
        {"LSB_JOBINDEX=4", "LSB_JOBINDEX is set, but LSB_JOBINDEX_END is not"},
        {"LSB_JOBINDEX=4 LSB_JOBINDEX_END=3", "shard 3 of 3"},
        {"LSB_JOBINDEX=4 LSB_JOBINDEX_END=8 LSB_JOBINDEX_STEP=0", "multiple of 0"},
        {"SLURM_ARRAY_TASK_ID=6 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_COUNT=4 "
         "SLURM_ARRAY_TASK_STEP=2",
         "SLURM_ARRAY_TASK_ID 6 is not 1"},
        {"SGE_TASK_ID=1 SGE_TASK_FIRST=2 SGE_TASK_LAST=4 SGE_TASK_STEPSIZE=1", "SGE_TASK_ID 1"},
        {"SGE_TASK_ID=2 SGE_TASK_FIRST=2 SGE_TASK_LAST=1 SGE_TASK_STEPSIZE=1", "0 shards"},
        {"JOB_COMPLETION_INDEX=0 JOB_COMPLETIONS=0", "0 shards"},
        {"JOB_COMPLETION_INDEX=0 JOB_COMPLETIONS=1000001", "1000001 shards"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        set_variables(wrong[i][0]);
        expect_no_shard("auto", wrong[i][1]);
    }
    set_variables("PBS_ARRAY_INDEX=64");
    expect_no_shard("auto/64", "shard 64 of 64");
    set_variables("SGE_TASK_ID=0");
    expect_no_shard("auto/64", "shard -1 of 64");
}
END_TEST

START_TEST(the_shard_of_a_name_never_changes)
{
    /* Computed by a script of its own after the formula in hash.h. */
    struct shard shard = {0, 1000};
    const struct {
        const char *key;
        uint32_t index;
    } known[] = {{"a.jpg", 623}, {"photos/2024/IMG_0001.JPG", 532}, {"\xff", 295}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        shard.index = known[i].index;
        ck_assert_msg(shard_has(&shard, known[i].key), "%s", known[i].key);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shard");
    TCase *all = tcase_create("all");
    tcase_add_test(all, shards_are_read_from_text);
    tcase_add_test(all, each_source_is_known);
    tcase_add_test(all, the_first_source_counts);
    tcase_add_test(all, jobs_outside_of_arrays_have_no_shard);
    tcase_add_test(all, wrong_variables_are_named);
    tcase_add_test(all, the_shard_of_a_name_never_changes);
    suite_add_tcase(suite, all);
    return unit_run(suite);
}
