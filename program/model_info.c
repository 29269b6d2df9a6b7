#include "program/model_info.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/error.h"
#include "model/builtin.h"
#include "model/checkpoint/checkpoint.h"
#include "model/sam.h"
#include "program/model_load.h"
#include "program/model_zoo.h"

/* The file itself, beside the model that is made of it. */
static int open_file(struct inspection *inspection, const char *path, struct error *error)
{
    struct stat status;
    if (!path) {
        inspection->bytes = builtin_model_size;
        return checkpoint_open_memory(&inspection->checkpoint, builtin_model, builtin_model_size,
                                      inspection->model, error);
    }
    if (checkpoint_open(&inspection->checkpoint, path, error))
        return -1;
    if (stat(path, &status))
        return error_set_system(error, ERROR_IO, errno, "%s", path);
    inspection->bytes = (uint64_t)status.st_size;
    return 0;
}

static int load(struct inspection *inspection, const char *path, const char *image_size,
                struct error *error)
{
    struct settings *settings = &inspection->settings;
    char said[LOAD_SAID];
    if (settings_init(settings, error) ||
        (path && settings_set(settings, "model", path, SOURCE_COMMAND_LINE, error)) ||
        (image_size &&
         settings_set(settings, "image-size", image_size, SOURCE_COMMAND_LINE, error)))
        return -1;
    inspection->model = load_name(settings);
    return open_file(inspection, path, error) ||
                   load_model(&inspection->sam, settings, said, error) ||
                   load_digest(settings, inspection->sha256, error)
               ? -1
               : 0;
}

int inspect_model(struct inspection *inspection, const char *path, const char *image_size,
                  struct error *error)
{
    *inspection = (struct inspection){0};
    if (load(inspection, path, image_size, error)) {
        inspect_free(inspection);
        return -1;
    }
    inspection->official = official_by_sha256(inspection->sha256);
    return 0;
}

void inspect_free(struct inspection *inspection)
{
    sam_free(inspection->sam);
    checkpoint_close(inspection->checkpoint);
    settings_free(&inspection->settings);
    *inspection = (struct inspection){0};
}
