#include "program/report/report_like.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/path.h"
#include "jobs/memory_budget.h"
#include "program/report/report_output.h"
#include "program/report/report_run.h"
#include "records/embeddings.h"
#include "records/stats.h"
#include "search/search.h"

enum {
    HERE = 12,      /* masks shown of the same image */
    ELSEWHERE = 24, /* and of others */
    RANGES = 3,     /* queries a mask: its image, the images before, those behind */
    MASKS_AT_ONCE = SEARCH_GROUP / RANGES,
    BYTES_MOST = 512 << 20, /* of all embeddings: REPORT_LIKE_MOST masks of 1,342 numbers */
    FULL = 1
};

/* What is less alike is nothing like it; a mask without pixels has zeros, and a similarity of 0 with all. */
static const double LEAST = 1e-3;

/* All embeddings of a run, image after image. */
struct vectors {
    uint16_t *halves; /* [count][width], owned */
    size_t room;      /* bytes */
    size_t count, width;
    char kind[EMBEDDINGS_KIND_MAX]; /* the first that is known; "": none yet */
    size_t *first;                  /* [images + 1] of each row of the report, owned */
};

/* What is asked of some masks of an image, and the answers. */
struct question {
    const struct vectors *vectors;
    int threads;
    struct search_query queries[RANGES * MASKS_AT_ONCE];
    struct search_hit hits[RANGES * MASKS_AT_ONCE][ELSEWHERE];
    size_t found[RANGES * MASKS_AT_ONCE];
};

/* ---- reading */

/* Returns 0, FULL, or -1 (ERROR_MEMORY). */
static int add_rows(struct vectors *vectors, const struct embeddings *embeddings,
                    struct error *error)
{
    const size_t bytes = embeddings->count * embeddings->width * sizeof *vectors->halves;
    const size_t used = vectors->count * embeddings->width * sizeof *vectors->halves;
    if (bytes > BYTES_MOST - used)
        return FULL;
    if (memory_grow((void **)&vectors->halves, &vectors->room, used + bytes, 1, error))
        return -1;
    memcpy((char *)vectors->halves + used, embeddings->rows, bytes);
    vectors->width = embeddings->width;
    if (!*vectors->kind)
        memcpy(vectors->kind, embeddings->kind, sizeof vectors->kind);
    vectors->count += embeddings->count;
    return 0;
}

/* Whether the embeddings are those of the row, and of the width and the kind of all others. */
static int check(const struct vectors *vectors, const struct report_row *row,
                 const struct embeddings *embeddings, struct error *error)
{
    if (embeddings->count != row->masks)
        return error_set(error, ERROR_RECORD, "%s: it has %zu masks, its embeddings have %zu rows",
                         row->file, row->masks, embeddings->count);
    if (vectors->width && embeddings->width != vectors->width)
        return error_set(error, ERROR_RECORD,
                         "%s: its embeddings have %zu columns, those of other images %zu",
                         row->file, embeddings->width, vectors->width);
    if (*vectors->kind && *embeddings->kind && strcmp(embeddings->kind, vectors->kind) != 0)
        return error_set(error, ERROR_RECORD,
                         "%s: its embeddings are of the kind %s, those of other images %s",
                         row->file, embeddings->kind, vectors->kind);
    return 0;
}

/* Returns 0, FULL, or -1 with any error. */
static int read_row(struct vectors *vectors, const struct folder *folder,
                    const struct report_row *row, struct error *error)
{
    struct embeddings embeddings;
    char *name = strndup(row->file, path_stem_length(row->file));
    if (!name)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", row->file);
    int status = embeddings_of_record(&embeddings, folder, name, error);
    free(name);
    if (status <= 0)
        return status;
    status = check(vectors, row, &embeddings, error);
    if (status == 0 && embeddings.count)
        status = add_rows(vectors, &embeddings, error);
    embeddings_free(&embeddings);
    return status;
}

/* Returns 0, FULL, or -1 (ERROR_MEMORY). */
static int read_all(struct vectors *vectors, const struct report_run *run,
                    const struct folder *folder, struct error *error)
{
    for (size_t i = 0; i < run->rows.count; i++) {
        const struct report_row *row = &run->rows.items[i];
        vectors->first[i] = vectors->count;
        if (row->status != REPORT_DONE || !row->file)
            continue;
        const int status = read_row(vectors, folder, row, error);
        if (status == FULL)
            return FULL;
        if (status == 0)
            continue;
        if (error->code == ERROR_MEMORY)
            return -1;
        run->source->refused(run->source->context, error->text);
    }
    vectors->first[run->rows.count] = vectors->count;
    return 0;
}

