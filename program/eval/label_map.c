#include "program/eval/label_map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parse.h"
#include "images/image.h"
#include "program/eval/segments.h"
#include "rle/rle.h"

/* ---- rules ---- */

/* "7", "7-9", or "7-" up to the largest number. */
static bool parse_range(char *text, struct label_range *range)
{
    int64_t first, last;
    char *dash = strchr(text, '-');
    if (dash)
        *dash = '\0';
    if (!parse_integer(text, 0, LABEL_MOST, &first))
        return false;
    last = dash ? LABEL_MOST : first;
    if (dash && dash[1] && !parse_integer(dash + 1, first, LABEL_MOST, &last))
        return false;
    *range = (struct label_range){(uint32_t)first, (uint32_t)last};
    return true;
}

int label_rules_ignore(struct label_rules *rules, const char *text, struct error *error)
{
    char *copy = strdup(text), *rest = copy, *part;
    int status = copy ? 0 : error_set(error, ERROR_MEMORY, "no memory for --ignore");
    while (status == 0 && (part = strsep(&rest, ","))) {
        if (rules->ignored_count == LABEL_RANGES_MAX)
            status =
                error_set(error, ERROR_USAGE, "--ignore: more than %d ranges", LABEL_RANGES_MAX);
        else if (!parse_range(part, &rules->ignored[rules->ignored_count++]))
            status = error_set(error, ERROR_USAGE,
                               "--ignore %s: expected numbers up to %d and ranges, such as 255 or "
                               "0-999,65535",
                               text, LABEL_MOST);
    }
    free(copy);
    return status;
}

bool label_codes_parse(const char *text, enum label_codes *codes)
{
    static const char *const names[] = {
        [LABEL_VALUES] = "values", [LABEL_CITYSCAPES] = "cityscapes", [LABEL_ADE20K] = "ade20k"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0) {
            *codes = (enum label_codes)i;
            return true;
        }
    return false;
}

/* ---- pixels ---- */

/* What tells segments apart: the number; of ADE20K class * 256 + instance. */
static uint32_t key_of(const uint8_t *rgb, enum label_codes codes)
{
    if (codes == LABEL_ADE20K)
        return ((uint32_t)rgb[0] / 10 * 256 + rgb[1]) * 256 + rgb[2];
    return rgb[0] | (uint32_t)rgb[1] << 8 | (uint32_t)rgb[2] << 16;
}

static bool is_ignored(const struct label_rules *rules, uint32_t key)
{
    const uint32_t number = rules->codes == LABEL_ADE20K ? key / 256 : key;
    for (size_t i = 0; i < rules->ignored_count; i++)
        if (number >= rules->ignored[i].first && number <= rules->ignored[i].last)
            return true;
    return false;
}

static int32_t class_of(uint32_t key, enum label_codes codes)
{
    if (codes == LABEL_ADE20K)
        return (int32_t)(key / 256);
    return (int32_t)(codes == LABEL_CITYSCAPES && key >= 1000 ? key / 1000 : key);
}

/* ---- connected parts ---- */

/* The first pixel of the part that pixel `i` belongs to; shortens the way there. */
static uint32_t find_root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b)
{
    a = find_root(parent, a);
    b = find_root(parent, b);
    if (a < b)
        parent[b] = a;
    else
        parent[a] = b;
}

/* parent[height][width]: for each pixel the first one of its part, row by row. */
static void find_parts(const struct image *map, enum label_codes codes, uint32_t *parent)
{
    const uint32_t width = (uint32_t)map->width;
    uint32_t i = 0;
    for (int32_t y = 0; y < map->height; y++)
        for (uint32_t x = 0; x < width; x++, i++) {
            const uint32_t key = key_of(map->rgb + (size_t)3 * i, codes);
            const struct {
                bool there;
                uint32_t back;
            } before[] = {{x > 0, 1},
                          {y > 0 && x > 0, width + 1},
                          {y > 0, width},
                          {y > 0 && x + 1 < width, width - 1}};
            parent[i] = i;
            for (size_t n = 0; n < sizeof before / sizeof *before; n++)
                if (before[n].there &&
                    key_of(map->rgb + (size_t)3 * (i - before[n].back), codes) == key)
                    join(parent, i, i - before[n].back);
        }
}

/* ---- segments ---- */

/* A segment that is being collected. */
struct part {
    uint32_t key, first; /* its first pixel with `components`, else the key again */
    struct rle rle;      /* owned */
};

enum { PARTS_MAX = 1 << 14, SLOTS = 1 << 16 }; /* an evaluation takes as many; a power of two */

