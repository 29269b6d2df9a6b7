/* ndjson.h - writes one JSON object on one line. Reading is ledger_read's. */
#ifndef JOBS_NDJSON_H
#define JOBS_NDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_text.h"

/* A line that is being written; zero it before the first use, use it again and again, and free it
 * with ndjson_free. Members appear in the order of the calls; names are ASCII identifiers. */
struct ndjson {
    struct json_text text; /* after ndjson_end: text.used bytes at text.bytes, newline included */
};

void ndjson_begin(struct ndjson *line);

/* Any bytes: what is no part of valid UTF-8 becomes U+FFFD, byte by byte. */
void ndjson_string(struct ndjson *line, const char *name, const char *value);

/* A file name: as ndjson_string, and where it is not UTF-8 a second member NAME_hex with all its
 * bytes in hexadecimal. */
void ndjson_name(struct ndjson *line, const char *name, const char *value);

void ndjson_integer(struct ndjson *line, const char *name, uint64_t value);

/* With `digits` after the point; null where it is not finite. */
void ndjson_real(struct ndjson *line, const char *name, double value, int digits);

void ndjson_boolean(struct ndjson *line, const char *name, bool value);

/* An array of objects: for each ndjson_object and ndjson_close; at the end ndjson_close_array. */
void ndjson_array(struct ndjson *line, const char *name);
void ndjson_object(struct ndjson *line);
void ndjson_close(struct ndjson *line);
void ndjson_close_array(struct ndjson *line);

/* Closes the object and adds a newline. Returns 0, or -1 when memory was short. */
int ndjson_end(struct ndjson *line);

void ndjson_free(struct ndjson *line);

#endif
