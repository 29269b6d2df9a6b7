/* similar_duplicates.c - all pairs of masks above a similarity, and of images of which enough masks have twins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/plain_text.h"
#include "program/command.h"
#include "program/command_progress.h"
#include "program/settings.h"
#include "program/similar/image_twins.h"
#include "program/similar/similar.h"
#include "program/similar/similar_print.h"
#include "search/search.h"
#include "search/search_index.h"

static const double SIMILARITY = 0.995; /* if nobody says another */
enum { PAIRS_MOST = 1 << 24 };          /* of SEARCH_GROUP masks: 0.5 GB */

struct search_all {
    struct similar *similar;
    struct similar_masks *others; /* owned: a second reader, for the other mask of a pair */
    struct search_query queries[SEARCH_GROUP];
    struct search_pairs pairs; /* owned */
    struct image_twins twins;  /* owned: of the image at `place` */
    uint64_t place;
};

static const struct search_index *index_of(const struct search_all *all)
{
    return all->similar->run.index;
}

/* Each mask is compared with those behind it: of other images, or with --within of its own. */
static size_t fill(struct search_all *all, uint64_t first)
{
    const struct search_rows rows = search_index_rows(index_of(all));
    const size_t count = rows.count - first < SEARCH_GROUP ? rows.count - first : SEARCH_GROUP;
    for (size_t i = 0; i < count; i++) {
        const uint64_t row = first + i;
        const struct search_item item =
            search_index_item(index_of(all), search_index_place(index_of(all), row));
        all->queries[i] = (struct search_query){rows.halves + row * rows.width,
                                                item.first + item.rows, rows.count, SEARCH_NO_ROW};
        if (all->similar->settings->within) {
            all->queries[i].first = row + 1;
            all->queries[i].end = item.first + item.rows;
        }
    }
    return count;
}

static int print_json(const struct similar_mask *a, const struct similar_mask *b, double similarity,
                      struct error *error)
{
    struct json_text text = {0};
    json_text_raw(&text, "{\"pair\": \"masks\", \"similarity\": ");
    json_text_double(&text, similar_shown(similarity));
    json_text_raw(&text, ", \"a\": {");
    similar_json_mask(&text, a);
    json_text_raw(&text, "}, \"b\": {");
    similar_json_mask(&text, b);
    json_text_raw(&text, "}}\n");
    return command_print_json(&text, error);
}

static int print_pair(struct search_all *all, const struct similar_mask *a,
                      const struct similar_mask *b, double similarity, struct error *error)
{
    if (!all->similar->table)
        return print_json(a, b, similarity, error);
    printf("masks   %7.4f  ", similar_shown(similarity));
    similar_print_mask(a);
    printf("                 ");
    similar_print_mask(b);
    return 0;
}

static void json_image(struct json_text *text, const struct search_item *item, size_t masks)
{
    json_text_raw(text, "{\"record\": ");
    json_text_string(text, item->name, strlen(item->name));
    json_text_raw(text, ", \"masks\": ");
    json_text_integer(text, (int64_t)item->rows);
    json_text_raw(text, ", \"twins\": ");
    json_text_integer(text, (int64_t)masks);
    json_text_raw(text, "}");
}

static int print_images(void *context, const struct image_pair *pair, struct error *error)
{
    const struct search_all *all = context;
    const struct search_item a = search_index_item(index_of(all), all->place);
    const struct search_item b = search_index_item(index_of(all), pair->other);
    const double share = (double)(pair->masks + pair->other_masks) / (double)(a.rows + b.rows);
    struct json_text text = {0};
    if (share < all->similar->settings->twin_share)
        return 0;
    if (all->similar->table) {
        plain_line(stdout, "images  %7.4f  %s  %s", share, a.name, b.name);
        return 0;
    }
    json_text_raw(&text, "{\"pair\": \"images\", \"share\": ");
    json_text_double(&text, share);
    json_text_raw(&text, ", \"a\": ");
    json_image(&text, &a, pair->masks);
    json_text_raw(&text, ", \"b\": ");
    json_image(&text, &b, pair->other_masks);
    json_text_raw(&text, "}\n");
    return command_print_json(&text, error);
}

/* Prints the pairs of images of which the first is at all->place, and goes on to the place of the next. */
static int end_image(struct search_all *all, uint64_t next, struct error *error)
{
    int status = image_twins_take(&all->twins, print_images, all, error);
    all->place = next;
    return status;
}

/* Prints a pair of masks. One whose records cannot be used is left out, which is said; it counts for the images. */
static int take_pair(struct search_all *all, uint64_t row, const struct search_hit *hit,
                     struct error *error)
{
    const uint64_t place = search_index_place(index_of(all), row);
    const struct image_twin twin = {search_index_place(index_of(all), hit->row), row, hit->row};
    struct similar_mask a, b;
    if (place != all->place && end_image(all, place, error))
        return -1;
    if (!all->similar->settings->within && image_twins_add(&all->twins, &twin, error))
        return -1;
    if (similar_masks_row(all->similar->masks, row, &a, error) ||
        similar_masks_row(all->others, hit->row, &b, error))
        return error->code == ERROR_MEMORY ? -1 : 0;
    return print_pair(all, &a, &b, hit->similarity, error);
}

static int search_groups(struct search_all *all, struct error *error)
{
    struct similar *similar = all->similar;
    const bool given = settings_given(similar->settings, "threshold");
    const struct search_nearest search = {.rows = search_index_rows(index_of(all)),
                                          .most = PAIRS_MOST,
                                          .least =
                                              given ? similar->settings->similarity : SIMILARITY,
                                          .threads = similar->threads};
    size_t count = 0;
    for (uint64_t first = 0; first < search.rows.count; first += count) {
        count = fill(all, first);
        if (search_pairs(&search, all->queries, count, &all->pairs, error))
            return error->code == ERROR_USAGE ? error_prefix(error, "--threshold") : -1;
        for (size_t i = 0; i < all->pairs.count; i++) {
            const struct search_pair *pair = &all->pairs.items[i];
            if (take_pair(all, first + pair->query, &pair->hit, error))
                return -1;
        }
        for (size_t i = 0; i < count; i++)
            command_progress_record(similar->run.progress, false, 1);
    }
    return end_image(all, 0, error);
}

int similar_duplicates(struct similar *similar, struct error *error)
{
    struct search_all *all = memory_new(1, sizeof *all, "a search for duplicates", error);
    int status = all ? 0 : -1;
    if (all) {
        all->similar = similar;
        all->others = similar_masks_new(&similar->run, similar->pool, error);
        status = all->others ? search_groups(all, error) : -1;
        if (all->others && similar_masks_refused(all->others))
            similar->incomplete = true;
        similar_masks_free(all->others);
        free(all->pairs.items);
        free(all->twins.items);
    }
    memory_free(all);
    return status;
}