/* ---- searching */

/* Asks for masks first .. first + count - 1 of all, which are those of an image from `begin` to `end`. */
static int ask(struct question *question, size_t first, size_t count, const size_t image[2],
               struct error *error)
{
    const struct vectors *vectors = question->vectors;
    const struct search_nearest search = {
        .rows = {vectors->halves, vectors->count, vectors->width},
        .most = ELSEWHERE,
        .least = LEAST,
        .threads = question->threads,
    };
    for (size_t i = 0; i < count; i++) {
        const uint16_t *own = vectors->halves + (first + i) * vectors->width;
        struct search_query *query = question->queries + RANGES * i;
        query[0] = (struct search_query){own, image[0], image[1], first + i};
        query[1] = (struct search_query){own, 0, image[0], SEARCH_NO_ROW};
        query[2] = (struct search_query){own, image[1], vectors->count, SEARCH_NO_ROW};
    }
    return search_nearest(&search, question->queries, RANGES * count, question->hits[0],
                          question->found, error);
}

static void put_number(struct json_text *text, uint64_t number, bool first)
{
    json_text_raw(text, first ? "" : ",");
    json_text_integer(text, (int64_t)number);
}

static uint64_t thousandths(double similarity)
{
    return similarity < 1 ? (uint64_t)(similarity * 1000 + 0.5) : 1000;
}

/* The masks of the same image: mask, thousandths, ... */
static void put_here(struct json_text *text, const struct question *question, size_t mask,
                     size_t begin)
{
    const size_t query = RANGES * mask;
    const size_t count = question->found[query] < HERE ? question->found[query] : HERE;
    json_text_raw(text, "[");
    for (size_t i = 0; i < count; i++) {
        const struct search_hit *hit = &question->hits[query][i];
        put_number(text, hit->row - begin, i == 0);
        put_number(text, thousandths(hit->similarity), false);
    }
    json_text_raw(text, "]");
}

