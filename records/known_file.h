/* known_file.h - one file with the known masks of many images: NDJSON, a COCO document, or a list of COCO
 * results; for known_index.h. */
#ifndef RECORDS_KNOWN_FILE_H
#define RECORDS_KNOWN_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct error;
struct folder;
struct record_coco;

struct known_file {
    char *name;               /* owned: below its folder */
    struct stat mark;         /* when it was noted */
    struct record_coco *coco; /* owned; NULL: NDJSON, or one record */
};

/* What is known of one image. */
struct known_part {
    const char *image; /* borrowed: its name; NULL: it has only a number */
    int64_t number;
    uint64_t at, bytes; /* offset in NDJSON, index in COCO; size of the text */
};

/* What is told of each part. */
struct known_visitor {
    int (*visit)(void *context, const struct known_part *part, struct error *error);
    void *context;
};

/* The text of one image, and where it is from, for messages. All owned. */
struct known_text {
    char *bytes; /* [length], terminated */
    size_t length;
    char *label;
};

/* Frees what it owns. A zeroed one is allowed. */
void known_text_free(struct known_text *text);

/* Whether the file's name is that of a tar. */
bool known_file_is_tar(const char *name);

/* Reads through the file `name` and calls `visitor` for every image with annotations. `only`: it was named, so
 * a record of one image counts, too. Returns 1; 0 if it is of one image (then nothing was called); -1 with
 * ERROR_IO, ERROR_RECORD or ERROR_MEMORY; or what the visitor returned. `file` is freed with known_file_free in
 * any case. */
int known_file_note(struct known_file *file, const struct folder *folder, const char *name,
                    bool only, const struct known_visitor *visitor, struct error *error);
void known_file_free(struct known_file *file);

/* Opens it for reading. Returns the descriptor, or -1 with ERROR_IO; it has not changed since it was noted. */
int known_file_open(const struct known_file *file, const struct folder *folder,
                    struct error *error);

/* Reads the text of a part, which is freed with known_text_free. 0, or -1 with ERROR_IO, ERROR_IMAGE (it is too
 * large) or ERROR_MEMORY, and nothing to free. */
int known_file_read(const struct known_file *file, const struct folder *folder,
                    const struct known_part *part, struct known_text *text, struct error *error);

#endif
