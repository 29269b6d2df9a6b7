/* run.json, compared with a configuration, and read. */
#include "replay.h"
#include "scratch_folder.h"

#include "base/error.h"
#include "base/folder.h"
#include "jobs/runfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct runfile_field fields[] = {{"maskmill", "1"}, {"tile", "0"}, {"format", ""}};
    struct error error = {0};
    struct folder *run = folder_open(scratch_folder(), false, &error);
    scratch_write(".", "run.json", data, size);
    if (!run || runfile_agree(run, "run.json", fields, 3, &error) == RUNFILE_CREATED)
        abort();
    struct runfile_list list = {0};
    if (runfile_read(run, "run.json", &list, &error) == 0)
        runfile_free(&list);
    folder_close(run);
    return 0;
}
