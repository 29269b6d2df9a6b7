/* tensor_table.h - a checkpoint's table of contents, as the readers of the formats fill it: where each
 * tensor's numbers lie in the file's bytes. Everything in it has been checked against the file's
 * size; nothing of it has been read yet. Internal to the checkpoint readers. */
#ifndef MODEL_CHECKPOINT_TENSOR_TABLE_H
#define MODEL_CHECKPOINT_TENSOR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/checkpoint/shape.h"

struct error;

/* Little-endian, as stored. The others than the first three are known by size only. */
enum dtype {
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_F64,
    DTYPE_I64,
    DTYPE_I32,
    DTYPE_I16,
    DTYPE_I8,
    DTYPE_U8,
    DTYPE_BOOL,
    DTYPE_OTHER /* of unknown size: a tensor that can be listed and nothing more */
};

const char *dtype_name(enum dtype dtype);

/* Bytes of one number, 0 for DTYPE_OTHER. */
size_t dtype_size(enum dtype dtype);

/* The dtype with that name ("BF16"), else DTYPE_OTHER. */
enum dtype dtype_parse(const char *name);

/* Whether a name can stand in a message of one line: no control characters, 1 to 255 bytes. */
bool tensor_name_valid(const char *name, size_t length);

struct tensor {
    char *name; /* owned */
    enum dtype dtype;
    struct shape shape;
    struct shape stride;        /* in numbers, of the same rank */
    size_t count;               /* product of the shape's sizes */
    const unsigned char *bytes; /* of the first number; every number lies within the file */
    size_t extent;              /* bytes from the first number to the end of the last */
    bool contiguous;            /* row-major without gaps: extent is count * dtype_size */
    bool used;                  /* what follows belongs to checkpoint.c */
    const float *data;          /* as handed out, or NULL */
    float *owned;               /* the converted copy behind it, or NULL */
};

struct metadata {
    char *key, *value; /* owned */
};

struct contents {
    const char *format;
    struct tensor *tensors;
    size_t tensor_count, tensor_capacity;
    struct metadata *metadata;
    size_t metadata_count, metadata_capacity;
};

/* Appends a tensor named name[0..length). `bytes[0..available)` is where its numbers must lie, from
 * the first one on; `stride` NULL means contiguous. Returns 0, or -1 with ERROR_MODEL (a name that
 * cannot be printed, sizes that overflow or exceed what is available, numbers that share memory) or
 * ERROR_MEMORY. */
int contents_add(struct contents *contents, const char *name, size_t length, enum dtype dtype,
                 const struct shape *shape, const struct shape *stride, const unsigned char *bytes,
                 size_t available, struct error *error);

/* Appends a pair, both copied. Returns 0, or -1 with ERROR_MEMORY. */
int contents_add_metadata(struct contents *contents, const char *key, const char *value,
                          struct error *error);

/* Sorts by name so that contents_find works. Returns 0, or -1 with ERROR_MODEL if a name occurs
 * twice. */
int contents_sort(struct contents *contents, struct error *error);

/* The tensor of that name, or NULL. */
struct tensor *contents_find(const struct contents *contents, const char *name);

/* Frees what it owns, the tensors' copies included. */
void contents_clear(struct contents *contents);

#endif
