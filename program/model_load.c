#include "program/model_load.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/plain_text.h"
#include "include/maskmill.h"
#include "library/mm_handles.h"
#include "model/checkpoint/checkpoint.h"
#include "model/sam.h"
#include "pipeline/options.h"
#include "program/segmenter.h"
#include "program/settings.h"

const char *model_load_name(const struct settings *settings)
{
    return settings->model ? settings->model : "built-in model";
}

static enum mm_precision precision_of(const char *name)
{
    if (strcmp(name, "bf16") == 0)
        return MM_BF16;
    return strcmp(name, "f16") == 0 ? MM_F16 : MM_F32;
}

static int load(struct mm_model **model, const struct settings *settings, struct error *error)
{
    const struct mm_model_options options = {
        .image_size = settings->image_size,
        .precision = precision_of(settings->precision),
    };
    struct mm_error failure = {0};
    *model = mm_model_open(settings->model, &options, &failure);
    if (*model)
        return 0;
    segmenter_error(error, &failure);
    return -1;
}

static bool search_given(const struct settings *settings)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++)
        if ((table[i].traits & SEARCH) && settings_source(settings, &table[i]) > SOURCE_MODEL)
            return true;
    return false;
}

static int apply_defaults(const struct mm_model *model, struct settings *settings,
                          char used[MODEL_LOAD_DEFAULTS], struct error *error)
{
    size_t length = 0;
    size_t count;
    const struct setting *table = settings_table(&count);
    bool may_search = !search_given(settings);
    used[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        char key[64];
        settings_key(&table[i], key, sizeof key);
        bool allowed =
            (table[i].traits & MODEL_DEFAULT) && (may_search || !(table[i].traits & SEARCH));
        const char *value = allowed ? generator_model_default(mm_model_sam(model), key) : NULL;
        if (!value)
            continue;
        if (settings_set(settings, key, value, SOURCE_MODEL, error)) {
            error->code = ERROR_MODEL;
            return error_prefix(error, "metadata of %s", model_load_name(settings));
        }
        if (settings_source(settings, &table[i]) == SOURCE_MODEL && length < MODEL_LOAD_DEFAULTS)
            length += (size_t)snprintf(used + length, MODEL_LOAD_DEFAULTS - length, "%s --%s %s",
                                       length ? "," : "", table[i].name, value);
    }
    return 0;
}

int model_load(struct mm_model **model, struct settings *settings, char used[MODEL_LOAD_DEFAULTS],
               struct error *error)
{
    if (load(model, settings, error))
        return -1;
    if (apply_defaults(*model, settings, used, error) || settings_complete(settings, error)) {
        mm_model_free(*model);
        *model = NULL;
        return -1;
    }
    return 0;
}

void model_load_dropped(const struct mm_model *model, char text[MODEL_LOAD_DEFAULTS])
{
    const struct sam_info *info = sam_info(mm_model_sam(model));
    text[0] = '\0';
    if (*info->prefix && *info->wrapper)
        snprintf(text, MODEL_LOAD_DEFAULTS,
                 "the prefix \"%s\" is dropped from the names of all tensors, and \"%s\" within "
                 "them",
                 info->prefix, info->wrapper);
    else if (*info->prefix)
        snprintf(text, MODEL_LOAD_DEFAULTS,
                 "the prefix \"%s\" is dropped from the names of all tensors", info->prefix);
    else if (*info->wrapper)
        snprintf(text, MODEL_LOAD_DEFAULTS, "\"%s\" is dropped from the names of tensors",
                 info->wrapper);
}

void model_load_tell(const char *command, const struct settings *settings,
                     const struct mm_model *model, const char *used)
{
    char dropped[MODEL_LOAD_DEFAULTS];
    const char *name = model_load_name(settings);
    model_load_dropped(model, dropped);
    if (*dropped)
        plain_line(stderr, "maskmill %s: %s: %s", command, name, dropped);
    if (*used)
        plain_line(stderr, "maskmill %s: %s: its own defaults are used:%s", command, name, used);
}

int model_load_check(const struct mm_model *model, struct error *error)
{
    return checkpoint_check_unchanged(sam_checkpoint(mm_model_sam(model)), error);
}

int model_load_digest(const struct mm_model *model, char text[DIGEST_TEXT], struct error *error)
{
    const struct checkpoint *checkpoint = sam_checkpoint(mm_model_sam(model));
    struct digest *digest = digest_new();
    const void *bytes;
    size_t size;
    for (size_t i = 0; (bytes = checkpoint_bytes(checkpoint, i, &size)); i++)
        digest_add(digest, bytes, size);
    digest_finish(digest, text);
    return model_load_check(model, error);
}