struct collection {
    const struct image *map;
    const struct label_rules *rules;
    uint32_t *parent;   /* owned; NULL: a number is one segment */
    struct part *parts; /* [count], owned */
    size_t count, capacity;
    uint16_t *slots; /* [SLOTS], owned: index of a part plus 1, by a hash of `first` */
};

/* The part of pixel `i` of the map, whose key is `key`; or NULL with an error. */
static struct part *find_part(struct collection *collection, uint32_t i, uint32_t key,
                              struct error *error)
{
    const uint32_t first = collection->parent ? find_root(collection->parent, i) : key;
    uint32_t slot = first * 2654435761U >> 16;
    for (; collection->slots[slot]; slot = (slot + 1) % SLOTS) {
        assert(collection->slots[slot] <= collection->count && collection->parts);
        if (collection->parts[collection->slots[slot] - 1].first == first)
            return &collection->parts[collection->slots[slot] - 1];
    }
    if (collection->count == PARTS_MAX) {
        error_set(error, ERROR_RECORD, "more than %d segments: this is no label map", PARTS_MAX);
        return NULL;
    }
    if (memory_grow((void **)&collection->parts, &collection->capacity, collection->count + 1,
                    sizeof *collection->parts, error))
        return NULL;
    struct part *part = &collection->parts[collection->count++];
    *part = (struct part){.key = key, .first = first};
    rle_begin(&part->rle, (uint32_t)collection->map->height, (uint32_t)collection->map->width);
    collection->slots[slot] = (uint16_t)collection->count;
    return part;
}

/* Adds the pixels of one column, run by run. */
static int collect_column(struct collection *collection, uint32_t x, struct error *error)
{
    const struct image *map = collection->map;
    const uint32_t width = (uint32_t)map->width, height = (uint32_t)map->height;
    const enum label_codes codes = collection->rules->codes;
    for (uint32_t y = 0, end; y < height; y = end) {
        const uint32_t key = key_of(map->rgb + 3 * ((size_t)y * width + x), codes);
        for (end = y + 1; end < height; end++)
            if (key_of(map->rgb + 3 * ((size_t)end * width + x), codes) != key)
                break;
        if (is_ignored(collection->rules, key))
            continue;
        struct part *part = find_part(collection, y * width + x, key, error);
        if (!part || rle_add(&part->rle, x * height + y, x * height + end, error))
            return -1;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* Hands the parts over to `segments`. */
static int finish(struct collection *collection, struct segments *segments, struct error *error)
{
    if (collection->count)
        qsort(collection->parts, collection->count, sizeof *collection->parts, compare);
    for (size_t i = 0; i < collection->count; i++) {
        struct part *part = &collection->parts[i];
        if (rle_end(&part->rle, error))
            return -1;
        struct segment segment = {.rle = part->rle,
                                  .box = rle_box(&part->rle),
                                  .area = rle_area(&part->rle),
                                  .category = class_of(part->key, collection->rules->codes)};
        segment.coco_area = (double)segment.area;
        part->rle = (struct rle){0};
        if (segments_add(segments, &segment, error))
            return -1;
    }
    return 0;
}

static int begin(struct collection *collection, struct error *error)
{
    const struct image *map = collection->map;
    collection->slots = memory_new(SLOTS, sizeof *collection->slots, "label map", error);
    if (!collection->slots)
        return -1;
    if (!collection->rules->components)
        return 0;
    collection->parent = memory_new((size_t)map->width * (size_t)map->height,
                                    sizeof *collection->parent, "label map", error);
    if (!collection->parent)
        return -1;
    find_parts(map, collection->rules->codes, collection->parent);
    return 0;
}

int label_map_segments(const struct image *map, const struct label_rules *rules,
                       struct segments *segments, struct error *error)
{
    struct collection collection = {.map = map, .rules = rules};
    if ((uint64_t)map->width * (uint64_t)map->height > UINT32_MAX)
        return error_set(error, ERROR_RECORD, "%d x %d pixels are more than a mask has", map->width,
                         map->height);
    int status = begin(&collection, error);
    segments->width = (uint32_t)map->width;
    segments->height = (uint32_t)map->height;
    for (uint32_t x = 0; status == 0 && x < segments->width; x++)
        status = collect_column(&collection, x, error);
    if (status == 0)
        status = finish(&collection, segments, error);
    for (size_t i = 0; i < collection.count; i++)
        rle_free(&collection.parts[i].rle);
    free(collection.parts);
    memory_free(collection.parent);
    memory_free(collection.slots);
    if (status)
        segments_free(segments);
    return status;
}
