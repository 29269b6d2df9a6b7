#include "program/report/report_output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/atomic.h"
#include "base/atomic_batch.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "program/report/report_folder.h"
#include "program/report/report_page.h"

enum { SYNC_FILES = 1000, SYNC_SECONDS = 30 };

struct report_output {
    struct report_place place;
    struct report_page page;
    /* of a folder */
    char *temporary;       /* its name for now */
    struct folder *folder; /* with its lock */
    struct atomic_batch *batch;
    /* of one file */
    struct atomic_file file;
};

/* Whether `name` is a file that begins as a page. */
static bool is_page(const struct report_place *place)
{
    struct error ignored;
    char start[REPORT_PAGE_START];
    FILE *file = folder_stream(place->parent, place->name, &ignored);
    bool is = file && report_page_is(start, fread(start, 1, sizeof start, file));
    if (file)
        fclose(file);
    return is;
}

static bool is_report(const struct report_place *place)
{
    return place->single_file ? is_page(place) : report_folder_is(place->parent, place->name);
}

static bool is_empty_folder(const struct report_place *place)
{
    struct stat status;
    struct error ignored;
    size_t entries = 0;
    if (place->single_file || folder_stat(place->parent, place->name, &status) ||
        !S_ISDIR(status.st_mode))
        return false;
    DIR *list = folder_list(place->parent, place->name, &ignored);
    while (list && readdir(list))
        entries++;
    if (list)
        closedir(list);
    return list && entries == 2; /* "." and ".." */
}

int report_output_check(const struct report_place *place, struct error *error)
{
    const char *prefix = place->parent->prefix;
    if (!*place->name || strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0)
        return error_set(error, ERROR_USAGE, "-o %s%s: name the report itself", prefix,
                         place->name);
    if (!folder_has(place->parent, place->name) || is_empty_folder(place))
        return 0;
    if (!is_report(place))
        return error_set(error, ERROR_USAGE,
                         "%s%s is there, and is no report or holds other files; move it away, or "
                         "choose another place",
                         prefix, place->name);
    if (!place->overwrite)
        return error_set(error, ERROR_USAGE,
                         "%s%s is there already: --overwrite replaces it, -o makes another", prefix,
                         place->name);
    return 0;
}

static int begin_folder(struct report_output *output, struct error *error)
{
    const struct report_place *place = &output->place;
    if (asprintf(&output->temporary, ".%s.maskmill-tmp", place->name) < 0) {
        output->temporary = NULL;
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", place->name);
    }
    output->folder = report_folder_make(place->parent, output->temporary, error);
    if (!output->folder)
        return -1;
    output->batch = atomic_batch_new(SYNC_FILES, SYNC_SECONDS, error);
    return output->batch ? 0 : -1;
}

static int begin_file(struct report_output *output, struct error *error)
{
    const struct report_place *place = &output->place;
    return atomic_open(&output->file, place->parent, place->name, error) ||
                   atomic_append(&output->file, output->page.text, output->page.data, error)
               ? -1
               : 0;
}

struct report_output *report_output_open(const struct report_place *place, struct error *error)
{
    if (report_output_check(place, error))
        return NULL;
    struct report_output *output = memory_new(1, sizeof *output, "report", error);
    if (!output)
        return NULL;
    output->place = *place;
    output->file.fd = -1;
    if (report_page_make(&output->page, REPORT_PAGE_REPORT, error) ||
        (place->single_file ? begin_file(output, error) : begin_folder(output, error))) {
        report_output_abandon(output);
        return NULL;
    }
    return output;
}

/* "</", "<!" and "<script" could end the script element that a document lies in. In JSON, '<' stands in
 * strings only; many are in run lengths, so not each is escaped. */
static void escape(struct json_text *to, const struct json_text *json)
{
    size_t from = 0;
    for (size_t i = 0; i + 1 < json->used; i++)
        if (json->bytes[i] == '<' && strchr("/!sS", json->bytes[i + 1])) {
            json_text_bytes(to, json->bytes + from, i - from);
            json_text_raw(to, "\\u003c");
            from = i + 1;
        }
    json_text_bytes(to, json->bytes + from, json->used - from);
}

/* The document between `before` and `after`, in a new text. */
static char *wrap(const char *before, struct json_text *json, const char *after, size_t *length,
                  struct error *error)
{
    struct json_text text = {.no_memory = json->no_memory, .not_finite = json->not_finite};
    json_text_raw(&text, before);
    escape(&text, json);
    json_text_raw(&text, after);
    json->used = 0;
    return json_text_take(&text, length, error);
}

char *report_output_script(const char *name, struct json_text *json, size_t *length,
                           struct error *error)
{
    char before[96];
    snprintf(before, sizeof before, "maskmillReport(\"%s\", ", name);
    return wrap(before, json, ");\n", length, error);
}

static int add_to_folder(struct report_output *output, const char *name, struct json_text *json,
                         struct error *error)
{
    char file[96];
    size_t length;
    snprintf(file, sizeof file, "data/%s.js", name);
    char *text = report_output_script(name, json, &length, error);
    int result = text ? atomic_write(output->folder, file, text, length, output->batch, error) : -1;
    free(text);
    return result;
}

static int add_to_file(struct report_output *output, const char *name, struct json_text *json,
                       struct error *error)
{
    char before[128];
    size_t length;
    snprintf(before, sizeof before, "<script type=\"application/json\" id=\"data/%s\">", name);
    char *text = wrap(before, json, "</script>\n", &length, error);
    int result = text ? atomic_append(&output->file, text, length, error) : -1;
    free(text);
    return result;
}

int report_output_add(struct report_output *output, const char *name, struct json_text *json,
                      struct error *error)
{
    return output->place.single_file ? add_to_file(output, name, json, error)
                                     : add_to_folder(output, name, json, error);
}

static int finish_folder(struct report_output *output, struct error *error)
{
    const struct report_page *page = &output->page;
    const struct report_place *place = &output->place;
    if (atomic_write(output->folder, "index.html", page->text, page->length, output->batch,
                     error) ||
        atomic_batch_flush(output->batch, error) || report_output_check(place, error) ||
        report_folder_place(place->parent, output->temporary, place->name, error))
        return -1;
    folder_close(output->folder);
    output->folder = NULL;
    return 0;
}

static int finish_file(struct report_output *output, struct error *error)
{
    const struct report_page *page = &output->page;
    return atomic_append(&output->file, page->text + page->data, page->length - page->data,
                         error) ||
                   report_output_check(&output->place, error) ||
                   atomic_commit(&output->file, NULL, error)
               ? -1
               : 0;
}

int report_output_close(struct report_output *output, struct error *error)
{
    int result =
        output->place.single_file ? finish_file(output, error) : finish_folder(output, error);
    report_output_abandon(output);
    return result;
}

void report_output_abandon(struct report_output *output)
{
    struct error ignored;
    if (!output)
        return;
    if (output->folder)
        report_folder_remove(output->place.parent, output->temporary, &ignored);
    folder_close(output->folder);
    atomic_batch_free(output->batch);
    atomic_abandon(&output->file);
    free(output->temporary);
    report_page_free(&output->page);
    memory_free(output);
}
