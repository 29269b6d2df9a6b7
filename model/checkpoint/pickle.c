#include "model/checkpoint/pickle.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/pickle_machine.h"
#include "model/checkpoint/pickle_opcode.h"

static int push_new(struct machine *machine, int kind)
{
    return machine_push(machine, machine_new(machine, (enum pickle_kind)kind));
}

static int push_integer(struct machine *machine, enum pickle_kind kind, int64_t integer)
{
    struct pickle_value *value = machine_new(machine, kind);
    if (value)
        value->integer = integer;
    return machine_push(machine, value);
}

static struct pickle_value *new_text(struct machine *machine, const char *bytes, size_t length)
{
    struct pickle_value *value = machine_new(machine, PICKLE_TEXT);
    if (value) {
        value->text.bytes = bytes;
        value->text.length = length;
    }
    return value;
}

/* A text that follows its length, a number of `width` bytes. */
static int push_text(struct machine *machine, int width)
{
    uint64_t length;
    if (machine_take_number(machine, width, &length))
        return -1;
    const unsigned char *bytes = machine_take(machine, length);
    return bytes ? machine_push(machine, new_text(machine, (const char *)bytes, (size_t)length))
                 : -1;
}

/* A two's complement number of any length. Only one of at most 8 bytes is kept. */
static int push_long(struct machine *machine, int width)
{
    uint64_t length;
    uint64_t number = 0;
    if (machine_take_number(machine, width, &length))
        return -1;
    if (length > 8)
        return machine_take(machine, length) ? push_new(machine, PICKLE_LONG) : -1;
    if (machine_take_number(machine, (int)length, &number))
        return -1;
    if (length > 0 && length < 8 && number >> (8 * length - 1))
        number |= ~UINT64_C(0) << (8 * length);
    return push_integer(machine, PICKLE_INTEGER, (int64_t)number);
}

const struct pickle_function pickle_unlisted = {"", "", false, -1};

static void append_printable(char text[PICKLE_NAME_SIZE], size_t *used,
                             const struct pickle_value *part)
{
    enum { PART_MAX = 90 };
    for (size_t i = 0; i < part->text.length && i < PART_MAX; i++) {
        char byte = part->text.bytes[i];
        text[(*used)++] = (char)(byte >= 0x20 && byte <= 0x7e ? byte : '?');
    }
}

void pickle_unlisted_name(const struct pickle_value *function, char text[PICKLE_NAME_SIZE])
{
    struct pickle_value *const *parts = function->operand->items.values;
    size_t used = 0;
    append_printable(text, &used, parts[0]);
    text[used++] = '.';
    append_printable(text, &used, parts[1]);
    text[used] = '\0';
}

/* A function or class that is not on the caller's list. */
static int push_unlisted(struct machine *machine, const char *module, size_t module_length,
                         const char *name, size_t name_length)
{
    if (machine_push(machine, new_text(machine, module, module_length)) ||
        machine_push(machine, new_text(machine, name, name_length)) ||
        machine_build_tuple(machine, 2))
        return -1;
    struct pickle_value *parts = machine_pop(machine);
    struct pickle_value *value = parts ? machine_new(machine, PICKLE_FUNCTION) : NULL;
    if (value) {
        value->function = &pickle_unlisted;
        value->operand = parts;
    }
    return machine_push(machine, value);
}

/* The function module.name, from the caller's list if it is there. */
static int push_function(struct machine *machine, const char *module, size_t module_length,
                         const char *name, size_t name_length)
{
    for (const struct pickle_function *known = machine->functions; known->module; known++)
        if (strlen(known->module) == module_length && strlen(known->name) == name_length &&
            memcmp(known->module, module, module_length) == 0 &&
            memcmp(known->name, name, name_length) == 0) {
            struct pickle_value *value = machine_new(machine, PICKLE_FUNCTION);
            if (value)
                value->function = known;
            return machine_push(machine, value);
        }
    return push_unlisted(machine, module, module_length, name, name_length);
}

