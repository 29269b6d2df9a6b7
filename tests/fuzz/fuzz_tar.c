/* A tar of images, up to its end or its first damage, parsed as the caged child does. Names never
 * lead out of the folder once the rules have been applied to them. */
#include "file.h"
#include "replay.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "images/tar_name.h"
#include "images/tar_read.h"

static void check_name(const char *name)
{
    size_t length = strlen(name);
    if (name[0] == '/' || length == 0 || strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0 ||
        strstr(name, "/../") || (length > 2 && strcmp(name + length - 3, "/..") == 0))
        abort();
}

static void check_entry(const struct tar_entry *entry)
{
    char *name = strdup(entry->name);
    char *target = malloc(strlen(entry->name) + strlen(entry->target) + 2);
    if (!name || !target)
        abort();
    if (tar_name_tidy(name) == 0) {
        const char *slash = strrchr(name, '/');
        size_t folder = slash && !entry->hard ? (size_t)(slash - name) : 0;
        check_name(name);
        if (tar_name_follow(target, name, folder, entry->target) == 0)
            check_name(target);
    }
    free(name);
    free(target);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static unsigned char bytes[1 << 12];
    struct error error = {0};
    struct tar_read *read;
    struct tar_entry entry;
    size_t part = 0;
    int file = open(fuzz_file(0, data, size), O_RDONLY | O_CLOEXEC);
    int found = tar_read_open(&read, file, 0, &error) ? -1 : 1;
    while (found > 0 && (found = tar_read_next(read, &entry, &error)) > 0) {
        check_entry(&entry);
        if (entry.kind == TAR_FILE)
            found = tar_read_bytes(read, bytes, sizeof bytes, &part, &error) ? -1 : 1;
    }
    tar_read_close(read);
    close(file);
    return 0;
}
