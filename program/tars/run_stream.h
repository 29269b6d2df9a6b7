/* run_stream.h - runs that read a tar from standard input ("-" as INPUT), or write one to standard output
 * ("-o -"). */
#ifndef PROGRAM_TARS_RUN_STREAM_H
#define PROGRAM_TARS_RUN_STREAM_H

struct error;
struct run;
struct run_config;

/* Refuses what cannot go with a stream. 0 or -1 with ERROR_USAGE. */
int run_stream_check(const struct run_config *config, struct error *error);

/* With -o -: takes standard output, so that the tar alone goes there, and whatever else is printed, by libraries
 * too, to standard error. Called before the first child. 0 or -1 with ERROR_IO. */
int run_stream_take(struct run_config *config, struct error *error);

/* Everything from the model to the end of the tar. 0 or -1. */
int run_stream(struct run *run, struct error *error);

#endif
