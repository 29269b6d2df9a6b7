#include "program/config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/json_text.h"
#include "base/text_mark.h"
#include "program/settings.h"
#include "program/text_file.h"

/* The text of a JSON value for settings_set: in `text`, or the value's own string. NULL for an
 * array or an object. */
static const char *value_text(const json_t *value, char *text, size_t size)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        return json_string_value(value);
    case JSON_INTEGER:
        snprintf(text, size, "%lld", (long long)json_integer_value(value));
        return text;
    case JSON_REAL:
        snprintf(text, size, "%.17g", json_real_value(value));
        return text;
    case JSON_TRUE:
        return "true";
    case JSON_FALSE:
        return "false";
    default:
        return NULL;
    }
}

static int apply_value(struct settings *settings, const char *key, const json_t *value,
                       struct error *error)
{
    char text[64];
    const char *given = value_text(value, text, sizeof text);
    if (given)
        return settings_set(settings, key, given, SOURCE_CONFIG, error);
    return error_set(error, ERROR_USAGE, "%s: expected a number, a text, true or false", key);
}

/* An array has the texts of an option that may be given several times. */
static int apply_array(struct settings *settings, const char *key, const json_t *array,
                       struct error *error)
{
    size_t i;
    json_t *value;
    json_array_foreach(array, i, value)
    {
        if (!json_is_string(value))
            return error_set(error, ERROR_USAGE, "%s: expected an array of texts", key);
        if (apply_value(settings, key, value, error))
            return -1;
    }
    return 0;
}

static int apply(struct settings *settings, json_t *object, struct error *error)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return error_set(error, ERROR_USAGE, "expected a JSON object of options");
    json_object_foreach(object, key, value)
    {
        if (json_is_null(value))
            continue;
        bool many = json_is_array(value) && settings_may_repeat(settings, key);
        if (many ? apply_array(settings, key, value, error)
                 : apply_value(settings, key, value, error))
            return -1;
    }
    return 0;
}

/* Whether a text has quotes of a word processor or of a shell, which JSON does not know. */
static bool has_other_quotes(const char *text, size_t size)
{
    static const char *const quotes[] = {"'", "\xe2\x80\x98", "\xe2\x80\x99", "\xe2\x80\x9c",
                                         "\xe2\x80\x9d"};
    for (size_t i = 0; i < sizeof quotes / sizeof *quotes; i++)
        if (memmem(text, size, quotes[i], strlen(quotes[i])))
            return true;
    return false;
}

static int apply_text(struct settings *settings, const char *text, size_t size, struct error *error)
{
    const char *wide = text_wide(text, size);
    size_t mark = text_mark(text, size);
    json_error_t reason;
    if (wide)
        return error_set(error, ERROR_USAGE, "this is %s text; save it as UTF-8", wide);
    json_t *object = json_load_bounded(text + mark, size - mark, JSON_REJECT_DUPLICATES, &reason);
    if (!object) {
        error_set(error, ERROR_USAGE, "line %d: %s", reason.line, reason.text);
        return has_other_quotes(text, size)
                   ? error_append(error, "; JSON knows plain double quotes (\") only")
                   : -1;
    }
    int status = apply(settings, object, error);
    json_decref(object);
    return status;
}

int config_read(struct settings *settings, const char *path, struct error *error)
{
    char *text;
    size_t size;
    int status = text_file_read(path, &text, &size, error);
    if (status == 0) {
        status = apply_text(settings, text, size, error);
        free(text);
    }
    return status ? error_prefix(error, "--config %s", path) : 0;
}

void config_value(struct json_text *text, const struct settings *settings,
                  const struct setting *setting)
{
    char value[4096];
    settings_text(settings, setting, value, sizeof value);
    if (setting->kind != SETTING_TEXT)
        json_text_raw(text, value);
    else if (*value)
        json_text_string(text, value, strlen(value));
    else
        json_text_raw(text, "null");
}

char *config_text(const struct settings *settings, struct error *error)
{
    struct json_text text = {0};
    size_t count;
    const struct setting *table = settings_table(&count);
    const char *before = "{\n  ";
    for (size_t i = 0; i < count; i++) {
        char key[64];
        if (!(table[i].traits & DECIDES))
            continue;
        settings_key(&table[i], key, sizeof key);
        json_text_raw(&text, before);
        json_text_string(&text, key, strlen(key));
        json_text_raw(&text, ": ");
        config_value(&text, settings, &table[i]);
        before = ",\n  ";
    }
    json_text_raw(&text, "\n}");
    return json_text_take(&text, NULL, error);
}

struct preset_value {
    const char *name, *value;
};

static const struct preset_value sa1b[] = {
    {"points-per-side", "32"},
    {"pred-iou-thresh", "0.88"},
    {"stability-score-thresh", "0.95"},
    {"stability-score-offset", "1"},
    {"box-nms-thresh", "0.7"},
    {"crop-n-layers", "2"},
    {"crop-nms-thresh", "0.7"},
    {"crop-overlap-ratio", "512/1500"},
    {"crop-n-points-downscale-factor", "2"},
    {"max-area-fraction", "0.95"},
    {"min-mask-region-area", "100"},
    {"region-cleanup", "sa1b"},
};

static int apply_defaults(struct settings *settings, struct error *error)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++)
        if ((table[i].traits & MODEL_DEFAULT) && table[i].standard &&
            settings_set(settings, table[i].name, table[i].standard, SOURCE_PRESET, error))
            return -1;
    return 0;
}

/* What SAM 2's generator has other than SAM's. */
static const struct preset_value sam2[] = {
    {"pred-iou-thresh", "0.8"},
};

/* All that a model can find, whether it is sure of it or not: the thresholds are those at which the
 * recall of the built-in model's masks no longer grows (train/LOG.md). The rest is the model's. */
static const struct preset_value recall[] = {
    {"pred-iou-thresh", "0.2"},
    {"stability-score-thresh", "0.35"},
    {"min-mask-region-area", "0"},
};

static int apply_preset(struct settings *settings, const struct preset_value *values, size_t count,
                        struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (settings_set(settings, values[i].name, values[i].value, SOURCE_PRESET, error))
            return -1;
    return 0;
}

int config_preset(struct settings *settings, const char *preset, struct error *error)
{
    if (strcmp(preset, "sa1b") == 0)
        return apply_preset(settings, sa1b, sizeof sa1b / sizeof sa1b[0], error);
    if (strcmp(preset, "recall") == 0)
        return apply_preset(settings, recall, sizeof recall / sizeof recall[0], error);
    if (apply_defaults(settings, error))
        return -1;
    if (strcmp(preset, "sam2") == 0)
        return apply_preset(settings, sam2, sizeof sam2 / sizeof sam2[0], error);
    return 0;
}
