/* A whole checkpoint file of any format: open it, read every tensor that a seed has. */
#include "replay.h"

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a", "b", "scalar", "half", "brain", "plain"};
    struct error error = {0};
    struct checkpoint *checkpoint;
    if (checkpoint_open_memory(&checkpoint, data, size, "fuzz", &error))
        return 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct shape shape;
        if (!checkpoint_shape(checkpoint, names[i], &shape))
            continue;
        checkpoint_tensor(checkpoint, names[i], shape, &error);
        checkpoint_release(checkpoint, names[i]);
    }
    checkpoint_check_family(checkpoint, &error);
    const char *key, *value;
    for (size_t i = 0; checkpoint_metadata_at(checkpoint, i, &key, &value); i++)
        checkpoint_metadata(checkpoint, key);
    checkpoint_check_unused(checkpoint, &error);
    checkpoint_summary(checkpoint);
    checkpoint_close(checkpoint);
    return 0;
}
