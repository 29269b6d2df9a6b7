/* A COCO run string. If it is accepted, writing and reading it again gives the same runs. The first
 * two bytes are height and width. */
#include "replay.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "rle/coco.h"
#include "rle/rle.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct rle rle = {0};
    struct rle again = {0};
    size_t length;
    if (size < 2)
        return 0;
    if (coco_parse(&rle, (const char *)data + 2, size - 2, data[0], data[1], &error) == 0) {
        char *text = coco_string(&rle, &length, &error);
        check(text && strlen(text) == length);
        check(coco_parse(&again, text, length, data[0], data[1], &error) == 0);
        check(again.length == rle.length);
        for (size_t i = 0; i < rle.length; i++)
            check(again.counts[i] == rle.counts[i]);
        free(text);
    }
    rle_free(&rle);
    rle_free(&again);
    return 0;
}
