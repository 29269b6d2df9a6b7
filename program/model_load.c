#include "program/model_load.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/builtin.h"
#include "model/sam.h"
#include "program/settings.h"

const char *load_name(const struct settings *settings)
{
    return settings->model ? settings->model : "built-in model";
}

static enum sam_precision precision_of(const char *name)
{
    if (strcmp(name, "bf16") == 0)
        return SAM_BF16;
    return strcmp(name, "f16") == 0 ? SAM_F16 : SAM_F32;
}

static int load(struct sam **sam, const struct settings *settings, struct error *error)
{
    const struct sam_options options = {
        .image_size = settings->image_size,
        .precision = precision_of(settings->precision),
    };
    if (settings->model)
        return sam_load(sam, settings->model, &options, error);
    return sam_load_memory(sam, builtin_model, builtin_model_size, load_name(settings), &options,
                           error);
}

static bool search_given(const struct settings *settings)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++)
        if (table[i].search && settings_source(settings, &table[i]) > SOURCE_MODEL)
            return true;
    return false;
}

static int apply_defaults(const struct sam *sam, struct settings *settings, char said[LOAD_SAID],
                          struct error *error)
{
    size_t used = 0;
    size_t count;
    const struct setting *table = settings_table(&count);
    bool searches = !search_given(settings);
    said[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char key[64];
        settings_key(&table[i], key, sizeof key);
        bool allowed = table[i].model_default && (searches || !table[i].search);
        const char *value = allowed ? sam_metadata(sam, key) : NULL;
        if (!value)
            continue;
        if (settings_set(settings, key, value, SOURCE_MODEL, error)) {
            error->code = ERROR_MODEL;
            return error_prefix(error, "metadata of %s", load_name(settings));
        }
        if (settings_source(settings, &table[i]) == SOURCE_MODEL && used < LOAD_SAID)
            used += (size_t)snprintf(said + used, LOAD_SAID - used, "%s --%s %s", used ? "," : "",
                                     table[i].name, value);
    }
    return 0;
}

int load_model(struct sam **sam, struct settings *settings, char said[LOAD_SAID],
               struct error *error)
{
    if (load(sam, settings, error))
        return -1;
    if (apply_defaults(*sam, settings, said, error) || settings_complete(settings, error)) {
        sam_free(*sam);
        *sam = NULL;
        return -1;
    }
    return 0;
}

int load_digest(const struct settings *settings, char text[DIGEST_TEXT], struct error *error)
{
    if (settings->model)
        return digest_file(settings->model, text, error);
    digest_bytes(builtin_model, builtin_model_size, text);
    return 0;
}
