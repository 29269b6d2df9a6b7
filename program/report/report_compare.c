#include "program/report/report_compare.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "program/report/report_json.h"
#include "program/report/report_names.h"
#include "program/report/report_output.h"
#include "program/report/report_run.h"
#include "program/report/twins.h"
#include "records/record_stream.h"

enum { ROWS = 5000, TWIN_IMAGES = 256 }; /* of a document */

/* A pair of images. */
struct pair {
    long rows[2]; /* in run 0 and run 1; -1: not there */
    double difference;
    size_t twins;
    long chunk;
};

struct comparing {
    struct report_comparison *comparison;
    struct report_output *output;
    int streamed;          /* the run whose records are streamed; the other's are read by name */
    struct folder *folder; /* of the other */
    struct report_names names[2]; /* of the images of both runs */
    bool *met;                    /* [other's rows]: it has a pair */
    struct pair *pairs;           /* owned */
    size_t count, capacity;
    size_t streamed_row; /* the next record of the streamed run is that of no earlier row */
    struct json_text rows, twins; /* of the document twins-C that is being filled */
    size_t in_chunk;
};

static const struct report_run *other_run(const struct comparing *comparing)
{
    return &comparing->comparison->runs[1 - comparing->streamed];
}

/* The other run's row of an image, if it has masks. */
static const struct report_row *find_other(const struct comparing *comparing, const char *name)
{
    return report_names_find(&comparing->names[1 - comparing->streamed], name, 0);
}

/* What a thread finds out about a record of the streamed run; one block. */
struct meeting {
    size_t other; /* row of the other run */
    size_t masks; /* of both, without empty ones, which have no twins */
    size_t count;
    struct twin twins[]; /* a and b as in run 0 and run 1 */
};

static size_t count_masks(const struct mask_list *list)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].area > 0;
    return count;
}

static struct meeting *make_meeting(const struct comparing *comparing, size_t row,
                                    const struct record *own, const struct record *other,
                                    struct error *error)
{
    struct twins twins = {0};
    const struct mask_list *a = comparing->streamed ? &other->masks : &own->masks;
    const struct mask_list *b = comparing->streamed ? &own->masks : &other->masks;
    bool same_size = own->width == other->width && own->height == other->height;
    int result = same_size ? twins_find(&twins, a, b, comparing->comparison->twin_iou, error) : 0;
    size_t bytes = twins.count * sizeof *twins.items;
    struct meeting *meeting = result ? NULL : malloc(sizeof *meeting + bytes);
    if (meeting) {
        *meeting = (struct meeting){row, count_masks(a) + count_masks(b), twins.count};
        if (bytes)
            memcpy(meeting->twins, twins.items, bytes);
    } else if (result == 0) {
        error_set(error, ERROR_MEMORY, "no memory to compare two records");
    }
    free(twins.items);
    return meeting;
}

static void work(void *context, struct record_entry *entry)
{
    const struct comparing *comparing = context;
    const struct report_run *run = other_run(comparing);
    const struct report_source *own = comparing->comparison->runs[comparing->streamed].source;
    struct record other = {0};
    if (report_run_complete(own, &entry->record, &entry->error))
        return;
    const struct report_row *row = find_other(comparing, entry->record.file_name);
    if (!row)
        return;
    const struct record_source source = {.name = row->name, .max_pixels = run->source->max_pixels};
    if (record_read(&other, comparing->folder, row->file, &source, NULL, &entry->error) == 0)
        entry->data = make_meeting(comparing, (size_t)(row - run->rows.items), &entry->record,
                                   &other, &entry->error);
    record_free(&other);
}

static int flush_twins(struct comparing *comparing, struct error *error)
{
    char name[48];
    struct json_text text = {.no_memory = comparing->rows.no_memory || comparing->twins.no_memory};
    if (comparing->in_chunk == 0)
        return 0;
    snprintf(name, sizeof name, "twins-%zu", comparing->comparison->twins++);
    json_text_raw(&text, "{\"rows\":[");
    json_text_bytes(&text, comparing->rows.bytes, comparing->rows.used);
    json_text_raw(&text, "],\"twins\":[");
    json_text_bytes(&text, comparing->twins.bytes, comparing->twins.used);
    json_text_raw(&text, "]}");
    int result = report_output_add(comparing->output, name, &text, error);
    json_text_free(&text);
    comparing->rows.used = comparing->twins.used = comparing->in_chunk = 0;
    return result;
}

