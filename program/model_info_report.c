/* model_info_report.c - the report about a model, as text and as JSON. */
#include <inttypes.h>
#include <string.h>

#include "base/json_text.h"
#include "base/plain_text.h"
#include "library/mm_handles.h"
#include "model/checkpoint/checkpoint.h"
#include "model/sam.h"
#include "program/config.h"
#include "program/model_info.h"
#include "program/model_zoo.h"

enum { VALUE_SIZE = 256 };

static void print_metadata(const struct model_info *info, FILE *to)
{
    const char *key, *value;
    for (size_t i = 0; checkpoint_metadata_at(info->checkpoint, i, &key, &value); i++) {
        plain_line(to, "%-15s %s = %s", i ? "" : "metadata", key, value);
    }
}

static void print_defaults(const struct model_info *info, FILE *to)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    const char *lead = "defaults";
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].traits & MODEL_DEFAULT))
            continue;
        char value[VALUE_SIZE];
        settings_text(info->settings, &table[i], value, sizeof value);
        bool own = settings_source(info->settings, &table[i]) == SOURCE_MODEL;
        fprintf(to, "%-15s --%s %s%s\n", lead, table[i].name, value,
                own ? " (the model's own)" : "");
        lead = "";
    }
}

/* The published file's, else that of the architecture. */
static const char *family(const struct model_info *info)
{
    return info->published ? info->published->family : sam_info(mm_model_sam(info->loaded))->family;
}

/* Which file it is, and how it was written. */
static void print_file(const struct model_info *info, FILE *to)
{
    const struct sam_info *sam = sam_info(mm_model_sam(info->loaded));
    const struct model_zoo_entry *published = info->published;
    plain_line(to, "model           %s", info->model);
    if (published)
        fprintf(to, "official file   %s (%s, %s)\n", published->file, published->title,
                published->licence);
    else
        fprintf(to, "official file   none of those known\n");
    struct checkpoint_summary summary = checkpoint_summary(info->checkpoint);
    if (summary.files == 1)
        fprintf(to, "format          %s\n", summary.format);
    else
        fprintf(to, "format          %s in %zu files\n", summary.format, summary.files);
    if (strcmp(summary.naming, "official") != 0)
        fprintf(to, "names of        %s\n", summary.naming);
    if (*sam->inside)
        plain_line(to, "weights in      %s", sam->inside);
    if (*sam->prefix)
        plain_line(to, "prefix dropped  %s", sam->prefix);
    if (*sam->wrapper)
        plain_line(to, "wrapper dropped %s", sam->wrapper);
}

/* How a region of an image becomes the model's input, and where its prompts lie. */
static void print_input(const struct sam_info *sam, FILE *to)
{
    fprintf(to, "image size      %d\n", sam->image_size);
    if (sam->resize == SAM_RESIZE_LONGEST)
        fprintf(to, "resizing        longer side to %d, zeros right and below\n", sam->image_size);
    else
        fprintf(to, "resizing        both sides to %d\n", sam->image_size);
    if (sam->prompt_size != sam->image_size)
        fprintf(to, "prompts         in pixels of %d x %d\n", sam->prompt_size, sam->prompt_size);
}

void model_info_print(const struct model_info *info, FILE *to)
{
    const struct sam_info *sam = sam_info(mm_model_sam(info->loaded));
    print_file(info, to);
    fprintf(to, "family          %s\n", family(info));
    fprintf(to, "architecture    %s\n", sam->name);
    print_input(sam, to);
    fprintf(to, "embedding       %d x %d x %d\n", sam->embed_dim, sam->grid, sam->grid);
    fprintf(to, "mask logits     %d x %d\n", sam->low_size, sam->low_size);
    fprintf(to, "parameters      %" PRIu64 " (%.1f M)\n", sam->parameters,
            (double)sam->parameters / 1e6);
    fprintf(to, "dtype           %s\n", sam->dtype);
    fprintf(to, "file size       %" PRIu64 " bytes\n", info->bytes);
    fprintf(to, "sha256          %s\n", info->sha256);
    print_defaults(info, to);
    print_metadata(info, to);
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

static void add_metadata(struct json_text *text, const struct model_info *info)
{
    const char *key, *value;
    add_key(text, "metadata");
    json_text_raw(text, "{");
    for (size_t i = 0; checkpoint_metadata_at(info->checkpoint, i, &key, &value); i++) {
        json_text_raw(text, i ? ", " : "");
        json_text_string(text, key, strlen(key));
        json_text_raw(text, ": ");
        json_text_string(text, value, strlen(value));
    }
    json_text_raw(text, "}");
}

/* All defaults, or only the model's own. */
static void add_defaults(struct json_text *text, const struct model_info *info, const char *name,
                         bool own)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    const char *comma = "";
    add_key(text, name);
    json_text_raw(text, "{");
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].traits & MODEL_DEFAULT) ||
            (own && settings_source(info->settings, &table[i]) != SOURCE_MODEL))
            continue;
        char key[64];
        settings_key(&table[i], key, sizeof key);
        json_text_raw(text, comma);
        json_text_string(text, key, strlen(key));
        json_text_raw(text, ": ");
        config_value(text, info->settings, &table[i]);
        comma = ", ";
    }
    json_text_raw(text, "}");
}

void model_info_json(const struct model_info *info, struct json_text *text)
{
    const struct sam_info *sam = sam_info(mm_model_sam(info->loaded));
    const struct model_zoo_entry *published = info->published;
    json_text_raw(text, "{\"model\": ");
    json_text_string(text, info->model, strlen(info->model));
    add_string(text, "official", published ? published->name : NULL);
    add_string(text, "official_file", published ? published->file : NULL);
    add_string(text, "licence", published ? published->licence : NULL);
    add_string(text, "format", checkpoint_summary(info->checkpoint).format);
    add_integer(text, "files", checkpoint_summary(info->checkpoint).files);
    add_string(text, "names_of", checkpoint_summary(info->checkpoint).naming);
    add_string(text, "weights_in", *sam->inside ? sam->inside : NULL);
    add_string(text, "prefix_dropped", *sam->prefix ? sam->prefix : NULL);
    add_string(text, "wrapper_dropped", *sam->wrapper ? sam->wrapper : NULL);
    add_string(text, "family", family(info));
    add_string(text, "architecture", sam->name);
    add_integer(text, "image_size", (uint64_t)sam->image_size);
    add_string(text, "resizing", sam->resize == SAM_RESIZE_LONGEST ? "longest side" : "both sides");
    add_integer(text, "prompt_size", (uint64_t)sam->prompt_size);
    add_integer(text, "embed_dim", (uint64_t)sam->embed_dim);
    add_integer(text, "grid", (uint64_t)sam->grid);
    add_integer(text, "low_size", (uint64_t)sam->low_size);
    add_integer(text, "parameters", sam->parameters);
    add_string(text, "dtype", sam->dtype);
    add_integer(text, "bytes", info->bytes);
    add_string(text, "sha256", info->sha256);
    add_defaults(text, info, "defaults", false);
    add_defaults(text, info, "own_defaults", true);
    add_metadata(text, info);
    json_text_raw(text, "}\n");
}