/* The next line of the pickle without its newline. */
static const char *take_line(struct machine *machine, size_t *length)
{
    const unsigned char *line = machine->bytes;
    const unsigned char *newline = memchr(line, '\n', (size_t)(machine->end - line));
    if (!newline) {
        machine_damaged(machine, "a name does not end");
        return NULL;
    }
    *length = (size_t)(newline - line);
    machine->bytes = newline + 1;
    return (const char *)line;
}

static int do_global(struct machine *machine, int unused)
{
    (void)unused;
    size_t module_length, name_length;
    const char *module = take_line(machine, &module_length);
    const char *name = module ? take_line(machine, &name_length) : NULL;
    return name ? push_function(machine, module, module_length, name, name_length) : -1;
}

static int do_stack_global(struct machine *machine, int unused)
{
    (void)unused;
    const struct pickle_value *name = machine_pop(machine);
    const struct pickle_value *module = name ? machine_pop(machine) : NULL;
    if (!module)
        return -1;
    if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
        return machine_damaged(machine, "the name of a function is no text");
    return push_function(machine, module->text.bytes, module->text.length, name->text.bytes,
                         name->text.length);
}

static int refuse_call(struct machine *machine, const struct pickle_value *function)
{
    char name[PICKLE_NAME_SIZE];
    pickle_unlisted_name(function, name);
    return error_set(machine->error, ERROR_MODEL,
                     "refused: its pickle asks for %s, which is neither a part of weights nor "
                     "plain data (if you trust the file, load it in Python and save the "
                     "state_dict alone, or as .safetensors)",
                     name);
}

static bool is_pair(const struct pickle_value *value)
{
    return (value->kind == PICKLE_LIST || value->kind == PICKLE_TUPLE) && value->items.count == 2;
}

/* A dict of the pairs in a list: Python 2 pickles OrderedDict([[key, value], ...]). */
static int push_pairs(struct machine *machine, const struct pickle_value *list)
{
    if (push_new(machine, PICKLE_DICT))
        return -1;
    for (size_t i = 0; i < list->items.count; i++) {
        const struct pickle_value *pair = list->items.values[i];
        if (!is_pair(pair))
            return machine_damaged(machine, "a key lacks its value");
        if (machine_push(machine, pair->items.values[0]) ||
            machine_push(machine, pair->items.values[1]) || machine_extend(machine, 2, PICKLE_DICT))
            return -1;
    }
    return 0;
}

/* What a class of dicts makes of its last argument: a dict, a list of pairs, or something else, such
 * as defaultdict's factory. */
static int push_dict(struct machine *machine, const struct pickle_value *arguments)
{
    size_t count = arguments->items.count;
    struct pickle_value *last = count ? arguments->items.values[count - 1] : NULL;
    if (last && last->kind == PICKLE_DICT)
        return machine_push(machine, last);
    return last && last->kind == PICKLE_LIST ? push_pairs(machine, last)
                                             : push_new(machine, PICKLE_DICT);
}

/* Records a call of a listed function or class. */
static int push_call(struct machine *machine, const struct pickle_value *callee,
                     struct pickle_value *arguments)
{
    if (callee->function->makes_dict)
        return push_dict(machine, arguments);
    struct pickle_value *call = machine_new(machine, PICKLE_CALL);
    if (call) {
        call->function = callee->function;
        call->operand = arguments;
    }
    return machine_push(machine, call);
}

/* Pops the arguments of a call and what is called; NULL if it is no function. */
static struct pickle_value *pop_call(struct machine *machine, struct pickle_value **arguments)
{
    *arguments = machine_pop(machine);
    struct pickle_value *callee = *arguments ? machine_pop(machine) : NULL;
    if (!callee || (callee->kind == PICKLE_FUNCTION && (*arguments)->kind == PICKLE_TUPLE))
        return callee;
    machine_damaged(machine, "it calls a value that is no function");
    return NULL;
}

