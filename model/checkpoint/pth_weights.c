#include "model/checkpoint/pth_weights.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "model/checkpoint/pickle.h"
#include "model/checkpoint/pth_storage.h"
#include "model/checkpoint/tensor_prefix.h"

enum {
    LEVELS_MAX = 4,  /* dictionaries around the weights */
    DICTS_MAX = 1024 /* looked at, level by level: bounds the time that a hostile file takes */
};

/* A dictionary, and how it was reached. */
struct place {
    const struct pickle_value *dict;
    const struct pickle_value *key;
    const struct place *around; /* NULL for the root */
    int level;
    int rank; /* of the least usual key on the way: less is better */
};

struct places {
    struct place list[DICTS_MAX];
    size_t count;
};

/* A call's arguments are tuples and were created before it, so the loop ends. */
const struct pickle_value *pth_find_tensor(const struct pickle_value *value)
{
    if (value->kind != PICKLE_CALL)
        return NULL;
    const struct pickle_function *function = value->function;
    const struct pickle_value *arguments = value->operand;
    while (function->tag != PTH_TENSOR) {
        struct pickle_value **part = arguments->items.values;
        size_t count = arguments->items.count;
        if (function->tag == PTH_PARAMETER && count > 0 && part[0]->kind == PICKLE_CALL) {
            function = part[0]->function;
            arguments = part[0]->operand;
        } else if (function->tag == PTH_FROM_TYPE && count >= 3 &&
                   part[0]->kind == PICKLE_FUNCTION && part[2]->kind == PICKLE_TUPLE) {
            function = part[0]->function;
            arguments = part[2];
        } else {
            return NULL;
        }
    }
    return arguments;
}

/* Averaged weights come last: a file that has both is loaded as its trainer would. */
static int rank_of(const struct pickle_value *key)
{
    static const char *const usual[] = {"model", "state_dict", "model_state_dict", "model_state"};
    enum { USUAL = sizeof usual / sizeof *usual };
    for (int i = 0; i < USUAL; i++)
        if (pickle_is_text(key, usual[i]))
            return i;
    for (size_t i = 0; i + 3 <= key->text.length; i++)
        if (memcmp(key->text.bytes + i, "ema", 3) == 0)
            return USUAL + 1;
    return USUAL;
}

static bool is_known(const struct places *places, const struct pickle_value *dict)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->list[i].dict == dict)
            return true;
    return false;
}

/* Adds the dictionaries directly inside `around`. */
static void add_inner(struct places *places, const struct place *around)
{
    const struct pickle_value *dict = around->dict;
    for (size_t i = 0; i + 1 < dict->items.count && places->count < DICTS_MAX; i += 2) {
        const struct pickle_value *key = dict->items.values[i];
        const struct pickle_value *inner = dict->items.values[i + 1];
        if (inner->kind != PICKLE_DICT || key->kind != PICKLE_TEXT ||
            !tensor_name_valid(key->text.bytes, key->text.length) || is_known(places, inner))
            continue;
        int rank = rank_of(key);
        places->list[places->count++] = (struct place){
            .dict = inner,
            .key = key,
            .around = around,
            .level = around->level + 1,
            .rank = rank > around->rank ? rank : around->rank,
        };
    }
}

static bool has_tensors(const struct pickle_value *dict)
{
    for (size_t i = 1; i < dict->items.count; i += 2)
        if (pth_find_tensor(dict->items.values[i]))
            return true;
    return false;
}

bool pth_has_encoder(const struct pickle_value *dict)
{
    size_t prefix;
    for (size_t i = 0; i + 1 < dict->items.count; i += 2) {
        const struct pickle_value *key = dict->items.values[i];
        if (key->kind == PICKLE_TEXT &&
            tensor_prefix_of_encoder(key->text.bytes, key->text.length, &prefix) &&
            pth_find_tensor(dict->items.values[i + 1]))
            return true;
    }
    return false;
}

/* The first place of the lowest rank whose dictionary passes, or NULL. */
static const struct place *choose(const struct places *places,
                                  bool (*passes)(const struct pickle_value *dict))
{
    const struct place *best = NULL;
    for (size_t i = 0; i < places->count; i++)
        if ((!best || places->list[i].rank < best->rank) && passes(places->list[i].dict))
            best = &places->list[i];
    return best;
}

/* Writes the keys from the root to the place, separated by dots. What does not fit is cut off. */
static void describe(const struct place *place, char *text, size_t size)
{
    const struct place *way[LEVELS_MAX];
    int count = 0;
    size_t length = 0;
    text[0] = '\0';
    for (; place->around; place = place->around)
        way[count++] = place;
    while (count-- > 0 && length < size)
        length += (size_t)snprintf(text + length, size - length, "%s%.*s", length ? "." : "",
                                   (int)way[count]->key->text.length, way[count]->key->text.bytes);
}

const struct pickle_value *pth_find_weights(const struct pickle_value *root, char *inside,
                                            size_t size)
{
    struct places places = {.count = 0};
    if (root->kind == PICKLE_DICT)
        places.list[places.count++] = (struct place){.dict = root};
    for (size_t i = 0; i < places.count; i++)
        if (places.list[i].level < LEVELS_MAX)
            add_inner(&places, &places.list[i]);
    const struct place *best = choose(&places, pth_has_encoder);
    if (!best)
        best = choose(&places, has_tensors);
    if (!best)
        return NULL;
    describe(best, inside, size);
    return best->dict;
}

/* Whether the attributes are those of a Module. */
static bool has_modules(const struct pickle_value *attributes)
{
    for (size_t i = 0; attributes->kind == PICKLE_DICT && i < attributes->items.count; i += 2)
        if (pickle_is_text(attributes->items.values[i], "_modules"))
            return true;
    return false;
}

const struct pickle_value *pth_find_module(const struct pickle *pickle)
{
    const struct pickle_value *value;
    /* An object is created before its attributes, so the first one is the outermost. */
    for (size_t i = 0; (value = pickle_value_at(pickle, i)); i++)
        if (value->kind == PICKLE_OBJECT && value->items.count == 2 &&
            has_modules(value->items.values[1]))
            return value->items.values[0];
    return NULL;
}
