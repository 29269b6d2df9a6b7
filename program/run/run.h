/* run.h - the state of one `maskmill run`: configuration, resources, outcome. `maskmill pipe`
 * (program/pipe) is a run without inputs, folder and ledger. run_main.c goes from the command line to
 * the exit status; run_setup.h loads the model and makes the workers; run_folder.h knows what was done
 * before; collection.h takes the images through the stages. */
#ifndef PROGRAM_RUN_RUN_H
#define PROGRAM_RUN_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "images/image.h"
#include "jobs/name_rules.h"
#include "jobs/passed_over.h"
#include "jobs/retry.h"
#include "jobs/shard.h"
#include "program/decoder.h"
#include "program/digest.h"
#include "program/run/braces.h"
#include "program/settings.h"

enum { RUN_INPUTS_MAX = 64 }; /* inputs whose mounts are watched */

struct folder;

/* What the user asked for and what follows from it. Immutable once the first image has started. */
struct run_config {
    struct settings *settings; /* the command line's */
    char *const *inputs;       /* [input_count], of the command line, without braces */
    int input_count;
    int stream;              /* where a tar on standard output goes; -1: none */
    struct name_rules rules; /* texts of the settings */
    struct shard shard;
    uint64_t failures_most; /* UINT64_MAX: no limit */
    double failures_share;  /* 0..1; more than 1: no limit */
    char model_sha256[DIGEST_TEXT];
    char known_sha256[DIGEST_TEXT]; /* of --known's files of many images; "": there are none */
    char classes_sha256[DIGEST_TEXT],
        clip_sha256[DIGEST_TEXT]; /* of --classes, and of --clip; "": none */
    int workers;
    int threads;                              /* of each worker */
    bool finishes_submitted;                  /* when asked to stop: see run_dropping */
    struct image_options reading;             /* of images */
    struct mount_mark mounts[RUN_INPUTS_MAX]; /* the inputs' file systems */
    struct mount_mark output_mount;
    struct folder *output; /* the output folder; owned, NULL until it is made */
    unsigned name_folds;   /* what the output folder takes for the same name (name_fold.h) */
};

/* What the run works with. All owned; NULL until it is made. */
struct run_resources {
    bool library_started; /* libvips */
    struct progress *progress;
    struct stop *stop;
    struct mm_model *model;
    struct braces names;       /* of the inputs */
    struct input_kinds *kinds; /* of the list's files */
    struct list *list;
    struct lock *lock;
    struct ledger_index *before; /* what earlier starts did */
    struct run_clean *clean;     /* removes the temporary files that they left */
    struct ledger *ledger;
    struct atomic_batch *batch;
    struct run_formats *formats;
    struct spool *spool;       /* with --spool */
    struct known_index *known; /* with --known */
    struct labels *labels;     /* with --classes or --embeddings clip */

    struct memory_room *room;            /* for images; see item_memory.h */
    struct decoder decoder;              /* decodes images in processes apart */
    struct image_worker *image_worker;   /* of the reading thread */
    struct generator **generators;       /* [workers]; NULL while the worker rests */
    struct mask_embedder **embedders;    /* the same with --embeddings but CLIP's, else NULL */
    struct classifier **classifiers;     /* the same if there are labels, else NULL */
    struct image_worker **strip_workers; /* [workers] with --tile, else NULL */
};

/* Images that are done but not quite as expected; see run_notices.h. Counted by any thread. */
struct run_notices {
    atomic_uint_fast64_t dark;           /* nearly black, because 16-bit values are low */
    atomic_uint_fast64_t ends_added;     /* JPEGs without their end marker */
    atomic_uint_fast64_t pages;          /* with further pages or frames, which are not read */
    atomic_uint_fast64_t parts_left_out; /* overlays and files of further formats */
};

/* Counts and failure. */
struct run_outcome {
    /* Images that failed in earlier starts and are not retried, without tars and folders that this
     * start could read. Written by the listing thread. */
    uint64_t failed_before;

    struct run_notices notices;
    atomic_uint_fast64_t
        known; /* images with known masks, whole or damaged; counted by any thread */

    /* Written by the listing thread. */
    uint64_t taken; /* items that are no tars, of all shards, and images in this shard's tars */
    struct passed_over passed_in_inputs, passed_in_tars;

    /* Written by the finishing thread. */
    uint64_t done, failed;
    bool too_many_failures;

    bool began; /* the first image may start: there is something to sum up */

    /* The first failure that ends the run, from any thread. */
    atomic_bool failing;
    struct error fatal; /* valid if failing, after all threads have ended */
};

struct run {
    struct run_config config;
    struct run_resources resources;
    struct run_outcome outcome;
};

/* Ends the run because of `error`, which concerns the machine and not one image. Any thread. */
void run_fail(struct run *run, const struct error *error);

/* After all threads have ended: 0, or -1 with the error that run_fail ended the run with. */
int run_failure(const struct run *run, struct error *error);

/* Whether the run has been asked to stop. Any thread. */
bool run_stopping(const struct run *run);

/* Whether the images that are submitted but not done are dropped. A run that finishes_submitted drops
 * them only after a failure, others whenever they are asked to stop. Any thread. */
bool run_dropping(const struct run *run);

#endif
