/* label_workers.h - classifiers for several threads at once, as many as the memory has room for. */
#ifndef PROGRAM_LABEL_LABEL_WORKERS_H
#define PROGRAM_LABEL_LABEL_WORKERS_H

struct classifier;
struct error;
struct label_workers;
struct labels;
struct settings;

/* One for each core, or as many as fit into --memory beside what the program has already. `labels` must outlive them.
 * Returns 0, or -1 with ERROR_MEMORY: not even one fits. Freed by label_workers_free; *workers is NULL after a
 * failure. */
int label_workers_new(struct label_workers **workers, const struct labels *labels,
                      const struct settings *settings, struct error *error);

/* NULL is allowed. */
void label_workers_free(struct label_workers *workers);

int label_workers_count(const struct label_workers *workers);

/* Lends one to the calling thread, which waits while all are lent and gives it back. */
struct classifier *label_workers_take(struct label_workers *workers);
void label_workers_give(struct label_workers *workers, struct classifier *classifier);

#endif
