/* tensor_table.h - where each tensor of a checkpoint lies in the file's bytes.
 *
 * The readers of the formats fill the table. All places in it have been checked against the file's
 * size; the numbers themselves have not been read. Internal to model/checkpoint. */
#ifndef MODEL_CHECKPOINT_TENSOR_TABLE_H
#define MODEL_CHECKPOINT_TENSOR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/checkpoint/shape.h"

struct error;
struct naming;

/* As stored, little-endian. Only F32, F16, BF16 and F64 can be converted to float32. */
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
    DTYPE_C64,
    DTYPE_C128,
    DTYPE_OTHER /* of unknown size: the tensor can only be listed */
};

const char *dtype_name(enum dtype dtype);

/* Bytes of one number; 0 for DTYPE_OTHER. */
size_t dtype_size(enum dtype dtype);

/* The dtype with that name ("BF16"), else DTYPE_OTHER. */
enum dtype dtype_parse(const char *name);

/* Whether a name fits into a message of one line: 1 to 255 bytes, no control characters. */
bool tensor_name_valid(const char *name, size_t length);

struct tensor {
    char *name; /* owned: the official one */
    char *own;  /* owned: the file's own name, if it is another; or NULL */
    enum dtype dtype;
    struct shape shape;
    struct shape stride;        /* in numbers, of the same rank */
    size_t count;               /* product of the shape's sizes */
    const unsigned char *bytes; /* of the first number; every number lies within the file */
    size_t extent;              /* bytes from the first number to the end of the last */
    bool contiguous;            /* row-major without gaps: extent is count * dtype_size */
    /* The members below belong to checkpoint.c. */
    bool used;
    const float *data; /* as handed out, or NULL */
    float *owned;      /* the converted copy that `data` points to, or NULL */
};

struct metadata {
    char *key, *value; /* owned */
};

enum { TENSOR_WHERE_SIZE = 256 };

struct tensor_table {
    const char *format; /* a constant, as in struct checkpoint_summary */
    /* Of the dictionary that holds the tensors: the keys that lead there, as in struct
     * checkpoint_summary. */
    char inside[TENSOR_WHERE_SIZE];
    char prefix[TENSOR_WHERE_SIZE]; /* dropped from the names of the tensors, or "" */
    const char *wrapper;            /* one that was dropped inside the names, a constant; or NULL */
    const char *naming;             /* that the names were translated from, a constant; or NULL */
    const struct naming *rules;     /* of that naming (tensor_names.c), or NULL */
    struct tensor *tensors;
    size_t tensor_count, tensor_capacity;
    struct metadata *metadata;
    size_t metadata_count, metadata_capacity;
};

/* A tensor as a file describes it. */
struct tensor_entry {
    const char *name; /* [name_length] not terminated */
    size_t name_length;
    enum dtype dtype;
    const struct shape *shape;
    const struct shape *stride; /* NULL: contiguous */
    const unsigned char *bytes; /* its first number */
    size_t available;           /* bytes from there on that may hold its numbers */
};

/* Checks a tensor and appends it; the name is copied. Returns 0, or -1 with ERROR_MODEL (a name
 * that cannot be printed, sizes that overflow or exceed what is available, numbers that share
 * memory) or ERROR_MEMORY. */
int tensor_table_add(struct tensor_table *table, const struct tensor_entry *entry,
                     struct error *error);

/* Appends a copy of the pair. Returns 0, or -1 with ERROR_MEMORY. */
int tensor_table_add_metadata(struct tensor_table *table, const char *key, const char *value,
                              struct error *error);

/* Sorts by name, for tensor_table_find. Of two tensors that the file has under two names of its own for
 * one official name, one stays. Returns 0, or -1 with ERROR_MODEL if there is no tensor, a name occurs
 * twice, or two such tensors differ. */
int tensor_table_sort(struct tensor_table *table, struct error *error);

/* The tensor of that name, or NULL. */
struct tensor *tensor_table_find(const struct tensor_table *table, const char *name);

/* What messages call a tensor: its name in the file. */
const char *tensor_own_name(const struct tensor *tensor);

/* Frees everything the table owns, converted copies included. */
void tensor_table_clear(struct tensor_table *table);

#endif
