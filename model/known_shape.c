#include "model/known_shape.h"

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"

int known_shape(const struct checkpoint *checkpoint, const char *name, int rank,
                struct shape *shape, struct error *error)
{
    if (!checkpoint_shape(checkpoint, name, shape))
        return error_set(error, ERROR_MODEL, "tensor %s is missing", name);
    bool positive = shape->rank == rank;
    for (int i = 0; positive && i < rank; i++)
        positive = shape->size[i] > 0;
    char text[SHAPE_TEXT_SIZE];
    if (!positive)
        return error_set(error, ERROR_MODEL, "tensor %s is %s, expected %d positive sizes", name,
                         shape_text(shape, text), rank);
    return 0;
}
