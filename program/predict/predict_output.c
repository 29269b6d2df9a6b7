#include "program/predict/predict_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/atomic.h"
#include "base/atomic_clean.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/path.h"
#include "pictures/picture.h"
#include "program/picture_settings.h"
#include "program/run/run_folder.h"
#include "program/settings.h"
#include "records/category.h"
#include "records/record.h"
#include "records/writer.h"

/* ---- opening */

/* Whether the folder has nothing but a run's own folder; a file of its own makes it one. */
static int check_folder(const struct predict_output *output, bool many, struct error *error)
{
    const struct settings *settings = output->settings;
    struct error ignored;
    if (folder_has(output->folder, RUN_FILE))
        return error_set(
            error, ERROR_USAGE,
            "-o %s: holds a run, whose ledgers know its records; choose another folder",
            settings->output);
    DIR *list = many && !settings->overwrite ? folder_list(output->folder, "", &ignored) : NULL;
    const struct dirent *entry;
    int status = 0;
    while (list && status == 0 && (entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            status =
                error_set(error, ERROR_USAGE,
                          "-o %s: is not empty; choose another folder, or --overwrite replaces "
                          "files of the same names",
                          settings->output);
    if (list)
        closedir(list);
    return status;
}

/* Whether the format is known, and its kind. */
static bool find_format(const char *wanted, enum writer_kind *kind)
{
    const char *name, *summary;
    for (size_t i = 0; writer_format(i, &name, kind, &summary); i++)
        if (strcmp(name, wanted) == 0)
            return true;
    return false;
}

static bool is_open(const struct predict_output *output, const char *const *names, const char *name)
{
    for (size_t i = 0; i < output->count; i++)
        if (names[i] && strcmp(names[i], name) == 0)
            return true;
    return false;
}

static int open_format(struct predict_output *output, const char *name, bool many,
                       struct error *error)
{
    const struct writer_options options = {.fields = output->fields,
                                           .categories = many ? &output->categories : NULL};
    const struct settings *settings = output->settings;
    char folder[64];
    enum writer_kind kind;
    if (!find_format(name, &kind))
        return error_set(error, ERROR_USAGE,
                         "--format %s: \"%s\" is not a format; see maskmill export --help",
                         settings->format, name);
    if (strcmp(name, "sa1b") == 0)
        return 0;
    snprintf(folder, sizeof folder, "@%s", name);
    if (kind == WRITER_WHOLE && many)
        return error_set(error, ERROR_USAGE,
                         "--format %s: with --boxes, @coco has all masks; `maskmill export` writes "
                         "other formats that collect images",
                         name);
    if (kind == WRITER_WHOLE && !settings->overwrite && folder_has(output->folder, folder))
        return error_set(error, ERROR_USAGE, "-o %s: %s is there already; --overwrite replaces it",
                         settings->output, folder);
    if (output->count == PREDICT_FORMATS)
        return error_set(error, ERROR_USAGE, "--format %s: too many formats", settings->format);
    if (kind == WRITER_EACH)
        snprintf(output->folders[output->count], sizeof *output->folders, "%s", folder);
    return writer_open(&output->writers[output->count++], name, output->folder, folder, &options,
                       error);
}

/* Opens the formats of a list, which is cut into names, each once. */
static int open_formats(struct predict_output *output, char *list, bool many, struct error *error)
{
    const char *names[PREDICT_FORMATS + 1] = {NULL};
    for (char *name; (name = strsep(&list, ","));) {
        if (is_open(output, names, name))
            continue;
        names[output->count] = name;
        if (open_format(output, name, many, error))
            return -1;
    }
    return 0;
}

int predict_output_open(struct predict_output *output, const struct settings *settings, bool many,
                        struct error *error)
{
    output->settings = settings;
    output->many = many;
    if (settings->fields && record_fields_parse(&output->fields, settings->fields, error))
        return error_prefix(error, "--fields %s", settings->fields);
    if (!settings->output)
        return 0;
    output->folder = folder_make(settings->output, settings->trust_folder, error);
    if (!output->folder || check_folder(output, many, error) ||
        atomic_clean(output->folder, NULL, error) || category_begin(&output->categories, error))
        return -1;
    char *list;
    if (asprintf(&list, "%s%s", settings->format, settings->png ? ",png" : "") < 0)
        return error_set(error, ERROR_MEMORY, "no memory for the formats");
    int status = open_formats(output, list, many, error);
    free(list);
    return status;
}

/* ---- names */

/* Refuses a name for which the folder has no place, or that was written already. */
static int check_name(struct predict_output *output, const char *name, struct error *error)
{
    size_t top = strcspn(name, "/");
    bool own = top == strlen(PATH_RUN_FOLDER) && strncasecmp(name, PATH_RUN_FOLDER, top) == 0;
    if (name[0] == '\0' || name[0] == '/' || path_has_parent(name))
        return error_set(error, ERROR_RECORD, "the image's name leads out of the folder");
    if (name[top] && (own || name[0] == '@'))
        return error_set(error, ERROR_RECORD, "its folder %.*s/ is reserved", (int)top, name);
    int found = hash_set_put(&output->names, hash_bytes(name, strlen(name)), error);
    if (found > 0)
        return error_set(error, ERROR_RECORD, "another image's record is %s.json", name);
    return found;
}

/* Refuses a name that is there, or that the folder cannot hold. */
static int check_file(const struct predict_output *output, const char *name, const char *ending,
                      struct error *error)
{
    const struct folder *folder = output->folder;
    struct stat status;
    char *file;
    int result = 0;
    if (asprintf(&file, "%s%s", name, ending) < 0)
        return error_set(error, ERROR_MEMORY, "no memory for a name");
    if (folder_stat(folder, file, &status) && folder_refuses_name(errno))
        result = error_set_system(error, ERROR_RECORD, errno, "%s%s", folder->prefix, file);
    else if (!output->settings->overwrite && folder_has(folder, file))
        result = error_set(error, ERROR_USAGE, "%s%s: is there already; --overwrite replaces it",
                           folder->prefix, file);
    free(file);
    return result;
}

/* Refuses an image's name of which a format has something already. Beside many images' there is nothing, for
 * the folder was empty. */
static int check_formats(const struct predict_output *output, const char *name, struct error *error)
{
    static const char *const endings[] = {"", ".json", ".png", ".tif", ".txt"};
    enum { ENDINGS = sizeof endings / sizeof *endings };
    int status = 0;
    for (size_t i = 0; status == 0 && i < output->count; i++) {
        char *file;
        if (!*output->folders[i])
            continue;
        if (asprintf(&file, "%s/%s", output->folders[i], name) < 0)
            return error_set(error, ERROR_MEMORY, "no memory for a name");
        for (size_t k = 0; status == 0 && k < ENDINGS; k++)
            status = check_file(output, file, endings[k], error);
        free(file);
    }
    return status;
}

int predict_output_claim(struct predict_output *output, const char *name, struct error *error)
{
    if (!output->folder)
        return 0;
    if (check_name(output, name, error))
        return -1;
    if (!output->many && check_formats(output, name, error))
        return -1;
    if (output->settings->overlay && check_file(output, name, ".overlay.jpg", error))
        return -1;
    return check_file(output, name, ".json", error);
}

/* ---- writing */

static int write_bytes(const struct predict_output *output, const char *name, const char *ending,
                       const void *bytes, size_t size, struct error *error)
{
    char *file;
    if (asprintf(&file, "%s%s", name, ending) < 0)
        return error_set(error, ERROR_MEMORY, "no memory for a name");
    int status = atomic_write(output->folder, file, bytes, size, NULL, error);
    free(file);
    return status;
}

static int write_overlay(const struct predict_output *output, const struct record *record,
                         const char *name, const struct image *photograph, struct error *error)
{
    const struct picture_style style = picture_settings_style(output->settings);
    uint8_t *bytes = NULL;
    size_t size;
    int status = picture_overlay(photograph, record, &style, &bytes, &size, error);
    if (status == 0)
        status = write_bytes(output, name, ".overlay.jpg", bytes, size, error);
    memory_free(bytes);
    return status;
}

/* Writes what goes with the record, then the record. */
static int write_all(struct predict_output *output, const struct record *record, const char *name,
                     const struct image *photograph, struct error *error)
{
    const struct writer_item item = {.record = record, .name = name};
    size_t length;
    char *text = record_text(record, output->fields, &length, error);
    int status = text ? 0 : -1;
    for (size_t i = 0; status == 0 && i < output->count; i++)
        status = writer_add(output->writers[i], &item, error);
    if (status == 0 && output->settings->overlay)
        status = write_overlay(output, record, name, photograph, error);
    if (status == 0)
        status = write_bytes(output, name, ".json", text, length, error);
    free(text);
    return status;
}

int predict_output_write(struct predict_output *output, const struct record *record,
                         const char *name, const struct image *photograph, struct error *error)
{
    if (!output->folder || write_all(output, record, name, photograph, error) == 0)
        return 0;
    if (folder_refuses_name(error->system))
        error->code = ERROR_RECORD;
    return -1;
}

int predict_output_finish(struct predict_output *output, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < output->count; i++) {
        if (status == 0)
            status = writer_close(output->writers[i], error);
        else
            writer_abandon(output->writers[i]);
        output->writers[i] = NULL;
    }
    return status;
}

void predict_output_close(struct predict_output *output)
{
    for (size_t i = 0; i < output->count; i++)
        writer_abandon(output->writers[i]);
    hash_set_free(&output->names);
    name_index_free(&output->categories);
    folder_close(output->folder);
    *output = (struct predict_output){0};
}
