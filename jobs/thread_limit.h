/* thread_limit.h - whether limits (ulimit -u, a cgroup's pids.max) leave room for threads. */
#ifndef JOBS_THREAD_LIMIT_H
#define JOBS_THREAD_LIMIT_H

struct error;

/* Starts `count` threads at once and ends them again. For threads that OpenMP starts later: it ends
 * the process if it cannot. Returns 0, or -1 with ERROR_MEMORY and an errno. */
int thread_limit_check(int count, struct error *error);

#endif
