/* A tar of images, up to its end or its first damage. Names never lead out of the folder. */
#include "file.h"
#include "replay.h"

#include <string.h>

#include "base/error.h"
#include "images/tar_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct tar_input *input;
    struct tar_member member;
    int found = tar_input_open(&input, fuzz_file(0, data, size), 1 << 16, &error) ? -1 : 1;
    while (input && (found > 0 || error.code == ERROR_IMAGE)) {
        error = (struct error){0};
        found = tar_input_next(input, NULL, &member, &error);
        if (found > 0 && (member.name[0] == '/' || member.name[0] == '\0' ||
                          strncmp(member.name, "../", 3) == 0 || strstr(member.name, "/../")))
            abort();
    }
    tar_input_close(input);
    return 0;
}
