/* filter_plan.h - from the options that are given, and those that the records were made with, to what
 * is done with each record. */
#ifndef PROGRAM_FILTER_FILTER_PLAN_H
#define PROGRAM_FILTER_FILTER_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "pipeline/options.h"

struct error;
struct filter_source;
struct runfile_list;
struct settings;

enum { FILTER_OPTIONS_MAX = 16, FILTER_NOTE = 512 };

/* A member of annotations that a filter works with. */
struct filter_need {
    unsigned member; /* RECORD_NO_... bit, for its absence */
    const char *key; /* of the option, with underscores */
};

struct filter_plan {
    struct generator_options options;        /* what is not applied is off, as refilter.h has it */
    bool box_nms, crop_nms;                  /* apply them */
    bool tiles;                              /* crop_box names a tile */
    bool crops_known, crops;                 /* whether the run searched crops */
    unsigned fields;                         /* of the records that are written (record.h) */
    const char *applied[FILTER_OPTIONS_MAX]; /* keys of the options that have something to do */
    size_t applied_count;
    struct filter_need needs[FILTER_OPTIONS_MAX];
    size_t need_count;
    /* One line each, or "". Given values that let through what the records' own filters have taken away:
     * it cannot come back, so they have nothing to do. */
    char looser[FILTER_NOTE];
    /* The records have been through filters which a run applies after the given ones, so it may give
     * other masks. */
    char order[FILTER_NOTE];
};

/* Makes the plan. `records` is what messages call the records. A value that the records were made with
 * has nothing to do. Returns 0, or -1 with ERROR_USAGE: options contradict each other, or --fields names
 * an unknown one. */
int filter_plan(struct filter_plan *plan, const struct settings *given,
                const struct filter_source *source, const char *records, struct error *error);

/* Lists the options that the filtered records are made with: the source's own fields, changed by those
 * that are applied. `fields` is zeroed, and freed by runfile_free in either case. 0 or -1
 * (ERROR_MEMORY). */
int filter_plan_fields(const struct filter_plan *plan, const struct settings *given,
                       const struct filter_source *source, struct runfile_list *fields,
                       struct error *error);

#endif
