#include "model/checkpoint/shape.h"

#include <inttypes.h>
#include <stdio.h>

bool shape_equal(const struct shape *a, const struct shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->size[i] != b->size[i])
            return false;
    return true;
}

bool shape_count(const struct shape *shape, size_t *count)
{
    *count = 1;
    for (int i = 0; i < shape->rank; i++)
        if (shape->size[i] < 0 || __builtin_mul_overflow(*count, (size_t)shape->size[i], count))
            return false;
    return true;
}

const char *shape_text(const struct shape *shape, char *text)
{
    size_t used = 0;
    text[used++] = '[';
    for (int i = 0; i < shape->rank; i++)
        used += (size_t)snprintf(text + used, SHAPE_TEXT_SIZE - used, "%s%" PRId64, i ? "," : "",
                                 shape->size[i]);
    snprintf(text + used, SHAPE_TEXT_SIZE - used, "]");
    return text;
}
