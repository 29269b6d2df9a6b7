#include "model/encoders/image_size.h"

#include <limits.h>

#include "base/parse.h"
#include "model/checkpoint/checkpoint.h"

enum { DEFAULT_IMAGE_SIZE = 1024 };

int image_size_of(const struct checkpoint *checkpoint, int asked)
{
    const char *said = checkpoint_metadata(checkpoint, "image_size");
    if (asked || !said)
        return asked ? asked : DEFAULT_IMAGE_SIZE;
    int64_t size;
    return parse_integer(said, 1, INT_MAX, &size) ? (int)size : -1;
}
