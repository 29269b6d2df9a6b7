#include "model/checkpoint/pickle_machine.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

int machine_damaged(struct machine *machine, const char *what)
{
    return error_set(machine->error, ERROR_MODEL, "the pickle is damaged: %s", what);
}

const unsigned char *machine_take(struct machine *machine, uint64_t count)
{
    if (count > (size_t)(machine->end - machine->bytes)) {
        machine_damaged(machine, "it ends in the middle of a value (truncated?)");
        return NULL;
    }
    const unsigned char *bytes = machine->bytes;
    machine->bytes += count;
    return bytes;
}

int machine_take_number(struct machine *machine, int width, uint64_t *number)
{
    const unsigned char *bytes = machine_take(machine, (uint64_t)width);
    if (!bytes)
        return -1;
    *number = 0;
    for (int i = width - 1; i >= 0; i--)
        *number = *number << 8 | bytes[i];
    return 0;
}

struct pickle_value *machine_new(struct machine *machine, enum pickle_kind kind)
{
    struct pickle *pickle = machine->pickle;
    size_t slot = pickle->value_count % MACHINE_CHUNK;
    if (pickle->value_count == PICKLE_VALUES_MAX) {
        error_set(machine->error, ERROR_MODEL,
                  "the pickle holds more than %d values, too many for a table of weights",
                  PICKLE_VALUES_MAX);
        return NULL;
    }
    if (slot == 0) {
        if (memory_grow((void **)&pickle->chunks, &pickle->chunk_capacity, pickle->chunk_count + 1,
                        sizeof *pickle->chunks, machine->error))
            return NULL;
        struct pickle_value *chunk = calloc(MACHINE_CHUNK, sizeof *chunk);
        if (!chunk) {
            error_set(machine->error, ERROR_MEMORY, "no memory for a pickle's values");
            return NULL;
        }
        pickle->chunks[pickle->chunk_count++] = chunk;
    }
    pickle->value_count++;
    struct pickle_value *value = &pickle->chunks[pickle->chunk_count - 1][slot];
    value->kind = kind;
    return value;
}

static int append(struct machine *machine, struct value_list *list, struct pickle_value *value)
{
    if (memory_grow((void **)&list->values, &list->capacity, list->count + 1, sizeof *list->values,
                    machine->error))
        return -1;
    list->values[list->count++] = value;
    return 0;
}

int machine_push(struct machine *machine, struct pickle_value *value)
{
    if (!value)
        return -1;
    if (machine->stack.count == PICKLE_VALUES_MAX)
        return machine_damaged(machine, "its stack is too deep");
    return append(machine, &machine->stack, value);
}

struct pickle_value *machine_top(struct machine *machine)
{
    struct value_list *stack = &machine->stack;
    if (stack->count == 0 || stack->values[stack->count - 1]->kind == PICKLE_MARK) {
        machine_damaged(machine, "it pops a value that is not there");
        return NULL;
    }
    return stack->values[stack->count - 1];
}

struct pickle_value *machine_pop(struct machine *machine)
{
    struct pickle_value *value = machine_top(machine);
    if (value)
        machine->stack.count--;
    return value;
}

/* *above = the number of values above the topmost mark. */
static int find_mark(struct machine *machine, size_t *above)
{
    const struct value_list *stack = &machine->stack;
    for (size_t i = stack->count; i > 0; i--)
        if (stack->values[i - 1]->kind == PICKLE_MARK) {
            *above = stack->count - i;
            return 0;
        }
    return machine_damaged(machine, "a mark is missing");
}

int machine_pop_mark(struct machine *machine)
{
    size_t above = 0;
    if (find_mark(machine, &above))
        return -1;
    machine->stack.count -= above + 1;
    return 0;
}

/* Moves the top `added` values of the stack to the end of a container. */
static int move_items(struct machine *machine, size_t added, struct pickle_value *container)
{
    struct value_list *stack = &machine->stack;
    size_t count = container->items.count;
    if (added > stack->count)
        return machine_damaged(machine, "a container lacks values");
    struct pickle_value **values = stack->values + stack->count - added;
    for (size_t i = 0; i < added; i++)
        if (values[i]->kind == PICKLE_MARK)
            return machine_damaged(machine, "a container lacks values");
    if (container->kind == PICKLE_DICT && added % 2)
        return machine_damaged(machine, "a key lacks its value");
    if (added == 0)
        return 0;
    if (memory_grow((void **)&container->items.values, &container->items.capacity, count + added,
                    sizeof *container->items.values, machine->error))
        return -1;
    memcpy(container->items.values + count, values, added * sizeof *values);
    container->items.count = count + added;
    stack->count -= added;
    return 0;
}

int machine_build_tuple(struct machine *machine, size_t count)
{
    struct pickle_value *tuple = machine_new(machine, PICKLE_TUPLE);
    if (!tuple || move_items(machine, count, tuple))
        return -1;
    return machine_push(machine, tuple);
}

int machine_build_marked(struct machine *machine, enum pickle_kind kind)
{
    size_t above = 0;
    if (find_mark(machine, &above))
        return -1;
    struct pickle_value *container = machine_new(machine, kind);
    if (!container || move_items(machine, above, container))
        return -1;
    machine->stack.count--;
    return machine_push(machine, container);
}

/* Moves the top `count` values into the container `between` places below them. */
static int extend(struct machine *machine, size_t count, size_t between, enum pickle_kind kind)
{
    if (machine->stack.count < count + between + 1)
        return machine_damaged(machine, "it adds values to a missing container");
    struct pickle_value *container =
        machine->stack.values[machine->stack.count - count - between - 1];
    if (container->kind == PICKLE_OBJECT && (kind == PICKLE_DICT || kind == PICKLE_LIST)) {
        container->kind = kind; /* of a subclass */
        container->items.count = 0;
    }
    if (container->kind == PICKLE_CALL) { /* of a class that is only passed over */
        machine->stack.count -= count + between;
        return 0;
    }
    if (container->kind != kind)
        return machine_damaged(machine, "it adds values to a container of another kind");
    if (move_items(machine, count, container))
        return -1;
    machine->stack.count -= between;
    return 0;
}

int machine_extend(struct machine *machine, size_t count, enum pickle_kind kind)
{
    return extend(machine, count, 0, kind);
}

int machine_extend_marked(struct machine *machine, enum pickle_kind kind)
{
    size_t above = 0;
    if (find_mark(machine, &above))
        return -1;
    return extend(machine, above, 1, kind);
}

int machine_memorise(struct machine *machine, size_t place)
{
    struct value_list *memo = &machine->memo;
    struct pickle_value *value = machine_top(machine);
    if (!value)
        return -1;
    if (place >= PICKLE_VALUES_MAX)
        return machine_damaged(machine, "its memo is too large");
    if (memory_grow((void **)&memo->values, &memo->capacity, place + 1, sizeof *memo->values,
                    machine->error))
        return -1;
    while (memo->count <= place)
        memo->values[memo->count++] = NULL;
    memo->values[place] = value;
    return 0;
}

int machine_recall(struct machine *machine, size_t place)
{
    const struct value_list *memo = &machine->memo;
    if (place >= memo->count || !memo->values[place])
        return machine_damaged(machine, "it recalls a value that it never stored");
    return machine_push(machine, memo->values[place]);
}
