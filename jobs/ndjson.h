/* ndjson.h - writes one JSON object on one line. ledger_read.c reads such lines. */
#ifndef JOBS_NDJSON_H
#define JOBS_NDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_text.h"

/* A line that is being written. All zeros before its first use, reusable, freed with ndjson_free.
 * Members appear in the order of the calls. Their names are ASCII identifiers. */
struct ndjson {
    struct json_text text; /* after ndjson_end: text.used bytes at text.bytes, newline included */
};

/* Starts a new line with an object. */
void ndjson_begin(struct ndjson *line);

/* A string of any bytes. Each byte that is not valid UTF-8 becomes U+FFFD. */
void ndjson_string(struct ndjson *line, const char *name, const char *value);

/* A file name, as ndjson_string. If it is not UTF-8, a second member NAME_hex has all its bytes in
 * hexadecimal. */
void ndjson_name(struct ndjson *line, const char *name, const char *value);

/* The bytes of a name in hexadecimal, or "" if it is UTF-8: a member that is always there, for tables. */
void ndjson_hex(struct ndjson *line, const char *name, const char *value);

void ndjson_integer(struct ndjson *line, const char *name, uint64_t value);

/* With `digits` digits after the point; null if it is not finite. */
void ndjson_real(struct ndjson *line, const char *name, double value, int digits);

/* A number of an array: the fewest digits that read back the same, always with a point. Finite. */
void ndjson_number(struct ndjson *line, double value);

/* An array of objects: ndjson_array, then ndjson_object and ndjson_close for each object, then
 * ndjson_close_array. */
void ndjson_array(struct ndjson *line, const char *name);
void ndjson_object(struct ndjson *line);
void ndjson_close(struct ndjson *line);
void ndjson_close_array(struct ndjson *line);

/* Closes the object and adds a newline. Returns 0, or -1 if memory was short. */
int ndjson_end(struct ndjson *line);

void ndjson_free(struct ndjson *line);

#endif
