#include "model/pickle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/pickle_machine.h"
#include "model/pickle_opcode.h"

static int push_new(struct machine *machine, enum pickle_kind kind)
{
    return machine_push(machine, machine_new(machine, kind));
}

static int push_integer(struct machine *machine, enum pickle_kind kind, int64_t integer)
{
    struct pickle_value *value = machine_new(machine, kind);
    if (value)
        value->integer = integer;
    return machine_push(machine, value);
}

/* `count` bytes of the pickle; NULL (with the error set) where it ends before. */
static const unsigned char *take(struct machine *machine, uint64_t count)
{
    if (count > (size_t)(machine->end - machine->bytes)) {
        machine_damaged(machine, "it ends in the middle of a value (truncated?)");
        return NULL;
    }
    const unsigned char *bytes = machine->bytes;
    machine->bytes += count;
    return bytes;
}

/* A little-endian unsigned number of `width` bytes. */
static int take_number(struct machine *machine, int width, uint64_t *number)
{
    const unsigned char *bytes = take(machine, (uint64_t)width);
    if (!bytes)
        return -1;
    *number = 0;
    for (int i = width - 1; i >= 0; i--)
        *number = *number << 8 | bytes[i];
    return 0;
}

/* A text after its length of `width` bytes. */
static int push_text(struct machine *machine, int width)
{
    uint64_t length;
    if (take_number(machine, width, &length))
        return -1;
    const unsigned char *bytes = take(machine, length);
    struct pickle_value *value = bytes ? machine_new(machine, PICKLE_TEXT) : NULL;
    if (!value)
        return -1;
    value->text.bytes = (const char *)bytes;
    value->text.length = (size_t)length;
    return machine_push(machine, value);
}

/* A two's complement number of any length, of which 8 bytes are understood. */
static int push_long(struct machine *machine, int width)
{
    uint64_t length;
    uint64_t number = 0;
    if (take_number(machine, width, &length))
        return -1;
    if (length > 8)
        return machine_damaged(machine, "a number has more than 64 bits");
    if (take_number(machine, (int)length, &number))
        return -1;
    if (length > 0 && length < 8 && number >> (8 * length - 1))
        number |= ~UINT64_C(0) << (8 * length);
    return push_integer(machine, PICKLE_INTEGER, (int64_t)number);
}

/* The function module.name, if it is on the caller's list. */
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
    char text[200];
    int length =
        snprintf(text, sizeof text, "%.*s.%.*s", module_length < 90 ? (int)module_length : 90,
                 module, name_length < 90 ? (int)name_length : 90, name);
    for (int i = 0; i < length; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            text[i] = '?';
    return error_set(machine->error, ERROR_MODEL,
                     "refused: its pickle asks for %s, which plain tensors do not need (save the "
                     "state_dict alone, or convert it to .safetensors)",
                     text);
}

/* A line of the pickle without its newline. */
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

static int do_global(struct machine *machine)
{
    size_t module_length, name_length;
    const char *module = take_line(machine, &module_length);
    const char *name = module ? take_line(machine, &name_length) : NULL;
    return name ? push_function(machine, module, module_length, name, name_length) : -1;
}

static int do_stack_global(struct machine *machine)
{
    const struct pickle_value *name = machine_pop(machine);
    const struct pickle_value *module = name ? machine_pop(machine) : NULL;
    if (!module)
        return -1;
    if (name->kind != PICKLE_TEXT || module->kind != PICKLE_TEXT)
        return machine_damaged(machine, "a function's name is no text");
    return push_function(machine, module->text.bytes, module->text.length, name->text.bytes,
                         name->text.length);
}

/* Records the call of a function. */
static int do_reduce(struct machine *machine)
{
    struct pickle_value *arguments = machine_pop(machine);
    const struct pickle_value *callee = arguments ? machine_pop(machine) : NULL;
    if (!callee)
        return -1;
    if (callee->kind != PICKLE_FUNCTION || arguments->kind != PICKLE_TUPLE)
        return machine_damaged(machine, "it calls what is no function");
    if (callee->function->makes_dict && arguments->items.count == 0)
        return push_new(machine, PICKLE_DICT);
    struct pickle_value *call = machine_new(machine, PICKLE_CALL);
    if (call) {
        call->function = callee->function;
        call->operand = arguments;
    }
    return machine_push(machine, call);
}

static int do_persistent(struct machine *machine)
{
    struct pickle_value *id = machine_pop(machine);
    struct pickle_value *value = id ? machine_new(machine, PICKLE_PERSISTENT) : NULL;
    if (value)
        value->operand = id;
    return machine_push(machine, value);
}

/* Attributes of an OrderedDict (torch keeps version numbers there) carry no tensors: dropped. */
static int do_build(struct machine *machine)
{
    if (!machine_pop(machine))
        return -1;
    const struct pickle_value *object = machine_top(machine);
    if (!object)
        return -1;
    return object->kind == PICKLE_DICT
               ? 0
               : machine_damaged(machine, "it gives attributes to what can have none");
}

