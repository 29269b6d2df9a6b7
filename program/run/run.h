/* run.h - the state of one `maskmill run`, shared by the files that carry it out: run.c (from the
 * command line to the exit status), run_setup.c (model and workers), run_folder.c (what was there
 * before) and collection.c (images through the stages). */
#ifndef PROGRAM_RUN_RUN_H
#define PROGRAM_RUN_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "images/image.h"
#include "jobs/retry.h"
#include "jobs/shard.h"
#include "program/digest.h"
#include "program/settings.h"

enum { RUN_INPUTS_MAX = 64 }; /* inputs whose file system is watched */

/* Written by the thread that starts the run; the stages only read it, but for what is marked. */
struct run {
    struct settings *settings;
    char *const *inputs; /* of the command line */
    int input_count;

    bool library_started; /* libvips */
    struct sam *sam;
    char model_sha256[DIGEST_TEXT];

    struct shard shard;
    struct lock *lock;
    struct list *list;
    struct ledger_index *before; /* what earlier starts did */
    struct run_clean *clean;     /* what they left over */
    struct ledger *ledger;
    struct atomic_batch *batch;
    struct run_formats *formats;
    struct progress *progress;
    struct stop *stop;
    struct mount_mark mounts[RUN_INPUTS_MAX];
    struct mount_mark output_mount;

    struct image_server *image_server;   /* decodes images in a process apart */
    struct image_worker *image_worker;   /* of the reading thread */
    struct generator **generators;       /* [workers] */
    struct image_worker **strip_workers; /* [workers] with --tile, else NULL */
    int workers;
    int threads; /* of each worker */
    struct image_limits limits;
    uint64_t failures_most; /* UINT64_MAX: no limit */
    double failures_share;  /* 0..1; more than 1: no limit */

    uint64_t failed_before; /* images that failed in earlier starts and are not tried again; without
                               tars that could be read now */

    /* written by the finishing thread */
    uint64_t done, failed;
    bool too_many_failures;

    /* the first failure that ends the run, by whichever thread met it */
    atomic_bool failing;
    struct error fatal; /* valid when failing and no thread runs any more */
};

/* Ends the run because of `error`, which concerns the machine and not one image. Any thread. */
void run_fail(struct run *run, const struct error *error);

/* run_setup.c: loads the model and takes its own defaults over into the settings. 0 or -1. */
int run_load_model(struct run *run, struct error *error);

/* run_setup.c: goes through the list, surveyed, and refuses what these settings cannot read: tars
 * with --tile. Rewinds it. 0 or -1. */
int run_check_inputs(struct run *run, struct error *error);

/* run_setup.c: decides how many workers and threads share the machine for so many images, and makes
 * their scratch. 0 or -1. */
int run_start_workers(struct run *run, uint64_t images, struct error *error);

/* run_setup.c: frees workers and model. */
void run_stop_workers(struct run *run);

/* run_folder.c: the output folder as an earlier start left it. Makes the folder, compares run.json
 * with this configuration (refusing a difference unless --overwrite or --extend), reads which
 * images are done and failed, and begins to remove left-over temporary files. Returns 0 or -1. */
int run_folder_open(struct run *run, struct error *error);

/* Whether this start has to do the image: not done before (checked on the disk) or failed before,
 * as the options say. `tar` is the key of the tar that it lies in, or NULL: where that could not be
 * read to its end, its images that were not reached failed with it. */
bool run_folder_wants(const struct run *run, const char *key, const char *tar);

/* Whether an earlier failure of a tar itself is to be taken back once it has been read to its end
 * and its images are through; and that, by the thread that lists the images: 0 or -1. */
bool run_folder_tar_had_failed(const struct run *run, const char *key);
int run_folder_tar_read(struct run *run, const char *key, struct error *error);

/* OUTDIR/<key without its extension><suffix>; the caller frees it with free(3). NULL with
 * ERROR_MEMORY. */
char *run_folder_path(const struct run *run, const char *key, const char *suffix,
                      struct error *error);

/* collection.c: how many decoded images are held at a time with so many workers. */
uint64_t collection_images(int workers);

/* collection.c: every image of the list that is wanted, through reading, generating and writing.
 * Returns 0 when the list has been gone through or the run was asked to stop, -1 on a failure that
 * ends the run. */
int collection_run(struct run *run, struct error *error);

#endif
