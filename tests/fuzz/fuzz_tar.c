/* A tar of images, up to its end or its first damage. Names never lead out of the folder. */
#include "file.h"
#include "replay.h"

#include <string.h>

#include "base/error.h"
#include "images/tar_input.h"

static void check_name(const char *name)
{
    size_t length = strlen(name);
    if (name[0] == '/' || length == 0 || strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0 ||
        strstr(name, "/../") || (length > 2 && strcmp(name + length - 3, "/..") == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct tar_input *input;
    struct tar_member member;
    int found = tar_input_open(&input, fuzz_file(0, data, size), 1 << 16, &error) ? -1 : 1;
    while (input && (found > 0 || error.code == ERROR_IMAGE)) {
        error = (struct error){0};
        found = tar_input_next(input, &member, &error);
        if (found > 0 && (member.kind == TAR_FILE || member.kind == TAR_LINK))
            check_name(member.name);
        if (found > 0 && member.target)
            check_name(member.target);
        if (found > 0 && member.kind == TAR_FILE)
            found = tar_input_read(input, &member, &error) ? -1 : 1;
    }
    tar_input_close(input);
    return 0;
}