static int do_pop(struct machine *machine)
{
    struct value_list *stack = &machine->stack;
    if (stack->count > 0 && stack->values[stack->count - 1]->kind == PICKLE_MARK)
        return machine_pop_mark(machine);
    return machine_pop(machine) ? 0 : -1;
}

/* An opcode whose operand is a number of `width` bytes. */
static int do_number(struct machine *machine, int opcode, int width)
{
    uint64_t number;
    if (take_number(machine, width, &number))
        return -1;
    switch (opcode) {
    case OP_BININT:
        return push_integer(machine, PICKLE_INTEGER, (int32_t)(uint32_t)number);
    case OP_BININT1:
    case OP_BININT2:
        return push_integer(machine, PICKLE_INTEGER, (int64_t)number);
    case OP_BINGET:
    case OP_LONG_BINGET:
        return machine_recall(machine, (size_t)number);
    case OP_BINPUT:
    case OP_LONG_BINPUT:
        return machine_memorise(machine, (size_t)number);
    case OP_BINFLOAT:
        return push_new(machine, PICKLE_FLOAT);
    case OP_PROTO:
        return number <= 4 ? 0 : machine_damaged(machine, "its protocol is newer than 4");
    default: /* OP_FRAME: only says how much may be read at once */
        return 0;
    }
}

static int do_container(struct machine *machine, int opcode)
{
    switch (opcode) {
    case OP_EMPTY_TUPLE:
        return push_new(machine, PICKLE_TUPLE);
    case OP_EMPTY_LIST:
        return push_new(machine, PICKLE_LIST);
    case OP_EMPTY_DICT:
        return push_new(machine, PICKLE_DICT);
    case OP_TUPLE:
        return machine_build_marked(machine, PICKLE_TUPLE);
    case OP_LIST:
        return machine_build_marked(machine, PICKLE_LIST);
    case OP_DICT:
        return machine_build_marked(machine, PICKLE_DICT);
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3:
        return machine_build_tuple(machine, (size_t)(opcode - OP_TUPLE1 + 1));
    case OP_APPEND:
        return machine_extend(machine, 1, PICKLE_LIST);
    case OP_APPENDS:
        return machine_extend_marked(machine, PICKLE_LIST);
    case OP_SETITEM:
        return machine_extend(machine, 2, PICKLE_DICT);
    default: /* OP_SETITEMS */
        return machine_extend_marked(machine, PICKLE_DICT);
    }
}

static int do_opcode(struct machine *machine, int opcode)
{
    switch (opcode) {
    case OP_MARK:
        return push_new(machine, PICKLE_MARK);
    case OP_POP:
        return do_pop(machine);
    case OP_POP_MARK:
        return machine_pop_mark(machine);
    case OP_DUP:
        return machine_push(machine, machine_top(machine));
    case OP_NONE:
        return push_new(machine, PICKLE_NONE);
    case OP_NEWTRUE:
    case OP_NEWFALSE:
        return push_integer(machine, PICKLE_BOOL, opcode == OP_NEWTRUE);
    case OP_PROTO:
    case OP_BININT1:
    case OP_BINGET:
    case OP_BINPUT:
        return do_number(machine, opcode, 1);
    case OP_BININT2:
        return do_number(machine, opcode, 2);
    case OP_BININT:
    case OP_LONG_BINGET:
    case OP_LONG_BINPUT:
        return do_number(machine, opcode, 4);
    case OP_BINFLOAT:
    case OP_FRAME:
        return do_number(machine, opcode, 8);
    case OP_LONG1:
        return push_long(machine, 1);
    case OP_LONG4:
        return push_long(machine, 4);
    case OP_SHORT_BINBYTES:
    case OP_SHORT_BINSTRING:
    case OP_SHORT_BINUNICODE:
        return push_text(machine, 1);
    case OP_BINBYTES:
    case OP_BINSTRING:
    case OP_BINUNICODE:
        return push_text(machine, 4);
    case OP_BINBYTES8:
    case OP_BINUNICODE8:
        return push_text(machine, 8);
    case OP_EMPTY_TUPLE:
    case OP_EMPTY_LIST:
    case OP_EMPTY_DICT:
    case OP_TUPLE:
    case OP_LIST:
    case OP_DICT:
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3:
    case OP_APPEND:
    case OP_APPENDS:
    case OP_SETITEM:
    case OP_SETITEMS:
        return do_container(machine, opcode);
    case OP_GLOBAL:
        return do_global(machine);
    case OP_STACK_GLOBAL:
        return do_stack_global(machine);
    case OP_REDUCE:
        return do_reduce(machine);
    case OP_BINPERSID:
        return do_persistent(machine);
    case OP_BUILD:
        return do_build(machine);
    case OP_MEMOIZE:
        return machine_memorise(machine, machine->memo.count);
    default:
        return error_set(machine->error, ERROR_MODEL,
                         "refused: its pickle has opcode 0x%02x, which plain tensors do not need",
                         (unsigned)opcode);
    }
}

static int run(struct machine *machine)
{
    for (;;) {
        const unsigned char *opcode = take(machine, 1);
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
        if (value->kind == PICKLE_TUPLE || value->kind == PICKLE_LIST || value->kind == PICKLE_DICT)
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
