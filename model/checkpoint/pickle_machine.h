/* pickle_machine.h - the stack, the memo and the values of a pickle that is being read. Internal to
 * pickle.c, which decides what each opcode does with them. */
#ifndef MODEL_CHECKPOINT_PICKLE_MACHINE_H
#define MODEL_CHECKPOINT_PICKLE_MACHINE_H

#include <stddef.h>

#include "model/checkpoint/pickle.h"

/* A growing array of pointers to values. */
struct value_list {
    struct pickle_value **values;
    size_t count, capacity;
};

/* What stays when the pickle has been read. */
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
    struct value_list memo; /* NULL where nothing was stored */
    struct error *error;    /* functions that return -1 or NULL have filled it */
};

/* Reports damage of the pickle; returns -1. */
int machine_damaged(struct machine *machine, const char *what);

/* The next `count` bytes of the pickle; NULL where it ends before. */
const unsigned char *machine_take(struct machine *machine, uint64_t count);

/* The next `width` bytes (0..8) as a little-endian number. */
int machine_take_number(struct machine *machine, int width, uint64_t *number);

/* A new value of that kind, all zero otherwise, not on the stack. */
struct pickle_value *machine_new(struct machine *machine, enum pickle_kind kind);

/* Puts a value on the stack; a NULL one, whose creation failed, gives -1. */
int machine_push(struct machine *machine, struct pickle_value *value);

/* The value on top, taken off; it is an error if there is none or it is a mark. */
struct pickle_value *machine_pop(struct machine *machine);

/* The value on top, left there. */
struct pickle_value *machine_top(struct machine *machine);

/* Takes off everything down to the topmost mark, the mark too. */
int machine_pop_mark(struct machine *machine);

/* Turns the values above the topmost mark into a new container in the mark's place. */
int machine_build_marked(struct machine *machine, enum pickle_kind kind);

/* Turns the `count` values on top into a tuple. */
int machine_build_tuple(struct machine *machine, size_t count);

/* Adds the `count` values on top to the container of that kind below them. */
int machine_extend(struct machine *machine, size_t count, enum pickle_kind kind);

/* Adds the values above the topmost mark to the container of that kind below the mark. */
int machine_extend_marked(struct machine *machine, enum pickle_kind kind);

/* Stores the value on top in the memo, and pushes a stored one. */
int machine_memorise(struct machine *machine, size_t place);
int machine_recall(struct machine *machine, size_t place);

#endif
