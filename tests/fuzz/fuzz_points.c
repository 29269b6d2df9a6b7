/* A file of points (--point-grid). */
#include "file.h"
#include "replay.h"

#include "base/error.h"
#include "program/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct settings settings;
    if (settings_init(&settings, FOR_RUN, &error) ||
        settings_set(&settings, "point-grid", fuzz_file(0, data, size), SOURCE_COMMAND_LINE,
                     &error))
        abort();
    if (settings_complete(&settings, &error) == 0)
        for (int i = 0; i < 2 * settings.generator.own_point_count; i++)
            if (!(settings.generator.own_points[i] >= 0 && settings.generator.own_points[i] <= 1))
                abort();
    settings_free(&settings);
    return 0;
}
