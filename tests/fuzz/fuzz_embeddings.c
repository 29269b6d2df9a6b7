/* Embeddings of masks: what is read lies within the file, and is the same once it is written and read. */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/half.h"
#include "records/embeddings.h"

static void check(int holds)
{
    if (!holds)
        abort();
}

static uint16_t number(const unsigned char *rows, size_t i)
{
    return (uint16_t)(rows[2 * i] | rows[2 * i + 1] << 8);
}

/* Writes what was read, and reads it again. */
static void check_again(const struct embeddings *found)
{
    struct error error;
    struct embeddings again;
    const size_t numbers = found->count * found->width;
    float *values = malloc((numbers + 1) * sizeof *values);
    check(values != NULL);
    for (size_t i = 0; i < numbers; i++)
        values[i] = half_value(number(found->rows, i));
    const struct embeddings_rows rows = {values, found->count, found->width, found->kind};
    for (int format = EMBEDDINGS_NPY; format <= EMBEDDINGS_SAFETENSORS; format++) {
        size_t size;
        char *bytes = embeddings_bytes(&rows, (enum embeddings_format)format, &size, &error);
        check(bytes && embeddings_parse(&again, bytes, size, &error) == 0);
        check(again.count == found->count && again.width == found->width);
        for (size_t i = 0; i < numbers; i++)
            check(number(again.rows, i) == half_of(values[i]));
        free(bytes);
    }
    free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error;
    struct embeddings found;
    if (embeddings_parse(&found, data, size, &error)) {
        check(error.code == ERROR_RECORD);
        return 0;
    }
    check(found.rows + 2 * found.count * found.width == data + size);
    check_again(&found);
    return 0;
}
