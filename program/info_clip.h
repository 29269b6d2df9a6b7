/* info_clip.h - what `maskmill info` reports about a CLIP. */
#ifndef PROGRAM_INFO_CLIP_H
#define PROGRAM_INFO_CLIP_H

#include <stdbool.h>

struct error;

/* Whether the file or folder at `path` is a CLIP. False, too, if it cannot be read. */
bool info_clip_is(const char *path);

/* Loads the CLIP, so that every tensor is checked, and prints what it is to standard output: lines, or a JSON
 * object with the keys of docs/models.md. Returns 0, or -1 with the error of clip_load, or ERROR_IO. */
int info_clip_print(const char *path, bool json, struct error *error);

#endif
