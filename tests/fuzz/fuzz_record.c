/* The JSON text of a record, as verify and export read it. */
#include "replay.h"

#include "base/error.h"
#include "records/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct record record = {0};
    if (record_parse(
            &record,
            &(struct record_source){.bytes = (const char *)data, .length = size, .name = "name"},
            NULL, &error) == 0)
        record_free(&record);
    return 0;
}
