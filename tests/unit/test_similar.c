/* The nearest of every mask against straight loops, twins of images, and the part of an image that a sheet shows. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "program/similar/image_twins.h"
#include "program/similar/neighbours.h"
#include "program/similar/similar_tile.h"
#include "random.h"
#include "scratch.h"
#include "search/search_index.h"
#include "tests/reference/search_reference.h"

enum { WIDTH = 6, MOST = 4, ITEMS = 300 };

/* An index of items of 0 to 8 rows each, more rows than one group has. */
static struct search_index *make_index(const struct folder *folder)
{
    struct error error = {0};
    struct search_writer writer = {0};
    struct random random = {5};
    ck_assert_int_eq(search_writer_begin(&writer, folder, "index", &error), 0);
    for (int i = 0; i < ITEMS; i++) {
        uint16_t halves[8 * WIDTH];
        const struct search_item item = {.name = "x"};
        struct search_vectors vectors = {halves, random_below(&random, 9), WIDTH, ""};
        for (uint64_t r = 0; r < vectors.count; r++) {
            double values[WIDTH], square = 0;
            for (size_t c = 0; c < WIDTH; c++) {
                values[c] = (double)random_below(&random, 7) - 3.25;
                square += values[c] * values[c];
            }
            for (size_t c = 0; c < WIDTH; c++)
                halves[r * WIDTH + c] = half_of_reference(values[c] / sqrt(square));
        }
        ck_assert_int_eq(search_writer_add(&writer, &item, &vectors, &error), 0);
    }
    ck_assert_int_eq(search_writer_commit(&writer, &error), 0);
    struct search_index *index = search_index_open(folder, "index", &error);
    ck_assert_ptr_nonnull(index);
    return index;
}

struct expected {
    const struct search_index *index;
    struct search_hit *all; /* [rows] */
    uint64_t next;
    bool elsewhere;
};

static int expect(void *context, uint64_t row, const struct search_hit *hits, size_t count,
                  struct error *error)
{
    struct expected *expected = context;
    const struct search_rows rows = search_index_rows(expected->index);
    const struct search_item own =
        search_index_item(expected->index, search_index_place(expected->index, row));
    const struct search_query query = {rows.halves + row * rows.width, 0, rows.count, row};
    (void)error;
    ck_assert_uint_eq(row, expected->next++);
    if (row % 37)
        return 0;
    size_t found = search_reference(&rows, &query, -INFINITY, expected->all), at = 0;
    for (size_t i = 0; i < found && at < count; i++) {
        const uint64_t other = expected->all[i].row;
        if (expected->elsewhere && other >= own.first && other < own.first + own.rows)
            continue;
        ck_assert_uint_eq(hits[at].row, other);
        ck_assert_double_eq(hits[at++].similarity, expected->all[i].similarity);
    }
    ck_assert_uint_eq(at, MOST);
    return 0;
}

START_TEST(neighbours_are_those_of_the_reference)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    struct folder *folder = scratch_folder(&scratch);
    struct search_index *index = make_index(folder);
    const uint64_t rows = search_index_rows(index).count;
    ck_assert_uint_gt(rows, SEARCH_GROUP);
    struct expected expected = {index, malloc(rows * sizeof(struct search_hit)), 0, _i == 1};
    const struct neighbours neighbours = {index, MOST, -INFINITY, _i == 1, 2};
    ck_assert_int_eq(neighbours_find(&neighbours, expect, &expected, &error), 0);
    ck_assert_uint_eq(expected.next, rows);
    free(expected.all);
    search_index_close(index);
    folder_close(folder);
    scratch_free(&scratch);
}
END_TEST

static int count_image(void *context, const struct image_pair *pair, struct error *error)
{
    static const struct image_pair wanted[] = {{3, 2, 1}, {7, 1, 3}, {9, 2, 2}};
    size_t *at = context;
    (void)error;
    ck_assert_uint_lt(*at, 3);
    ck_assert_uint_eq(pair->other, wanted[*at].other);
    ck_assert_uint_eq(pair->masks, wanted[*at].masks);
    ck_assert_uint_eq(pair->other_masks, wanted[*at].other_masks);
    ++*at;
    return 0;
}

/* A mask with several twins counts once. */
START_TEST(masks_with_twins_are_counted_once)
{
    static const struct image_twin twins[] = {{3, 0, 40}, {3, 1, 40}, {9, 1, 90}, {9, 2, 91},
                                              {9, 2, 90}, {7, 5, 70}, {7, 5, 71}, {7, 5, 72}};
    struct error error = {0};
    struct image_twins list = {0};
    for (int round = 0; round < 2; round++) {
        size_t at = 0;
        for (size_t i = 0; i < sizeof twins / sizeof *twins; i++)
            ck_assert_int_eq(image_twins_add(&list, &twins[i], &error), 0);
        ck_assert_int_eq(image_twins_take(&list, count_image, &at, &error), 0);
        ck_assert_uint_eq(at, 3);
    }
    free(list.items);
}
END_TEST

START_TEST(parts_hold_their_mask_and_lie_within_the_image)
{
    static const struct box boxes[] = {{0, 0, 0, 0},        {10, 20, 109, 39}, {299, 199, 299, 199},
                                       {0, 0, 299, 199},    {0, 50, 299, 60},  {290, 0, 299, 199},
                                       {100, 100, 140, 150}};
    const struct size image = {300, 200};
    for (size_t i = 0; i < sizeof boxes / sizeof *boxes; i++) {
        const struct rect part = similar_tile_part(boxes[i], image);
        ck_assert_int_ge(part.x, 0);
        ck_assert_int_ge(part.y, 0);
        ck_assert_int_le(part.x + part.width, image.width);
        ck_assert_int_le(part.y + part.height, image.height);
        ck_assert(part.x <= boxes[i].x0 && part.y <= boxes[i].y0);
        ck_assert(part.x + part.width > boxes[i].x1 && part.y + part.height > boxes[i].y1);
        ck_assert(part.width == part.height || part.height == image.height);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("similar");
    TCase *tests = tcase_create("similar");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, neighbours_are_those_of_the_reference, 0, 2);
    tcase_add_test(tests, masks_with_twins_are_counted_once);
    tcase_add_test(tests, parts_hold_their_mask_and_lie_within_the_image);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
