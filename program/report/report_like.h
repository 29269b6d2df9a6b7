/* report_like.h - "masks like this": for each mask of a run that has embeddings, the nearest in its image and in
 * others, as the documents like-R-C. */
#ifndef PROGRAM_REPORT_REPORT_LIKE_H
#define PROGRAM_REPORT_REPORT_LIKE_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct report_output;
struct report_run;

/* The work grows with the square of the masks: so many take some minutes on two cores. */
enum { REPORT_LIKE_MOST = 200000 };

/* Writes the documents of a run whose rows are written. run->like becomes true if there are any. Embeddings that cannot
 * be used are said as refused records are, and their images have no lists. 0 or -1 with ERROR_IO or ERROR_MEMORY. */
int report_like_write(struct report_run *run, struct report_output *output, struct error *error);

#endif