static void put_twins(struct comparing *comparing, const struct meeting *meeting)
{
    struct json_text *text = &comparing->twins;
    json_text_raw(&comparing->rows, comparing->in_chunk ? "," : "");
    json_text_integer(&comparing->rows, (int64_t)comparing->count);
    json_text_raw(text, comparing->in_chunk ? ",\n[" : "[");
    for (size_t i = 0; i < meeting->count; i++) {
        report_json_next(text, NULL);
        json_text_raw(text, "[");
        report_json_integer(text, NULL, (int64_t)meeting->twins[i].a);
        report_json_integer(text, NULL, (int64_t)meeting->twins[i].b);
        report_json_rounded(text, NULL, meeting->twins[i].iou, 4);
        json_text_raw(text, "]");
    }
    json_text_raw(text, "]");
    comparing->in_chunk++;
}

/* Adds the pair; the caller has set its rows. */
static int add_pair(struct comparing *comparing, struct pair *pair, struct error *error)
{
    if (memory_grow((void **)&comparing->pairs, &comparing->capacity, comparing->count + 1,
                    sizeof *pair, error))
        return -1;
    comparing->pairs[comparing->count++] = *pair;
    return 0;
}

/* Two records of an image that cannot be compared: a pair without twins, and a message. */
static int add_failed(struct comparing *comparing, const struct record_entry *entry,
                      struct pair *pair, struct error *error)
{
    struct error why = entry->error;
    const struct report_source *source = comparing->comparison->runs[comparing->streamed].source;
    const struct report_row *other = find_other(comparing, entry->record.file_name);
    if (other) {
        pair->rows[1 - comparing->streamed] = (long)(other - other_run(comparing)->rows.items);
        comparing->met[pair->rows[1 - comparing->streamed]] = true;
        error_prefix(&why, "%s: not compared", entry->path);
        source->refused(source->context, why.text);
        comparing->comparison->failed++;
    }
    return add_pair(comparing, pair, error);
}

static int add_met(struct comparing *comparing, const struct meeting *meeting, struct pair *pair,
                   struct error *error)
{
    comparing->met[meeting->other] = true;
    pair->rows[1 - comparing->streamed] = (long)meeting->other;
    pair->twins = meeting->count;
    pair->difference = meeting->masks ? 1 - 2 * (double)meeting->count / (double)meeting->masks : 0;
    if (meeting->count) {
        pair->chunk = (long)comparing->comparison->twins;
        put_twins(comparing, meeting);
    }
    if (add_pair(comparing, pair, error))
        return -1;
    return comparing->in_chunk == TWIN_IMAGES ? flush_twins(comparing, error) : 0;
}

/* The row of the record that is visited; NULL: it has none, since it was written after the rows. */
static const struct report_row *next_row(struct comparing *comparing,
                                         const struct record_entry *entry)
{
    const struct report_names *names = &comparing->names[comparing->streamed];
    const struct report_row *row =
        entry->usable ? report_names_find(names, entry->record.file_name, comparing->streamed_row)
                      : NULL;
    if (row)
        comparing->streamed_row = (size_t)(row - names->rows->items) + 1;
    return row;
}

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct comparing *comparing = context;
    struct pair pair = {{-1, -1}, 1, 0, -1};
    const struct report_row *row = next_row(comparing, entry);
    if (!row)
        return 0;
    pair.rows[comparing->streamed] =
        (long)(row - comparing->comparison->runs[comparing->streamed].rows.items);
    return entry->data ? add_met(comparing, entry->data, &pair, error)
                       : add_failed(comparing, entry, &pair, error);
}

