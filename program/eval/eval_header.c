#include "program/eval/eval_header.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/path.h"
#include "base/utf8.h"
#include "jobs/ndjson.h"
#include "program/settings.h"

#define MARK "maskmill_eval"

enum { VERSION = 1, VALUE_TEXT = 4096 };

/* ---- from the settings ---- */

/* The options of eval that decide results. */
static const char *const deciding[] = {"clicks",      "box-prompts", "annotator", "label-suffix",
                                       "label-codes", "background",  "ignore",    "components"};

static bool is_deciding(const struct setting *setting)
{
    for (size_t i = 0; (setting->traits & FOR_EVAL) && i < sizeof deciding / sizeof *deciding; i++)
        if (strcmp(setting->name, deciding[i]) == 0)
            return true;
    return false;
}

/* Whether an option of run, which --set sets, has the value that it has where nobody sets it. */
static bool is_standard(const struct setting *setting, const char *text)
{
    const char *standard = settings_standard(setting, FOR_EVAL);
    if (standard)
        return strcmp(text, standard) == 0;
    return !*text || strcmp(text, "0") == 0 || strcmp(text, "false") == 0;
}

/* Adds the options that were given, and for a model those of run with another value than the default. */
static int add_options(struct eval_header *header, const struct settings *settings, bool model,
                       struct error *error)
{
    char text[VALUE_TEXT];
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++) {
        const bool given = is_deciding(&table[i]) && settings_given(settings, table[i].name);
        if (!given && !(model && (table[i].traits & DECIDES)))
            continue;
        settings_text(settings, &table[i], text, sizeof text);
        if ((given || !is_standard(&table[i], text)) &&
            runfile_set(&header->options, table[i].name, text, error))
            return -1;
    }
    return 0;
}

int eval_header_make(struct eval_header *header, const struct settings *settings, const char *model,
                     struct error *error)
{
    const char *data = settings->coco ? "coco" : settings->label_maps ? "label-maps" : "pairs";
    header->set = strdup(settings->name ? settings->name : "");
    if (!header->set)
        return error_set(error, ERROR_MEMORY, "no memory for the name of the data set");
    if (runfile_set(&header->options, "data", data, error) ||
        (model && runfile_set(&header->options, "model_sha256", model, error)))
        return -1;
    return add_options(header, settings, model != NULL, error);
}

/* Notes a path as an option; JSON has no room for one that is not UTF-8. */
static int add_path(struct eval_header *header, const char *name, const char *path,
                    struct error *error)
{
    if (!path)
        return 0;
    char *tidy = strdup(utf8_valid(path, strlen(path)) ? path : "a name that is not UTF-8");
    if (!tidy)
        return error_set(error, ERROR_MEMORY, "no memory for a path");
    path_tidy(tidy);
    int status = runfile_set(&header->options, name, *tidy ? tidy : ".", error);
    free(tidy);
    return status;
}

int eval_header_add_places(struct eval_header *header, const struct settings *settings,
                           const char *const *inputs, size_t count, struct error *error)
{
    char *images;
    if (add_path(header, "masks", settings->masks, error) ||
        add_path(header, "coco", settings->coco, error) ||
        add_path(header, "label-maps", settings->label_maps, error))
        return -1;
    const int length = count > 1 ? asprintf(&images, "%s and %zu more", inputs[0], count - 1)
                                 : asprintf(&images, "%s", inputs[0]);
    if (length < 0)
        return error_set(error, ERROR_MEMORY, "no memory for a path");
    int status = add_path(header, "images", images, error);
    free(images);
    return status;
}

/* ---- as a line ---- */

static void write_member(struct json_text *text, const char *name, const char *value, bool first)
{
    json_text_raw(text, first ? "" : ",");
    json_text_string(text, name, strlen(name));
    json_text_raw(text, ":");
    json_text_string(text, value, strlen(value));
}

