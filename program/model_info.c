#include "program/model_info.h"

#include "base/error.h"
#include "include/maskmill.h"
#include "model/builtin.h"
#include "model/checkpoint/checkpoint.h"
#include "program/model_load.h"
#include "program/model_zoo.h"

/* Opens the file itself, for its metadata and format. */
static int open_file(struct model_info *info, const char *path, struct error *error)
{
    if (!path)
        return checkpoint_open_memory(&info->checkpoint, builtin_model, builtin_model_size,
                                      info->model, error);
    return checkpoint_open(&info->checkpoint, path, error);
}

static int load(struct model_info *info, const char *path, struct error *error)
{
    char defaults[MODEL_LOAD_DEFAULTS];
    struct settings *settings = info->settings;
    if (path && settings_set(settings, "model", path, SOURCE_COMMAND_LINE, error))
        return -1;
    info->model = model_load_name(settings);
    return open_file(info, path, error) || model_load(&info->loaded, settings, defaults, error) ||
                   model_load_digest(info->loaded, info->sha256, error)
               ? -1
               : 0;
}

int model_info_read(struct model_info *info, const char *path, struct settings *settings,
                    struct error *error)
{
    *info = (struct model_info){.settings = settings};
    if (load(info, path, error)) {
        model_info_free(info);
        return -1;
    }
    info->published = model_zoo_identify(info->sha256);
    size_t size;
    for (size_t i = 0; checkpoint_bytes(info->checkpoint, i, &size); i++)
        info->bytes += size;
    return 0;
}

void model_info_free(struct model_info *info)
{
    mm_model_free(info->loaded);
    checkpoint_close(info->checkpoint);
    *info = (struct model_info){0};
}
