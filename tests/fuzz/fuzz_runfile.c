/* run.json, compared with a configuration. */
#include "file.h"
#include "replay.h"

#include "base/error.h"
#include "jobs/runfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct runfile_field fields[] = {{"maskmill", "1"}, {"tile", "0"}, {"format", ""}};
    struct error error = {0};
    if (runfile_agree(fuzz_file(0, data, size), fields, 3, &error) == RUNFILE_CREATED)
        abort();
    return 0;
}
