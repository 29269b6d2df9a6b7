/* pickle.h - reads a Python pickle as data.
 *
 * Calls in the pickle are recorded, never made: there is no Python here, and a call of a function
 * that the caller does not list is an error. Objects of classes that are not listed are data like
 * any other: their class and what they hold. Protocols 2 to 5 are read as far as torch.save uses them
 * (Python's Lib/pickletools.py documents each opcode). Values may share parts and may contain
 * themselves, so callers that walk them must limit the depth. The two limits below bound memory and
 * time. */
#ifndef MODEL_CHECKPOINT_PICKLE_H
#define MODEL_CHECKPOINT_PICKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct pickle;

enum {
    PICKLE_VALUES_MAX = 1 << 20, /* official checkpoints have about 10,000 */
    PICKLE_BYTES_MAX = 1 << 24   /* official checkpoints need less than 200,000 */
};

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_BOOL,       /* integer: 0 or 1 */
    PICKLE_INTEGER,    /* integer */
    PICKLE_LONG,       /* an integer of more than 64 bits; it is not kept */
    PICKLE_FLOAT,      /* the number is not kept */
    PICKLE_TEXT,       /* text: str, bytes or bytearray */
    PICKLE_TUPLE,      /* items */
    PICKLE_LIST,       /* items */
    PICKLE_SET,        /* items; also a frozenset */
    PICKLE_DICT,       /* items: key, value, key, value; a key may occur twice */
    PICKLE_FUNCTION,   /* function: a function or class by name; not listed: pickle_unlisted, with
                          the tuple (module, name) as operand */
    PICKLE_CALL,       /* function, operand: the tuple of arguments; attributes are not kept */
    PICKLE_OBJECT,     /* of a class that is not listed; items: the class, then its attributes as
                          they were set; a subclass of dict or list with items is one of these */
    PICKLE_PERSISTENT, /* operand: the id of something stored outside the pickle */
    PICKLE_MARK        /* internal; callers never see it */
};

/* A function or class that a pickle may name. */
struct pickle_function {
    const char *module, *name;
    bool makes_dict; /* a call gives a dict of its last argument: a dict, a list of pairs, or an
                        empty one without such an argument (OrderedDict) */
    int tag;         /* for the caller */
};

/* What an unlisted function or class is; its tag is -1. */
extern const struct pickle_function pickle_unlisted;

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

/* Reads the pickle at the start of `bytes`. `functions` ends with a NULL module. Both must outlive
 * the result. Returns 0, or -1 with *pickle NULL and ERROR_MODEL (damaged, a function that is not
 * listed is called, an opcode that would create other objects, too many values) or
 * ERROR_MEMORY. */
int pickle_read(struct pickle **pickle, const unsigned char *bytes, size_t size,
                const struct pickle_function *functions, struct error *error);

void pickle_free(struct pickle *pickle);

/* The value that the pickle describes. Valid as long as the pickle. */
const struct pickle_value *pickle_root(const struct pickle *pickle);

/* The pickle's length in bytes: whatever follows it begins there. */
size_t pickle_size(const struct pickle *pickle);

/* Value i of all values in the order of their creation, whether the root refers to them or not;
 * NULL past the end. */
const struct pickle_value *pickle_value_at(const struct pickle *pickle, size_t i);

enum { PICKLE_NAME_SIZE = 200 };

/* "module.name" of an unlisted function or class, with '?' for what cannot be printed. */
void pickle_unlisted_name(const struct pickle_value *function, char text[PICKLE_NAME_SIZE]);

/* Whether `value` is a text with exactly these bytes. */
bool pickle_is_text(const struct pickle_value *value, const char *text);

#endif
