/* The pickle of a .pth without the zip around it. All storages of its tensors lie in one block of
 * zeros. */
#include "replay.h"

#include "base/error.h"
#include "model/checkpoint/convert.h"
#include "model/checkpoint/pth_storage.h"

static const unsigned char zeros[4096];

/* Reads the tensors one by one through the conversion that a checkpoint uses. */
static void read_tensors(const struct tensor_table *table)
{
    static float out[sizeof zeros];
    for (size_t i = 0; i < table->tensor_count; i++) {
        const struct tensor *tensor = &table->tensors[i];
        if (convert_knows(tensor->dtype) && tensor->count <= sizeof out / sizeof *out)
            convert_tensor(tensor, out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct pickle *pickle;
    struct pth_storages storages;
    struct tensor_table table = {0};
    if (pickle_read(&pickle, data, size, pth_functions, &error))
        return 0;
    int failed = pth_storages_collect(&storages, pickle, &error);
    for (size_t i = 0; !failed && i < storages.count; i++) {
        struct pth_storage *storage = &storages.list[i];
        failed = storage->count > sizeof zeros / dtype_size(storage->dtype);
        storage->bytes = zeros;
    }
    if (!failed && !pth_add_tensors(pickle, &storages, &table, &error))
        read_tensors(&table);
    tensor_table_clear(&table);
    pth_storages_free(&storages);
    pickle_free(pickle);
    return 0;
}
