/* model_info_report.c - an inspection as text and as JSON. */
#include <inttypes.h>
#include <string.h>

#include "base/json_text.h"
#include "model/checkpoint/checkpoint.h"
#include "model/sam.h"
#include "program/config.h"
#include "program/model_info.h"
#include "program/model_zoo.h"

enum { VALUE_SIZE = 256 };

/* Metadata come from the file: nothing in them may steer a terminal. */
static void print_clean(FILE *to, const char *text)
{
    for (; *text; text++)
        fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, to);
}

static void print_metadata(const struct inspection *inspection, FILE *to)
{
    const char *key, *value;
    for (size_t i = 0; checkpoint_metadata_at(inspection->checkpoint, i, &key, &value); i++) {
        fputs(i ? "                " : "metadata        ", to);
        print_clean(to, key);
        fputs(" = ", to);
        print_clean(to, value);
        fputc('\n', to);
    }
}

static void print_defaults(const struct inspection *inspection, FILE *to)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    const char *lead = "defaults";
    for (size_t i = 0; i < count; i++) {
        if (!table[i].model_default)
            continue;
        char value[VALUE_SIZE];
        settings_text(&inspection->settings, &table[i], value, sizeof value);
        bool own = settings_source(&inspection->settings, &table[i]) == SOURCE_MODEL;
        fprintf(to, "%-15s --%s %s%s\n", lead, table[i].name, value,
                own ? " (the model's own)" : "");
        lead = "";
    }
}

void inspect_print(const struct inspection *inspection, FILE *to)
{
    const struct sam_info *info = sam_info(inspection->sam);
    const struct official *official = inspection->official;
    fprintf(to, "model           %s\n", inspection->model);
    if (official)
        fprintf(to, "official file   %s (%s, %s)\n", official->file, official->title,
                official->licence);
    else
        fprintf(to, "official file   none of those known\n");
    fprintf(to, "format          %s\n", checkpoint_summary(inspection->checkpoint).format);
    fprintf(to, "architecture    %s\n", info->name);
    fprintf(to, "image size      %d\n", info->image_size);
    fprintf(to, "embedding       %d x %d x %d\n", info->embed_dim, info->grid, info->grid);
    fprintf(to, "mask logits     %d x %d\n", info->low_size, info->low_size);
    fprintf(to, "parameters      %" PRIu64 " (%.1f M)\n", info->parameters,
            (double)info->parameters / 1e6);
    fprintf(to, "dtype           %s\n", info->dtype);
    fprintf(to, "file size       %" PRIu64 " bytes\n", inspection->bytes);
    fprintf(to, "sha256          %s\n", inspection->sha256);
    print_defaults(inspection, to);
    print_metadata(inspection, to);
}

/* `, "key": ` between the members of an object. */
static void add_key(struct json_text *text, const char *key)
{
    json_text_raw(text, ", ");
    json_text_string(text, key, strlen(key));
    json_text_raw(text, ": ");
}

static void add_string(struct json_text *text, const char *key, const char *value)
{
    add_key(text, key);
    if (value)
        json_text_string(text, value, strlen(value));
    else
        json_text_raw(text, "null");
}

static void add_integer(struct json_text *text, const char *key, uint64_t value)
{
    add_key(text, key);
    json_text_integer(text, (int64_t)value);
}

static void add_metadata(struct json_text *text, const struct inspection *inspection)
{
    const char *key, *value;
    add_key(text, "metadata");
    json_text_raw(text, "{");
    for (size_t i = 0; checkpoint_metadata_at(inspection->checkpoint, i, &key, &value); i++) {
        json_text_raw(text, i ? ", " : "");
        json_text_string(text, key, strlen(key));
        json_text_raw(text, ": ");
        json_text_string(text, value, strlen(value));
    }
    json_text_raw(text, "}");
}

/* `own` chooses all, or those of the model alone. */
static void add_defaults(struct json_text *text, const struct inspection *inspection,
                         const char *name, bool own)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    const char *comma = "";
    add_key(text, name);
    json_text_raw(text, "{");
    for (size_t i = 0; i < count; i++) {
        if (!table[i].model_default ||
            (own && settings_source(&inspection->settings, &table[i]) != SOURCE_MODEL))
            continue;
        char key[64];
        settings_key(&table[i], key, sizeof key);
        json_text_raw(text, comma);
        json_text_string(text, key, strlen(key));
        json_text_raw(text, ": ");
        config_value(text, &inspection->settings, &table[i]);
        comma = ", ";
    }
    json_text_raw(text, "}");
}

void inspect_json(const struct inspection *inspection, struct json_text *text)
{
    const struct sam_info *info = sam_info(inspection->sam);
    const struct official *official = inspection->official;
    json_text_raw(text, "{\"model\": ");
    json_text_string(text, inspection->model, strlen(inspection->model));
    add_string(text, "official", official ? official->name : NULL);
    add_string(text, "official_file", official ? official->file : NULL);
    add_string(text, "format", checkpoint_summary(inspection->checkpoint).format);
    add_string(text, "architecture", info->name);
    add_integer(text, "image_size", (uint64_t)info->image_size);
    add_integer(text, "embed_dim", (uint64_t)info->embed_dim);
    add_integer(text, "grid", (uint64_t)info->grid);
    add_integer(text, "low_size", (uint64_t)info->low_size);
    add_integer(text, "parameters", info->parameters);
    add_string(text, "dtype", info->dtype);
    add_integer(text, "bytes", inspection->bytes);
    add_string(text, "sha256", inspection->sha256);
    add_defaults(text, inspection, "defaults", false);
    add_defaults(text, inspection, "own_defaults", true);
    add_metadata(text, inspection);
    json_text_raw(text, "}\n");
}
