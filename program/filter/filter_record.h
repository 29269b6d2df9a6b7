/* filter_record.h - a plan applied to one record. */
#ifndef PROGRAM_FILTER_FILTER_RECORD_H
#define PROGRAM_FILTER_FILTER_RECORD_H

struct error;
struct filter_plan;
struct record;

/* Filters the masks of a record, whose ids then count from 0. Returns 0, or -1 with ERROR_RECORD (it
 * lacks what a filter works with, or its image's size) or ERROR_MEMORY. */
int filter_record(const struct filter_plan *plan, struct record *record, struct error *error);

#endif
