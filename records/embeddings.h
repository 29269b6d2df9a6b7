/* embeddings.h - the embeddings of the masks of one image: a file of float16, NAME.npy or NAME.safetensors.
 *
 * Row i belongs to annotation i of the image's record. Rows have length 1, as near as float16 comes to it.
 *
 *   npy          NumPy's format 1.0: dtype '<f2', C order, shape (count, width)
 *   safetensors  one tensor "embeddings", F16 [count, width]; metadata: "format" "maskmill embeddings 1", "kind"
 */
#ifndef RECORDS_EMBEDDINGS_H
#define RECORDS_EMBEDDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct folder;
struct stat;

enum embeddings_format { EMBEDDINGS_NPY, EMBEDDINGS_SAFETENSORS };

/* The folder of the embeddings of a run, beside its records; files have the records' names. */
#define EMBEDDINGS_FOLDER "@embeddings"

#define EMBEDDINGS_FORMATS "npy|safetensors" /* their names, as of an option's choices */

enum {
    EMBEDDINGS_WIDTH_MAX = 65536,
    EMBEDDINGS_KIND_MAX = 32,     /* bytes of a kind, with its end */
    EMBEDDINGS_FILE_MAX = 1 << 30 /* bytes of a file that is read */
};

/* The format of that name, or of a file's name by its ending. False if there is none. */
bool embeddings_format_find(const char *name, enum embeddings_format *format);
bool embeddings_format_of(const char *file_name, enum embeddings_format *format);

/* ".npy" or ".safetensors". */
const char *embeddings_extension(enum embeddings_format format);

/* What is written. All borrowed. */
struct embeddings_rows {
    const float *rows; /* [count][width], rounded to float16 */
    size_t count;      /* may be 0 */
    size_t width;      /* 1..EMBEDDINGS_WIDTH_MAX */
    const char *kind;  /* "crop", "image", "clip": lower-case letters; npy does not say it */
};

/* The file's bytes: *size of them, freed with free(3). NULL with ERROR_MEMORY. */
char *embeddings_bytes(const struct embeddings_rows *rows, enum embeddings_format format,
                       size_t *size, struct error *error);

/* What a file holds. */
struct embeddings {
    char *file; /* owned, of embeddings_read; NULL of embeddings_parse */
    const unsigned char
        *rows; /* [count][width] float16, little-endian, not aligned; within the file */
    size_t count, width;
    char kind[EMBEDDINGS_KIND_MAX]; /* "": the file does not say */
};

/* Finds the rows within the bytes of a file, told apart by content, which must stay as long as *embeddings is
 * used. Input is untrusted; rows may hold any float16. Returns 0 or -1 (ERROR_RECORD). */
int embeddings_parse(struct embeddings *embeddings, const void *bytes, size_t size,
                     struct error *error);

/* As embeddings_parse, from the file `name` below `folder`. Messages begin with the path. Returns 0, or -1 with
 * ERROR_IO and ERROR_MEMORY as well. */
int embeddings_read(struct embeddings *embeddings, const struct folder *folder, const char *name,
                    struct error *error);

/* The name of a record's file below the folder of the records: "@embeddings/NAME.npy", where NAME is the record's,
 * `length` bytes and no ending. Freed with free(3). NULL with ERROR_MEMORY. */
char *embeddings_name(const char *name, size_t length, enum embeddings_format format,
                      struct error *error);

/* Finds the file of the record `name`, of either format: *file is its name as above, *status its facts. Returns 1, 0
 * if there is none (*file is NULL), or -1 (ERROR_MEMORY). */
int embeddings_find(const struct folder *records, const char *name, char **file,
                    struct stat *status, struct error *error);

/* Reads the file that embeddings_find finds. Returns 1, 0 if there is none, or -1 as embeddings_read. */
int embeddings_of_record(struct embeddings *embeddings, const struct folder *records,
                         const char *name, struct error *error);

void embeddings_free(struct embeddings *embeddings);

#endif
