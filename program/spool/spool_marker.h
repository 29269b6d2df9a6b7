/* spool_marker.h - OUT/NAME.done.json in a store: put last, it says that NAME.tar and NAME.ndjson are there
 * and complete. docs/formats.md describes it for users. */
#ifndef PROGRAM_SPOOL_SPOOL_MARKER_H
#define PROGRAM_SPOOL_SPOOL_MARKER_H

#include <stddef.h>
#include <stdint.h>

#include "program/digest.h"

struct error;

struct spool_marker {
    uint64_t tar_bytes, ndjson_bytes; /* sizes of the files */
    char tar_sha256[DIGEST_TEXT];
    uint64_t images, failed;         /* in the tar; `failed` of them have failed */
    char configuration[DIGEST_TEXT]; /* of the run that has written it (run_folder_identity) */
};

/* One line of JSON with a newline, freed with free(3); *size is its length. NULL with ERROR_MEMORY. */
char *spool_marker_text(const struct spool_marker *marker, size_t *size, struct error *error);

/* Reads the text of a marker, which somebody else may have written. 0, or -1 with ERROR_RECORD if it is
 * none. */
int spool_marker_parse(struct spool_marker *marker, const char *text, size_t size,
                       struct error *error);

#endif