int eval_header_write(const struct eval_header *header, struct ndjson *line, struct error *error)
{
    struct json_text *text = &line->text;
    ndjson_begin(line);
    ndjson_integer(line, MARK, VERSION);
    ndjson_string(line, "set", header->set);
    json_text_raw(text, ",\"options\":{");
    for (size_t i = 0; i < header->options.count; i++)
        write_member(text, header->options.fields[i].name, header->options.fields[i].value, i == 0);
    json_text_raw(text, "},\"classes\":{");
    for (size_t i = 0; i < header->classes.count; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", (int)header->classes.items[i].number);
        write_member(text, number, header->classes.items[i].name, i == 0);
    }
    json_text_raw(text, "}");
    return ndjson_end(line) ? error_set(error, ERROR_MEMORY, "no memory for a line of results") : 0;
}

static int read_options(struct eval_header *header, json_t *options, struct error *error)
{
    const char *name;
    json_t *value;
    json_object_foreach(options, name, value)
    {
        if (!json_is_string(value))
            return error_set(error, ERROR_RECORD, "options.%s is not a text", name);
        if (runfile_set(&header->options, name, json_string_value(value), error))
            return -1;
    }
    return 0;
}

static int read_classes(struct eval_header *header, json_t *classes, struct error *error)
{
    const char *number;
    json_t *name;
    json_object_foreach(classes, number, name)
    {
        const long parsed = strtol(number, NULL, 10);
        if (json_is_string(name) && parsed > 0 && parsed <= INT32_MAX &&
            class_names_put(&header->classes, (int32_t)parsed, json_string_value(name), error))
            return -1;
    }
    return 0;
}

int eval_header_read(struct eval_header *header, const char *line, size_t length,
                     struct error *error)
{
    json_t *object = json_load_bounded(line, length, 0, NULL);
    const char *set = json_string_value(json_object_get(object, "set"));
    const json_t *mark = json_object_get(object, MARK);
    int status = -1;
    if (!set || !json_is_integer(mark))
        error_set(error, ERROR_RECORD, "no results of maskmill eval");
    else if (json_integer_value(mark) != VERSION)
        error_set(error, ERROR_RECORD, "results of another version of maskmill eval");
    else if (!(header->set = strdup(set)))
        error_set(error, ERROR_MEMORY, "no memory for a name");
    else if (read_options(header, json_object_get(object, "options"), error) == 0)
        status = read_classes(header, json_object_get(object, "classes"), error);
    json_decref(object);
    if (status)
        eval_header_free(header);
    return status;
}

/* ---- comparing ---- */

/* Whether an option says where something lies. Shards of other machines may find it elsewhere. */
static bool is_place(const char *name)
{
    return strcmp(name, "masks") == 0 || strcmp(name, "coco") == 0 ||
           strcmp(name, "label-maps") == 0 || strcmp(name, "images") == 0;
}

/* The first of `options` that `others` have with another value, or not at all; NULL: none. */
static const char *find_difference(const struct runfile_list *options,
                                   const struct runfile_list *others, bool shards)
{
    for (size_t i = 0; i < options->count; i++) {
        const struct runfile_field *field = &options->fields[i];
        const char *value = runfile_value(others, field->name);
        if (shards && strcmp(field->name, "shard") == 0)
            continue;
        const bool any = shards && is_place(field->name);
        if (!value || (!any && strcmp(value, field->value) != 0))
            return field->name;
    }
    return NULL;
}

static const char *shown(const struct runfile_list *options, const char *name)
{
    const char *value = runfile_value(options, name);
    return value ? value : "the default";
}

int eval_header_agree(const struct eval_header *there, const struct eval_header *here, bool shards,
                      struct error *error)
{
    const char *name = find_difference(&there->options, &here->options, shards);
    if (strcmp(there->set, here->set) != 0)
        return error_set(error, ERROR_USAGE, "the data set is \"%s\" there, and \"%s\" here",
                         there->set, here->set);
    if (!name)
        name = find_difference(&here->options, &there->options, shards);
    if (!name)
        return 0;
    return error_set(error, ERROR_USAGE, "%s is %s there, and %s here", name,
                     shown(&there->options, name), shown(&here->options, name));
}

bool eval_header_of_masks(const struct eval_header *header)
{
    return runfile_value(&header->options, "masks") != NULL;
}

void eval_header_free(struct eval_header *header)
{
    free(header->set);
    runfile_free(&header->options);
    class_names_free(&header->classes);
    *header = (struct eval_header){0};
}
