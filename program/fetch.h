/* fetch.h - downloads a published checkpoint with curl(1) or wget(1), whichever is installed. */
#ifndef PROGRAM_FETCH_H
#define PROGRAM_FETCH_H

#include "program/digest.h"

struct error;
struct model_zoo_entry;

/* Downloads `entry` to `path`. The file appears there only after its size and SHA-256 have been
 * checked; where no sum is known, after it has been seen to begin as a checkpoint does. An
 * existing file is never replaced. The downloader's progress goes to standard error. `sha256`
 * becomes that of the file. Returns 0 (also if the right file exists already), or -1 with
 * ERROR_IO (no downloader, no network, disk, another file in the way) or ERROR_MODEL (not what
 * was published). */
int fetch_model(const struct model_zoo_entry *entry, const char *path, char sha256[DIGEST_TEXT],
                struct error *error);

#endif
