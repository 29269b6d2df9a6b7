/* An index of shards: whatever it lists are plain names, sorted, each once. */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/shards.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct shards shards;
    shards_recognise(data, size);
    int failed = shards_read(data, size, &shards, &error);
    if (!failed && (shards.count == 0 || shards.count > SHARDS_MAX))
        abort();
    for (size_t i = 0; i < shards.count; i++)
        if (strchr(shards.names[i], '/') || strcmp(shards.names[i], "..") == 0 ||
            (i > 0 && strcmp(shards.names[i - 1], shards.names[i]) >= 0))
            abort();
    shards_free(&shards);
    return 0;
}