static int do_reduce(struct machine *machine, int unused)
{
    (void)unused;
    struct pickle_value *arguments;
    const struct pickle_value *callee = pop_call(machine, &arguments);
    if (!callee)
        return -1;
    return callee->function == &pickle_unlisted ? refuse_call(machine, callee)
                                                : push_call(machine, callee, arguments);
}

/* An object as Python makes it before it sets its attributes: nothing of its class runs. */
static int do_new_object(struct machine *machine, int unused)
{
    (void)unused;
    struct pickle_value *arguments;
    struct pickle_value *callee = pop_call(machine, &arguments);
    if (!callee)
        return -1;
    if (callee->function != &pickle_unlisted)
        return push_call(machine, callee, arguments);
    if (machine_push(machine, machine_new(machine, PICKLE_OBJECT)) || machine_push(machine, callee))
        return -1;
    return machine_extend(machine, 1, PICKLE_OBJECT);
}

/* As do_new_object, with arguments that have names. */
static int do_new_object_named(struct machine *machine, int unused)
{
    return machine_pop(machine) ? do_new_object(machine, unused) : -1;
}

/* Legacy files of torch.save name the class of a module so: ('module', class, file, source). */
static struct pickle_value *class_of_module(const struct pickle_value *id)
{
    bool module = id->kind == PICKLE_TUPLE && id->items.count == 4 &&
                  pickle_is_text(id->items.values[0], "module") &&
                  id->items.values[1]->kind == PICKLE_FUNCTION;
    return module ? id->items.values[1] : NULL;
}

static int do_persistent(struct machine *machine, int unused)
{
    (void)unused;
    struct pickle_value *id = machine_pop(machine);
    if (id && class_of_module(id))
        return machine_push(machine, class_of_module(id));
    struct pickle_value *value = id ? machine_new(machine, PICKLE_PERSISTENT) : NULL;
    if (value)
        value->operand = id;
    return machine_push(machine, value);
}

/* Keeps the attributes of an object of an unlisted class. Drops those of an OrderedDict, where torch
 * keeps version numbers, and of what is only passed over, such as a NumPy array. */
static int do_build(struct machine *machine, int unused)
{
    (void)unused;
    struct pickle_value *attributes = machine_pop(machine);
    const struct pickle_value *object = attributes ? machine_top(machine) : NULL;
    if (!object)
        return -1;
    if (object->kind == PICKLE_OBJECT)
        return machine_push(machine, attributes) ? -1 : machine_extend(machine, 1, PICKLE_OBJECT);
    return object->kind == PICKLE_DICT || object->kind == PICKLE_CALL
               ? 0
               : machine_damaged(machine, "it gives attributes to a value that has none");
}

/* Pops one value, or everything down to a mark. A mark on top counts as one value. */
static int do_pop(struct machine *machine, int to_mark)
{
    const struct value_list *stack = &machine->stack;
    if (to_mark || (stack->count > 0 && stack->values[stack->count - 1]->kind == PICKLE_MARK))
        return machine_pop_mark(machine);
    return machine_pop(machine) ? 0 : -1;
}

static int do_duplicate(struct machine *machine, int unused)
{
    (void)unused;
    return machine_push(machine, machine_top(machine));
}

static int do_protocol(struct machine *machine, int width)
{
    uint64_t version;
    if (machine_take_number(machine, width, &version))
        return -1;
    return version <= 5 ? 0 : machine_damaged(machine, "its protocol is newer than 5");
}

/* Skips a frame's length: it only says how much a reader may fetch at once. */
static int do_frame(struct machine *machine, int width)
{
    return machine_take(machine, (uint64_t)width) ? 0 : -1;
}

static int do_bool(struct machine *machine, int value)
{
    return push_integer(machine, PICKLE_BOOL, value);
}

static int do_unsigned(struct machine *machine, int width)
{
    uint64_t number;
    return machine_take_number(machine, width, &number)
               ? -1
               : push_integer(machine, PICKLE_INTEGER, (int64_t)number);
}

