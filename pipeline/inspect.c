#include "pipeline/inspect.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "model/builtin.h"
#include "model/checkpoint.h"
#include "model/sam.h"
#include "pipeline/official.h"

static const char BUILTIN_NAME[] = "built-in model";

static int open_builtin(struct inspection *inspection, struct error *error)
{
    const struct sam_options options = {0};
    inspection->model = BUILTIN_NAME;
    inspection->bytes = builtin_model_size;
    digest_bytes(builtin_model, builtin_model_size, inspection->sha256);
    return checkpoint_open_memory(&inspection->checkpoint, builtin_model, builtin_model_size,
                                  BUILTIN_NAME, error) ||
                   sam_load_memory(&inspection->sam, builtin_model, builtin_model_size,
                                   BUILTIN_NAME, &options, error)
               ? -1
               : 0;
}

static int open_file(struct inspection *inspection, const char *path, struct error *error)
{
    const struct sam_options options = {0};
    struct stat status;
    inspection->model = path;
    if (checkpoint_open(&inspection->checkpoint, path, error) ||
        sam_load(&inspection->sam, path, &options, error) ||
        digest_file(path, inspection->sha256, error))
        return -1;
    if (stat(path, &status))
        return error_set_system(error, ERROR_IO, errno, "%s", path);
    inspection->bytes = (uint64_t)status.st_size;
    return 0;
}

/* As a run does: defaults, then what the model's metadata says. */
static int apply_defaults(struct inspection *inspection, struct error *error)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++) {
        char key[64];
        settings_key(&table[i], key, sizeof key);
        const char *value = table[i].model_default ? sam_metadata(inspection->sam, key) : NULL;
        if (value && settings_set(&inspection->settings, key, value, SOURCE_MODEL, error)) {
            error->code = ERROR_MODEL;
            return error_prefix(error, "metadata of %s", inspection->model);
        }
    }
    return 0;
}

int inspect_model(struct inspection *inspection, const char *path, struct error *error)
{
    *inspection = (struct inspection){0};
    if (settings_init(&inspection->settings, error) ||
        (path ? open_file(inspection, path, error) : open_builtin(inspection, error)) ||
        apply_defaults(inspection, error)) {
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
