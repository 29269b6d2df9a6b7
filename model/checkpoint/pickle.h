/* pickle.h - reads a Python pickle as data. Calls that the pickle asks for are recorded, never
 * made: the reader knows no Python, and functions that the caller does not list are refused by
 * name.
 *
 * Protocols 2 to 4 as far as torch.save uses them (Python's Lib/pickletools.py documents each
 * opcode). Values may share parts and may contain themselves; whoever walks them bounds the depth.
 * Memory and time are bounded by the two limits below. */
#ifndef MODEL_CHECKPOINT_PICKLE_H
#define MODEL_CHECKPOINT_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct pickle;

enum {
    PICKLE_VALUES_MAX = 1 << 20, /* the official checkpoints have some 10,000 */
    PICKLE_BYTES_MAX = 1 << 24   /* and take less than 200,000 bytes */
};

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,       /* integer: 0 or 1 */
    PICKLE_INTEGER,    /* integer */
    PICKLE_FLOAT,      /* no content */
    PICKLE_TEXT,       /* text: str or bytes */
    PICKLE_TUPLE,      /* items */
    PICKLE_LIST,       /* items */
    PICKLE_DICT,       /* items: key, value, key, value; a key may occur twice */
    PICKLE_FUNCTION,   /* function: a class or function by name */
    PICKLE_CALL,       /* function, operand: the tuple of arguments */
    PICKLE_PERSISTENT, /* operand: the id of something stored outside the pickle */
    PICKLE_MARK        /* never seen by the caller */
};

/* A function or class that a pickle may name. */
struct pickle_function {
    const char *module, *name;
    bool makes_dict; /* calling it without arguments gives an empty dict: OrderedDict */
    int tag;         /* the caller's own */
};

struct pickle_value {
    enum pickle_kind kind;
    union {
        int64_t integer;
        struct {
            const char *bytes; /* within the pickle, not terminated */
            size_t length;
        } text;
        struct {
            struct pickle_value **values;
            size_t count, capacity;
        } items;
        struct {
            const struct pickle_function *function;
            struct pickle_value *operand;
        };
    };
};

/* Runs one pickle that begins at bytes; `functions` ends with a NULL module. Both must outlive the
 * result. Returns 0, or -1 with ERROR_MODEL (damaged, a function that is not listed, an opcode that
 * would create other objects, too many values) or ERROR_MEMORY, and *pickle NULL. */
int pickle_read(struct pickle **pickle, const unsigned char *bytes, size_t size,
                const struct pickle_function *functions, struct error *error);

void pickle_free(struct pickle *pickle);

/* What the pickle describes; lives as long as the pickle. */
const struct pickle_value *pickle_root(const struct pickle *pickle);

/* Bytes that the pickle took, so that what follows it can be read. */
size_t pickle_size(const struct pickle *pickle);

/* Value i of all that were created, in order, referenced by the root or not; NULL past the end. */
const struct pickle_value *pickle_value_at(const struct pickle *pickle, size_t i);

/* Whether `value` is a text with exactly these bytes. */
bool pickle_is_text(const struct pickle_value *value, const char *text);

#endif
