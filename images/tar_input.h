/* tar_input.h - the members of a tar file, streamed one after another. Any layout: SA-1B's own
 * (./sa_1.jpg ./sa_1.json), WebDataset shards, others; compressed files too.
 *
 * The tar is parsed in a child of the decoding server, which can do nothing but that (cage.h). A tar
 * that crashes, stops or exhausts its parser costs itself alone. What the child says of a member is
 * checked here: names, kinds and sizes. */
#ifndef IMAGES_TAR_INPUT_H
#define IMAGES_TAR_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct image_server;
struct tar_input;

/* The least that a tar may take to be unpacked, in bytes: what the strongest ordinary setting takes (xz -9: 65
 * MiB; zstd --long: 128 MiB), and more. */
enum { TAR_INPUT_UNPACKING = 160 << 20 };

struct tar_input_options {
    const char *path;            /* "-": standard input */
    const char *file;            /* to read, if `path` is only its name in messages; else NULL */
    struct image_server *server; /* whose child parses it */
    size_t most;                 /* larger members are refused; bytes */
    uint64_t memory_bytes;       /* that unpacking may take */
    double seconds;              /* of computing without reading on in the file; 0: no limit */
    /* Called before memory is taken for more than `large` bytes of a member; NULL: nothing is. */
    void (*make_room)(void *context);
    size_t large;
    bool marked; /* a tar without the mark of its end is damaged: it is a stream that was cut off */
    /* Asked while the reading waits: true gives it up, with ERROR_STOPPED. NULL: it waits. */
    bool (*stopping)(void *context);
    void *context;
};

enum tar_kind {
    TAR_FILE,
    TAR_LINK, /* hard or symbolic */
    TAR_FOLDER,
    TAR_SPECIAL /* a device, a pipe */
};

/* All is valid until the next call. */
struct tar_member {
    enum tar_kind kind;
    const char *name;   /* of a file or link: relative; no component is empty, "." or ".." */
    const char *target; /* of a link: the name of the member that it leads to; NULL: leads out */
    const void *bytes;  /* of a file, once tar_input_read has read them */
    size_t size;
};

/* What a tar of that path is called in messages. */
const char *tar_input_called(const char *path);

/* Opens a tar. Returns 0, or -1 with ERROR_IO, ERROR_MEMORY, ERROR_UNSUPPORTED (built without
 * libarchive). The strings of `options` are copied.
 *
 * Errors of this and of the functions below have error->system 0 if the tar is to blame, an errno if
 * its file cannot be read, and ECHILD if the process that parses it was killed or could not be had:
 * that says nothing about the tar. */
int tar_input_open(struct tar_input **input, const struct tar_input_options *options,
                   struct error *error);

/* The same, of a file that is open already, from where it stands; options->path is for messages. The
 * caller may close it afterwards. */
int tar_input_open_file(struct tar_input **input, const struct tar_input_options *options, int file,
                        struct error *error);

/* Goes to the next member. Returns 1 with *member filled, 0 at the end, or -1. After ERROR_IMAGE
 * only this member is unusable (its name leads out of the folder, or is too long; kind and name are
 * set) and the next call continues. After ERROR_IO (damaged, truncated) or ERROR_MEMORY nothing more
 * can be read. */
int tar_input_next(struct tar_input *input, struct tar_member *member, struct error *error);

/* Reads the bytes of the file that tar_input_next gave. Returns 0, or -1 as tar_input_next does: with
 * ERROR_IMAGE if it is too large. */
int tar_input_read(struct tar_input *input, struct tar_member *member, struct error *error);

/* NULL is allowed. */
void tar_input_close(struct tar_input *input);

#endif
