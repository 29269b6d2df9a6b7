/* The document `report`, and what it says of a run. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_load.h"
#include "base/json_text.h"
#include "base/path.h"
#include "base/utf8.h"
#include "program/filter/filter_source.h"
#include "program/report/report_compare.h"
#include "program/report/report_json.h"
#include "program/report/report_ledger.h"
#include "program/report/report_run.h"
#include "program/run/run_folder.h"
#include "program/stats_report.h"
#include "records/stats.h"

enum { RUN_FILE_MOST = 1 << 20 };

/* Appends the texts of run.json, or of filter.json where `maskmill filter` wrote the records; null if
 * there is none or it is damaged. */
static void put_options(const struct folder *folder, struct json_text *text)
{
    struct error ignored;
    char *bytes = NULL;
    size_t size = 0;
    const char *file = folder && !folder_has(folder, RUN_FILE) ? FILTER_FILE : RUN_FILE;
    json_t *options =
        folder && folder_read(folder, file, RUN_FILE_MOST, &bytes, &size, &ignored) == 0
            ? json_load_bounded(bytes, size, 0, NULL)
            : NULL;
    const char *key;
    json_t *value;
    json_text_raw(text, json_is_object(options) ? "{" : "null");
    json_object_foreach(options, key, value)
    {
        if (!json_is_string(value))
            continue;
        report_json_next(text, NULL);
        json_text_string(text, key, strlen(key));
        json_text_raw(text, ":");
        json_text_string(text, json_string_value(value), json_string_length(value));
    }
    json_text_raw(text, json_is_object(options) ? "}" : "");
    json_decref(options);
    free(bytes);
}

/* The last component of a path, without slashes at its end; "." and the like as they are. */
static void put_name(struct json_text *text, const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/')
        start--;
    report_json_next(text, "name");
    json_text_string(text, path + start, length - start);
}

static const char *photos_word(const struct report_source *source)
{
    if (source->photos.copy_side)
        return "copied";
    return source->photo_root ? "linked" : "none";
}

int report_run_describe(const struct report_run *run, struct json_text *text, struct error *error)
{
    const struct report_source *source = run->source;
    struct folder *folder =
        run->ledger ? folder_open(source->records, source->trust_folder, error) : NULL;
    report_json_next(text, NULL);
    json_text_raw(text, "{");
    put_name(text, source->records);
    report_json_string(text, "path", source->records);
    if (!utf8_valid(source->records, strlen(source->records)))
        report_json_hex(text, "path_hex", source->records);
    report_json_integer(text, "rows", (int64_t)run->rows.count);
    report_json_integer(text, "index", (int64_t)run->documents);
    report_json_string(text, "photos", photos_word(source));
    if (source->photo_root)
        report_json_string(text, "photo_root", source->photo_root);
    report_json_integer(text, "missing", (int64_t)run->missing);
    report_json_next(text, "like");
    json_text_raw(text, run->like ? "true" : "false");
    report_json_next(text, "options");
    put_options(folder, text);
    report_json_next(text, "machines");
    if (run->ledger)
        report_ledger_machines(run->ledger, text);
    else
        json_text_raw(text, "[]");
    report_json_next(text, "stats");
    stats_json(run->stats, text);
    json_text_raw(text, "}");
    folder_close(folder);
    return text->no_memory ? error_set(error, ERROR_MEMORY, "no memory for the report") : 0;
}

static void put_comparison(const struct report_comparison *comparison, struct json_text *text)
{
    report_json_next(text, "compare");
    if (!comparison) {
        json_text_raw(text, "null");
        return;
    }
    json_text_raw(text, "{");
    report_json_number(text, "iou", comparison->twin_iou);
    report_json_integer(text, "rows", (int64_t)comparison->rows);
    report_json_integer(text, "chunks", (int64_t)comparison->chunks);
    report_json_integer(text, "twins", (int64_t)comparison->twins);
    json_text_raw(text, "}");
}

int report_put(const struct report_run *runs, const struct report_comparison *comparison,
               struct json_text *text, struct error *error)
{
    int count = comparison ? 2 : 1;
    int result = 0;
    json_text_raw(text, "{");
    report_json_integer(text, "format", 1);
    report_json_string(text, "program", "maskmill " MASKMILL_VERSION);
    report_json_integer(text, "created", (int64_t)time(NULL));
    report_json_next(text, "runs");
    json_text_raw(text, "[");
    for (int i = 0; result == 0 && i < count; i++)
        result = report_run_describe(&runs[i], text, error);
    json_text_raw(text, "]");
    put_comparison(comparison, text);
    json_text_raw(text, "}");
    return result;
}
