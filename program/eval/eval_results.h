/* eval_results.h - the results of an evaluation: a line of JSON for each image, append only.
 *
 *   {"maskmill_eval":1,"set":"coco","options":{...},"classes":{...}}       (eval_header.h)
 *   {"image":"000000000139.jpg","clicks":3,...}                            (eval_image.h)
 *   {"image":"000000000285.jpg","failed":"000000000285.jpg: cannot be opened: ..."}
 *
 * Images that failed are tried again by the next start, which says so first, as they may be gone by then:
 * {"image":"000000000285.jpg","again":true}.
 *
 * A name that is not UTF-8 has U+FFFD for each bad byte, and "image_hex" has the bytes. Of several lines
 * for an image the last one counts. Every line is one write(2). A line that a kill or a full disk has
 * torn is cut off by the next start, and its image evaluated again. */
#ifndef PROGRAM_EVAL_EVAL_RESULTS_H
#define PROGRAM_EVAL_EVAL_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct eval_header;
struct eval_image;
struct eval_results;

enum { EVAL_LINE_MAX = 64 << 20 }; /* bytes of a line that is read */

/* Opens or creates the file, and goes on after what is in it; path NULL: a temporary file without a
 * name. One process at a time may have it. Returns NULL with ERROR_USAGE (another evaluation has it, or
 * it is of other options, or no file of results: it is left as it is), ERROR_IO or ERROR_MEMORY. */
struct eval_results *eval_results_open(const char *path, const struct eval_header *header,
                                       struct error *error);

/* Whether the file has an outcome of the image. */
bool eval_results_has(const struct eval_results *results, const char *key);

/* Appends the outcome of an image, or with `failure` why there is none. Returns 0, or -1 with ERROR_IO or
 * ERROR_MEMORY: then nothing was appended. */
int eval_results_add(struct eval_results *results, const char *key,
                     const struct eval_image *outcome, const char *failure, struct error *error);

/* A further descriptor for reading the file (pread: appending moves its position), closed by the caller; or
 * -1 with ERROR_IO. */
int eval_results_reader(const struct eval_results *results, struct error *error);

/* Syncs the file to the disk. 0 or -1 (ERROR_IO). */
int eval_results_sync(const struct eval_results *results, struct error *error);

/* NULL is allowed. */
void eval_results_close(struct eval_results *results);

#endif
