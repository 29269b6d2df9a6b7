#include "program/predict/image_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "program/predict/detections_file.h"

static int add(void *context, struct detections *detections, struct error *error)
{
    struct image_names *names = context;
    const json_t *id = json_object_get(detections->image, "id");
    const char *name = detections_name(detections);
    if (!json_is_integer(id) || !name)
        return 0;
    if (memory_grow((void **)&names->items, &names->capacity, names->count + 1,
                    sizeof *names->items, error))
        return -1;
    char *copy = strdup(name);
    if (!copy)
        return error_set(error, ERROR_MEMORY, "no memory for the names of images");
    names->items[names->count++] = (struct image_name){json_integer_value(id), copy};
    return 0;
}

/* Boxes of the document are not used. */
static void ignore(void *context, const char *text)
{
    (void)context;
    (void)text;
}

static int compare(const void *a, const void *b)
{
    int64_t x = ((const struct image_name *)a)->id, y = ((const struct image_name *)b)->id;
    return (x > y) - (x < y);
}

int image_names_read(struct image_names *names, const char *path, struct error *error)
{
    const struct detections_visitor visitor = {add, ignore, names};
    enum detections_form form;
    if (detections_read(path, &visitor, &form, error))
        return -1;
    if (form != DETECTIONS_COCO)
        return error_set(error, ERROR_USAGE, "%s: is no COCO document", path);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, compare);
    return 0;
}

const char *image_names_find(const struct image_names *names, int64_t id)
{
    const struct image_name wanted = {id, NULL};
    const struct image_name *found =
        names->count ? bsearch(&wanted, names->items, names->count, sizeof *names->items, compare)
                     : NULL;
    return found ? found->name : NULL;
}

void image_names_free(struct image_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i].name);
    free(names->items);
    *names = (struct image_names){0};
}