static int do_int32(struct machine *machine, int width)
{
    uint64_t number;
    return machine_take_number(machine, width, &number)
               ? -1
               : push_integer(machine, PICKLE_INTEGER, (int32_t)(uint32_t)number);
}

static int do_float(struct machine *machine, int width)
{
    return machine_take(machine, (uint64_t)width) ? push_new(machine, PICKLE_FLOAT) : -1;
}

static int do_recall(struct machine *machine, int width)
{
    uint64_t place;
    return machine_take_number(machine, width, &place) ? -1
                                                       : machine_recall(machine, (size_t)place);
}

/* Width 0 means the next free place. */
static int do_memorise(struct machine *machine, int width)
{
    uint64_t place = machine->memo.count;
    if (width > 0 && machine_take_number(machine, width, &place))
        return -1;
    return machine_memorise(machine, (size_t)place);
}

static int do_tuple(struct machine *machine, int count)
{
    return machine_build_tuple(machine, (size_t)count);
}

static int do_container(struct machine *machine, int kind)
{
    return machine_build_marked(machine, (enum pickle_kind)kind);
}

static int do_append(struct machine *machine, int kind)
{
    return machine_extend(machine, kind == PICKLE_DICT ? 2 : 1, (enum pickle_kind)kind);
}

static int do_append_marked(struct machine *machine, int kind)
{
    return machine_extend_marked(machine, (enum pickle_kind)kind);
}

/* What each opcode does. `operand` is a width in bytes, a kind or a number, as `run` needs. */
static const struct {
    int (*run)(struct machine *machine, int operand);
    int operand;
} actions[256] = {
    [OP_MARK] = {push_new, PICKLE_MARK},
    [OP_NONE] = {push_new, PICKLE_NONE},
    [OP_EMPTY_TUPLE] = {push_new, PICKLE_TUPLE},
    [OP_EMPTY_LIST] = {push_new, PICKLE_LIST},
    [OP_EMPTY_DICT] = {push_new, PICKLE_DICT},
    [OP_POP] = {do_pop, 0},
    [OP_POP_MARK] = {do_pop, 1},
    [OP_DUP] = {do_duplicate, 0},
    [OP_PROTO] = {do_protocol, 1},
    [OP_FRAME] = {do_frame, 8},
    [OP_NEWTRUE] = {do_bool, 1},
    [OP_NEWFALSE] = {do_bool, 0},
    [OP_BININT1] = {do_unsigned, 1},
    [OP_BININT2] = {do_unsigned, 2},
    [OP_BININT] = {do_int32, 4},
    [OP_LONG1] = {push_long, 1},
    [OP_LONG4] = {push_long, 4},
    [OP_BINFLOAT] = {do_float, 8},
    [OP_SHORT_BINBYTES] = {push_text, 1},
    [OP_SHORT_BINSTRING] = {push_text, 1},
    [OP_SHORT_BINUNICODE] = {push_text, 1},
    [OP_BINBYTES] = {push_text, 4},
    [OP_BINSTRING] = {push_text, 4},
    [OP_BINUNICODE] = {push_text, 4},
    [OP_BINBYTES8] = {push_text, 8},
    [OP_BINUNICODE8] = {push_text, 8},
    [OP_TUPLE1] = {do_tuple, 1},
    [OP_TUPLE2] = {do_tuple, 2},
    [OP_TUPLE3] = {do_tuple, 3},
    [OP_TUPLE] = {do_container, PICKLE_TUPLE},
    [OP_LIST] = {do_container, PICKLE_LIST},
    [OP_DICT] = {do_container, PICKLE_DICT},
    [OP_APPEND] = {do_append, PICKLE_LIST},
    [OP_SETITEM] = {do_append, PICKLE_DICT},
    [OP_APPENDS] = {do_append_marked, PICKLE_LIST},
    [OP_SETITEMS] = {do_append_marked, PICKLE_DICT},
    [OP_BINGET] = {do_recall, 1},
    [OP_LONG_BINGET] = {do_recall, 4},
    [OP_BINPUT] = {do_memorise, 1},
    [OP_LONG_BINPUT] = {do_memorise, 4},
    [OP_MEMOIZE] = {do_memorise, 0},
    [OP_GLOBAL] = {do_global, 0},
    [OP_STACK_GLOBAL] = {do_stack_global, 0},
    [OP_EMPTY_SET] = {push_new, PICKLE_SET},
    [OP_ADDITEMS] = {do_append_marked, PICKLE_SET},
    [OP_FROZENSET] = {do_container, PICKLE_SET},
    [OP_BYTEARRAY8] = {push_text, 8},
    [OP_REDUCE] = {do_reduce, 0},
    [OP_NEWOBJ] = {do_new_object, 0},
    [OP_NEWOBJ_EX] = {do_new_object_named, 0},
    [OP_BINPERSID] = {do_persistent, 0},
    [OP_BUILD] = {do_build, 0},
};

