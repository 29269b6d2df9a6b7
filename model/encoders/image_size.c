#include "model/encoders/image_size.h"

#include <limits.h>

#include "base/parse.h"
#include "model/checkpoint/checkpoint.h"

enum { DEFAULT_IMAGE_SIZE = 1024 };

int image_size_said(const struct checkpoint *checkpoint, int asked)
{
    const char *said = checkpoint_metadata(checkpoint, "image_size");
    int64_t size;
    if (asked || !said)
        return asked;
    return parse_integer(said, 1, INT_MAX, &size) ? (int)size : -1;
}

int image_size_of(const struct checkpoint *checkpoint, int asked)
{
    int size = image_size_said(checkpoint, asked);
    return size ? size : DEFAULT_IMAGE_SIZE;
}
