/* pickle_machine.h - the stack, the memo and the values of a pickle that is being read. Internal to
 * pickle.c, which maps opcodes to these operations. */
#ifndef MODEL_CHECKPOINT_PICKLE_MACHINE_H
#define MODEL_CHECKPOINT_PICKLE_MACHINE_H

#include <stddef.h>

#include "model/checkpoint/pickle.h"

/* A growing array of pointers to values. */
struct value_list {
    struct pickle_value **values;
    size_t count, capacity;
};

/* The result, which outlives the reading. */
struct pickle {
    struct pickle_value **chunks; /* of MACHINE_CHUNK values each: values never move */
    size_t chunk_count, chunk_capacity;
    size_t value_count;
    const struct pickle_value *root;
    size_t size;
};

enum { MACHINE_CHUNK = 1024 };

struct machine {
    struct pickle *pickle;
    const struct pickle_function *functions;
    const unsigned char *bytes; /* the next one */
    const unsigned char *end;
    struct value_list stack;
    struct value_list memo; /* NULL in places without a value */
    struct error *error;    /* filled by every function that returns -1 or NULL */
};

/* Reports that the pickle is damaged. Returns -1. */
int machine_damaged(struct machine *machine, const char *what);

/* The next `count` bytes of the pickle; NULL if it ends before. */
const unsigned char *machine_take(struct machine *machine, uint64_t count);

/* The next `width` bytes (0..8) as a little-endian number. */
int machine_take_number(struct machine *machine, int width, uint64_t *number);

/* A new value of that kind, zeroed, not on the stack. */
struct pickle_value *machine_new(struct machine *machine, enum pickle_kind kind);

/* Pushes a value. Returns -1 if it is NULL because its creation failed. */
int machine_push(struct machine *machine, struct pickle_value *value);

/* Pops the top value. An empty stack or a mark on top is an error. */
struct pickle_value *machine_pop(struct machine *machine);

/* The top value, which stays on the stack. */
struct pickle_value *machine_top(struct machine *machine);

/* Pops everything down to the topmost mark, and the mark. */
int machine_pop_mark(struct machine *machine);

/* Replaces the topmost mark and the values above it by a new container of these values. */
int machine_build_marked(struct machine *machine, enum pickle_kind kind);

/* Replaces the top `count` values by a tuple of them. */
int machine_build_tuple(struct machine *machine, size_t count);

/* Moves the top `count` values into the container of that kind below them. */
int machine_extend(struct machine *machine, size_t count, enum pickle_kind kind);

/* Moves the values above the topmost mark into the container of that kind below the mark. */
int machine_extend_marked(struct machine *machine, enum pickle_kind kind);

/* Stores the top value in the memo. */
int machine_memorise(struct machine *machine, size_t place);

/* Pushes a value from the memo. */
int machine_recall(struct machine *machine, size_t place);

#endif
