/* A configuration file (--config). If it is accepted, writing and reading it again gives the same
 * options. */
#include "file.h"
#include "replay.h"

#include <string.h>

#include "base/error.h"
#include "program/config.h"
#include "program/settings.h"

/* The options of `path` as config_text gives them, NULL where the file is refused. */
static char *read_back(const char *path)
{
    struct error error = {0};
    struct settings settings;
    char *text = NULL;
    if (settings_init(&settings, FOR_RUN, &error))
        abort();
    if (config_read(&settings, path, &error) == 0) {
        text = config_text(&settings, &error);
        /* The grid's own file is another reader's (fuzz_points). */
        if (!settings.point_grid)
            settings_complete(&settings, &error);
    }
    settings_free(&settings);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = read_back(fuzz_file(0, data, size));
    if (text) {
        char *again = read_back(fuzz_file(0, text, strlen(text)));
        if (!again || strcmp(text, again) != 0)
            abort();
        free(again);
    }
    free(text);
    return 0;
}