static int do_opcode(struct machine *machine, unsigned char opcode)
{
    if (actions[opcode].run)
        return actions[opcode].run(machine, actions[opcode].operand);
    return error_set(machine->error, ERROR_MODEL,
                     "refused: its pickle has opcode 0x%02x, which plain tensors do not need",
                     (unsigned)opcode);
}

static int run(struct machine *machine)
{
    for (;;) {
        const unsigned char *opcode = machine_take(machine, 1);
        if (!opcode)
            return -1;
        if (*opcode == OP_STOP) {
            machine->pickle->root = machine_pop(machine);
            return machine->pickle->root ? 0 : -1;
        }
        if (do_opcode(machine, *opcode))
            return -1;
    }
}

int pickle_read(struct pickle **pickle, const unsigned char *bytes, size_t size,
                const struct pickle_function *functions, struct error *error)
{
    *pickle = calloc(1, sizeof **pickle);
    if (!*pickle)
        return error_set(error, ERROR_MEMORY, "no memory for a pickle");
    struct machine machine = {
        .pickle = *pickle,
        .functions = functions,
        .bytes = bytes,
        .end = bytes + (size < PICKLE_BYTES_MAX ? size : PICKLE_BYTES_MAX),
        .error = error,
    };
    int failed = run(&machine);
    (*pickle)->size = (size_t)(machine.bytes - bytes);
    free(machine.stack.values);
    free(machine.memo.values);
    if (failed) {
        pickle_free(*pickle);
        *pickle = NULL;
    }
    return failed;
}

void pickle_free(struct pickle *pickle)
{
    if (!pickle)
        return;
    for (size_t i = 0; i < pickle->value_count; i++) {
        struct pickle_value *value = &pickle->chunks[i / MACHINE_CHUNK][i % MACHINE_CHUNK];
        if (value->kind == PICKLE_TUPLE || value->kind == PICKLE_LIST ||
            value->kind == PICKLE_SET || value->kind == PICKLE_DICT || value->kind == PICKLE_OBJECT)
            free(value->items.values);
    }
    for (size_t i = 0; i < pickle->chunk_count; i++)
        free(pickle->chunks[i]);
    free(pickle->chunks);
    free(pickle);
}

const struct pickle_value *pickle_root(const struct pickle *pickle)
{
    return pickle->root;
}

size_t pickle_size(const struct pickle *pickle)
{
    return pickle->size;
}

const struct pickle_value *pickle_value_at(const struct pickle *pickle, size_t i)
{
    return i < pickle->value_count ? &pickle->chunks[i / MACHINE_CHUNK][i % MACHINE_CHUNK] : NULL;
}

bool pickle_is_text(const struct pickle_value *value, const char *text)
{
    return value->kind == PICKLE_TEXT && value->text.length == strlen(text) &&
           memcmp(value->text.bytes, text, value->text.length) == 0;
}
