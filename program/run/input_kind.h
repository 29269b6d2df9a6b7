/* input_kind.h - which inputs are tars. Standard input is one.
 *
 * In folders the ending decides what is taken, in upper or lower case. A file that the user names is
 * a tar if its content is, whatever its name, unless it has the ending of an image. Of a file with
 * the ending of a tar, content decides whether it is an image instead. */
#ifndef PROGRAM_RUN_INPUT_KIND_H
#define PROGRAM_RUN_INPUT_KIND_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct image_server;
struct input_kinds;

/* `server` looks into compressed files, and must outlive it; `stream`: the only input is standard input. Freed with
 * input_kinds_free. NULL with ERROR_MEMORY. */
struct input_kinds *input_kinds_new(struct image_server *server, bool stream, struct error *error);
void input_kinds_free(struct input_kinds *kinds);

/* Whether an input is standard input ("-"). The images in it have no folder before their names. */
bool input_is_stream(const char *path);

/* Whether a file of this name is taken in a folder. */
bool input_is_wanted(const char *name);

/* Whether a file is a tar: 1, 0, or -1 with ERROR_IO or ERROR_MEMORY, or with ERROR_USAGE if it is
 * standard input among others. A file whose content decides is
 * looked into once: the answer is kept, in 12 to 24 bytes, so that all walks of the inputs agree.
 * `context` is a struct input_kinds. */
int input_is_tar(void *context, const char *path, const char *key, struct error *error);

/* The same for an object of a store, which has the ending of a tar: 1, or -1 with ERROR_USAGE. */
int input_is_tar_object(void *context, const char *name, const char *key, struct error *error);

/* Of a tar's key, the length of the part that names the folder of its records: without the ending
 * of a tar, or else without its extension; all of it if the rest is no name, as of "...tar". */
size_t input_tar_folder(const char *key);

#endif
