/* similar_nearest.c - the nearest of the masks that --mask names, and of texts: rows, search, lines, sheet. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/plain_text.h"
#include "program/command.h"
#include "program/settings.h"
#include "program/similar/similar.h"
#include "program/similar/similar_print.h"
#include "program/similar/similar_sheet.h"
#include "search/search.h"
#include "search/search_index.h"

/* Queries, masks before texts, and what was found for them. */
struct answers {
    size_t count, most;
    uint64_t *rows;               /* owned: [count], of the queries; SEARCH_NO_ROW: of a text */
    struct search_query *queries; /* owned: [count] */
    struct search_hit *hits;      /* owned: [count][most] */
    size_t *found;                /* owned: [count] */
    struct similar_tile *tiles;   /* owned: [count][1 + most] */
};

static int answers_make(struct answers *answers, size_t count, size_t most, struct error *error)
{
    *answers = (struct answers){.count = count, .most = most};
    answers->rows = memory_new(count, sizeof *answers->rows, "queries", error);
    answers->queries = memory_new(count, sizeof *answers->queries, "queries", error);
    answers->hits = memory_new(count, most * sizeof *answers->hits, "answers", error);
    answers->found = memory_new(count, sizeof *answers->found, "answers", error);
    answers->tiles = memory_new(count, (1 + most) * sizeof *answers->tiles, "a sheet", error);
    return answers->rows && answers->queries && answers->hits && answers->found && answers->tiles
               ? 0
               : -1;
}

static void answers_free(struct answers *answers)
{
    memory_free(answers->rows);
    memory_free(answers->queries);
    memory_free(answers->hits);
    memory_free(answers->found);
    memory_free(answers->tiles);
}

/* Queries from number `first` on are texts. */
static void take_texts(const struct similar *similar, struct answers *answers, size_t first)
{
    const struct search_rows rows = search_index_rows(similar->run.index);
    const struct similar_texts *texts = &similar->texts;
    for (size_t i = 0; i < texts->count; i++) {
        answers->rows[first + i] = SEARCH_NO_ROW;
        answers->queries[first + i] =
            (struct search_query){texts->halves + i * texts->width, 0, rows.count, SEARCH_NO_ROW};
    }
}

static int find_queries(struct similar *similar, struct answers *answers, struct error *error)
{
    const struct settings *settings = similar->settings;
    const struct search_index *index = similar->run.index;
    const struct search_rows rows = search_index_rows(index);
    take_texts(similar, answers, settings->alike.count);
    for (size_t q = 0; q < settings->alike.count; q++) {
        uint64_t row;
        if (similar_masks_find(similar->masks, settings->alike.texts[q], &row, error))
            return -1;
        answers->rows[q] = row;
        answers->queries[q] =
            (struct search_query){rows.halves + row * rows.width, 0, rows.count, row};
        if (settings->within) {
            const struct search_item item =
                search_index_item(index, search_index_place(index, row));
            answers->queries[q].first = item.first;
            answers->queries[q].end = item.first + item.rows;
        }
    }
    return 0;
}

/* The text of a query; NULL: it is a mask. */
static const char *text_of(const struct similar *similar, size_t query)
{
    size_t masks = similar->settings->alike.count;
    return query < masks ? NULL : similar_texts_name(&similar->texts, query - masks);
}

static int print_json(const struct similar *similar, size_t query, size_t rank, double similarity,
                      const struct similar_mask *mask, struct error *error)
{
    struct json_text text = {0};
    const char *words = text_of(similar, query);
    json_text_raw(&text, "{\"query\": ");
    json_text_integer(&text, (int64_t)query);
    if (words) {
        json_text_raw(&text, ", \"text\": ");
        json_text_string(&text, words, strlen(words));
    }
    json_text_raw(&text, ", \"rank\": ");
    json_text_integer(&text, (int64_t)rank);
    json_text_raw(&text, ", \"similarity\": ");
    json_text_double(&text, similar_shown(similarity));
    json_text_raw(&text, ", ");
    similar_json_mask(&text, mask);
    json_text_raw(&text, "}\n");
    return command_print_json(&text, error);
}

static int print_hit(const struct similar *similar, size_t query, size_t rank, double similarity,
                     const struct similar_mask *mask, struct error *error)
{
    if (!similar->table)
        return print_json(similar, query, rank, similarity, mask, error);
    printf("%4zu  %7.4f  ", rank, similar_shown(similarity));
    similar_print_mask(mask);
    return 0;
}

/* Prints what was found for a query. Masks whose records cannot be used are left out, which is said. */
static int print_query(struct similar *similar, const struct answers *answers, size_t query,
                       struct error *error)
{
    const struct search_hit *hits = answers->hits + query * answers->most;
    struct similar_tile *tiles = answers->tiles + query * (1 + answers->most);
    const char *text = text_of(similar, query);
    size_t drawn = 0;
    tiles[drawn++] = text
                         ? (struct similar_tile){.kind = SIMILAR_TILE_TEXT, .text = text}
                         : (struct similar_tile){SIMILAR_TILE_QUERY, answers->rows[query], 1, NULL};
    if (similar->table)
        plain_line(stdout, "%s", text ? text : similar->settings->alike.texts[query]);
    for (size_t i = 0; i < answers->found[query]; i++) {
        struct similar_mask mask;
        if (similar_masks_row(similar->masks, hits[i].row, &mask, error) == 0) {
            if (print_hit(similar, query, i + 1, hits[i].similarity, &mask, error))
                return -1;
            tiles[drawn++] =
                (struct similar_tile){SIMILAR_TILE_HIT, hits[i].row, hits[i].similarity, NULL};
        } else if (error->code == ERROR_MEMORY) {
            return -1;
        }
    }
    return 0;
}

static int draw(struct similar *similar, const struct answers *answers, struct error *error)
{
    const struct similar_sheet sheet = {.similar = similar,
                                        .tiles = answers->tiles,
                                        .count = answers->count * (1 + answers->most),
                                        .group = 1 + answers->most};
    return similar->settings->sheet ? similar_sheet_write(&sheet, error) : 0;
}

int similar_nearest(struct similar *similar, struct error *error)
{
    const struct settings *settings = similar->settings;
    const struct search_nearest search = {
        .rows = search_index_rows(similar->run.index),
        .most = (size_t)settings->nearest,
        .least = settings_given(settings, "threshold") ? settings->similarity : -INFINITY,
        .threads = similar->threads};
    struct answers answers;
    int status =
        answers_make(&answers, settings->alike.count + similar->texts.count, search.most, error);
    if (status == 0)
        status = find_queries(similar, &answers, error);
    if (status == 0)
        status = search_nearest(&search, answers.queries, answers.count, answers.hits,
                                answers.found, error);
    for (size_t q = 0; status == 0 && q < answers.count; q++)
        status = print_query(similar, &answers, q, error);
    if (status == 0)
        status = draw(similar, &answers, error);
    answers_free(&answers);
    return status;
}