/* Images that only the other run has. */
static int add_lonely(struct comparing *comparing, struct error *error)
{
    const struct report_rows *rows = &other_run(comparing)->rows;
    for (size_t i = 0; i < rows->count; i++) {
        struct pair pair = {{-1, -1}, 1, 0, -1};
        pair.rows[1 - comparing->streamed] = (long)i;
        if (!comparing->met[i] && rows->items[i].status == REPORT_DONE &&
            add_pair(comparing, &pair, error))
            return -1;
    }
    return 0;
}

enum column { COLUMN_A, COLUMN_B, COLUMN_DIFFERENCE, COLUMN_TWINS, COLUMN_CHUNK, COLUMNS };

static double column_of(const struct pair *pair, enum column column)
{
    const double numbers[COLUMNS] = {(double)pair->rows[0], (double)pair->rows[1], pair->difference,
                                     (double)pair->twins, (double)pair->chunk};
    return numbers[column];
}

static int write_pairs(struct comparing *comparing, size_t first, struct json_text *text,
                       struct error *error)
{
    static const char *const names[COLUMNS] = {"a", "b", "difference", "twins", "chunk"};
    size_t end = first + ROWS < comparing->count ? first + ROWS : comparing->count;
    char name[48];
    json_text_raw(text, "{");
    report_json_integer(text, "first", (int64_t)first);
    report_json_integer(text, "count", (int64_t)(end - first));
    for (enum column column = 0; column < COLUMNS; column++) {
        report_json_next(text, names[column]);
        json_text_raw(text, "[");
        for (size_t i = first; i < end; i++)
            report_json_rounded(text, NULL, column_of(&comparing->pairs[i], column), 4);
        json_text_raw(text, "]");
    }
    json_text_raw(text, "}");
    snprintf(name, sizeof name, "compare-%zu", comparing->comparison->chunks++);
    return report_output_add(comparing->output, name, text, error);
}

static int write_all(struct comparing *comparing, struct error *error)
{
    struct json_text text = {0};
    int result = flush_twins(comparing, error);
    if (result == 0)
        result = add_lonely(comparing, error);
    for (size_t first = 0; result == 0 && first < comparing->count; first += ROWS)
        result = write_pairs(comparing, first, &text, error);
    comparing->comparison->rows = comparing->count;
    json_text_free(&text);
    return result;
}

/* Opens what the other run's records are found by. */
static int open_other(struct comparing *comparing, struct error *error)
{
    const struct report_run *run = other_run(comparing);
    comparing->met = memory_new(run->rows.count, sizeof *comparing->met, "images", error);
    if (!comparing->met)
        return -1;
    for (int i = 0; i < 2; i++)
        if (report_names_make(&comparing->names[i], &comparing->comparison->runs[i].rows, error))
            return -1;
    comparing->folder = folder_open(run->source->records, run->source->trust_folder, error);
    return comparing->folder ? 0 : -1;
}

static int stream(struct comparing *comparing, struct error *error)
{
    const struct report_source *source = comparing->comparison->runs[comparing->streamed].source;
    const struct record_stream stream = {.trust_folder = source->trust_folder,
                                         .max_pixels = source->max_pixels,
                                         .pool = source->photos.pool,
                                         .work = work,
                                         .visit = visit,
                                         .context = comparing};
    return record_stream(&stream, source->records, error);
}

int report_compare(struct report_comparison *comparison, struct report_output *output,
                   struct error *error)
{
    const struct report_run *runs = comparison->runs;
    struct comparing comparing = {
        .comparison = comparison, .output = output, .streamed = runs[0].one_file ? 0 : 1};
    if (runs[0].one_file && runs[1].one_file)
        return error_set(
            error, ERROR_USAGE,
            "%s and %s: one of two runs must have a file for each record; write one with "
            "maskmill filter",
            runs[0].source->records, runs[1].source->records);
    int result = open_other(&comparing, error);
    if (result == 0)
        result = stream(&comparing, error);
    if (result == 0)
        result = write_all(&comparing, error);
    folder_close(comparing.folder);
    report_names_free(&comparing.names[0]);
    report_names_free(&comparing.names[1]);
    memory_free(comparing.met);
    free(comparing.pairs);
    json_text_free(&comparing.rows);
    json_text_free(&comparing.twins);
    return result;
}