/* The image of a row of vectors. */
static size_t image_of(const struct vectors *vectors, size_t images, uint64_t row)
{
    size_t low = 0, high = images;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (vectors->first[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Those of other images, from both ranges: image, mask, thousandths, ... */
static void put_elsewhere(struct json_text *text, const struct question *question, size_t mask,
                          size_t images)
{
    const size_t before = RANGES * mask + 1, behind = before + 1;
    size_t a = 0, b = 0;
    json_text_raw(text, "[");
    for (size_t i = 0; i < ELSEWHERE; i++) {
        const struct search_hit *left =
            a < question->found[before] ? &question->hits[before][a] : NULL;
        const struct search_hit *right =
            b < question->found[behind] ? &question->hits[behind][b] : NULL;
        if (!left && !right)
            break;
        const bool first = !right || (left && left->similarity >= right->similarity);
        const struct search_hit *hit = first ? left : right;
        const size_t image = image_of(question->vectors, images, hit->row);
        put_number(text, image, i == 0);
        put_number(text, hit->row - question->vectors->first[image], false);
        put_number(text, thousandths(hit->similarity), false);
        a += first;
        b += !first;
    }
    json_text_raw(text, "]");
}

/* ---- documents */

struct writing {
    struct report_run *run;
    struct report_output *output;
    struct question *question;
    struct json_text rows, images, here, elsewhere;
    long chunk; /* that is being filled; -1: none */
};

static int flush(struct writing *writing, struct error *error)
{
    struct json_text text = {0};
    char name[48];
    if (writing->chunk < 0)
        return 0;
    snprintf(name, sizeof name, "like-%d-%ld", writing->run->number, writing->chunk);
    text.no_memory = writing->rows.no_memory || writing->images.no_memory ||
                     writing->here.no_memory || writing->elsewhere.no_memory;
    json_text_raw(&text, "{\"rows\":[");
    json_text_bytes(&text, writing->rows.bytes, writing->rows.used);
    json_text_raw(&text, "],\"images\":[");
    json_text_bytes(&text, writing->images.bytes, writing->images.used);
    json_text_raw(&text, "]}");
    int result = report_output_add(writing->output, name, &text, error);
    json_text_free(&text);
    writing->rows.used = writing->images.used = 0;
    return result;
}

/* Fills `here` and `elsewhere` with the lists of an image's masks. */
static int find_image(struct writing *writing, const size_t image[2], struct error *error)
{
    writing->here.used = writing->elsewhere.used = 0;
    for (size_t first = image[0]; first < image[1]; first += MASKS_AT_ONCE) {
        const size_t left = image[1] - first, count = left < MASKS_AT_ONCE ? left : MASKS_AT_ONCE;
        if (ask(writing->question, first, count, image, error))
            return -1;
        for (size_t i = 0; i < count; i++) {
            json_text_raw(&writing->here, first + i > image[0] ? "," : "");
            json_text_raw(&writing->elsewhere, first + i > image[0] ? "," : "");
            put_here(&writing->here, writing->question, i, image[0]);
            put_elsewhere(&writing->elsewhere, writing->question, i, writing->run->rows.count);
        }
    }
    return 0;
}

static int add_image(struct writing *writing, size_t row, struct error *error)
{
    const size_t *first = writing->question->vectors->first;
    const long chunk = writing->run->rows.items[row].chunk;
    if (chunk < 0)
        return 0;
    if (chunk != writing->chunk && flush(writing, error))
        return -1;
    writing->chunk = chunk;
    if (find_image(writing, first + row, error))
        return -1;
    json_text_raw(&writing->rows, writing->rows.used ? "," : "");
    json_text_integer(&writing->rows, (int64_t)row);
    json_text_raw(&writing->images, writing->images.used ? ",\n{\"here\":[" : "{\"here\":[");
    json_text_bytes(&writing->images, writing->here.bytes, writing->here.used);
    json_text_raw(&writing->images, "],\"elsewhere\":[");
    json_text_bytes(&writing->images, writing->elsewhere.bytes, writing->elsewhere.used);
    json_text_raw(&writing->images, "]}");
    return 0;
}

static int write_documents(struct report_run *run, struct report_output *output,
                           const struct vectors *vectors, struct error *error)
{
    struct writing writing = {.run = run, .output = output, .chunk = -1};
    int result = 0;
    writing.question = memory_new(1, sizeof *writing.question, "masks like others", error);
    if (!writing.question)
        return -1;
    writing.question->vectors = vectors;
    writing.question->threads = budget_cpus("");
    for (size_t i = 0; result == 0 && i < run->rows.count; i++)
        result = add_image(&writing, i, error);
    if (result == 0)
        result = flush(&writing, error);
    json_text_free(&writing.rows);
    json_text_free(&writing.images);
    json_text_free(&writing.here);
    json_text_free(&writing.elsewhere);
    memory_free(writing.question);
    run->like = result == 0;
    return result;
}

static void say_left_out(const struct report_run *run, const char *what, int most)
{
    struct error said;
    error_set(&said, ERROR_NONE,
              "masks like others are left out: %s more than %d; maskmill similar searches any "
              "number",
              what, most);
    run->source->refused(run->source->context, said.text);
}

/* Of a folder that has embeddings. */
static int write_folder(struct report_run *run, struct report_output *output,
                        const struct folder *folder, struct error *error)
{
    struct vectors vectors = {0};
    if (run->stats->area.count > REPORT_LIKE_MOST) {
        say_left_out(run, "there are", REPORT_LIKE_MOST);
        return 0;
    }
    vectors.first = memory_new(run->rows.count + 1, sizeof *vectors.first, "images", error);
    int result = vectors.first ? read_all(&vectors, run, folder, error) : -1;
    if (result == FULL) {
        say_left_out(run, "the bytes of their embeddings are", BYTES_MOST);
        result = 0;
    } else if (result == 0 && vectors.count) {
        result = write_documents(run, output, &vectors, error);
    }
    free(vectors.halves);
    memory_free(vectors.first);
    return result;
}

int report_like_write(struct report_run *run, struct report_output *output, struct error *error)
{
    const struct report_source *source = run->source;
    struct stat status;
    if (stat(source->records, &status) || !S_ISDIR(status.st_mode))
        return 0;
    struct folder *folder = folder_open(source->records, source->trust_folder, error);
    int result = folder ? 0 : -1;
    if (folder && folder_has(folder, EMBEDDINGS_FOLDER))
        result = write_folder(run, output, folder, error);
    folder_close(folder);
    return result;
}
