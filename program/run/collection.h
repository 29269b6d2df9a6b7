/* collection.h - takes every image of a run through the stages. */
#ifndef PROGRAM_RUN_COLLECTION_H
#define PROGRAM_RUN_COLLECTION_H

struct error;
struct run;

/* Reads, computes and writes every image of the list that is wanted. Returns 0 when the list has
 * been read to its end or the run was asked to stop, -1 on a failure that ends the run. */
int collection_run(struct run *run, struct error *error);

#endif
