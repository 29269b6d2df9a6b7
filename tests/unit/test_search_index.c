/* The index file: written and mapped again; cut off and damaged anywhere; planted. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "scratch.h"
#include "search/search_format.h"
#include "search/search_index.h"

enum { WIDTH = 5, ITEMS = 4, ROWS = 6 };

static const struct {
    const char *name;
    uint64_t rows;
} items[ITEMS] = {{"a", 2}, {"b/c", 0}, {"b/d e", 3}, {"z", 1}};

/* Rows that are axes: 1.0 at one place, zeros elsewhere. */
static void fill(uint16_t *halves, uint64_t first, uint64_t count)
{
    memset(halves, 0, count * WIDTH * sizeof *halves);
    for (uint64_t r = 0; r < count; r++)
        halves[r * WIDTH + (first + r) % WIDTH] = 0x3c00;
}

static void write_index(const struct folder *folder, const char *name)
{
    struct error error = {0};
    struct search_writer writer = {0};
    uint64_t row = 0;
    ck_assert_int_eq(search_writer_begin(&writer, folder, name, &error), 0);
    for (size_t i = 0; i < ITEMS; i++) {
        uint16_t halves[ROWS * WIDTH];
        fill(halves, row, items[i].rows);
        const struct search_item item = {items[i].name, 0, 0, 100 + i, (int64_t)i - 1};
        const struct search_vectors vectors = {halves, items[i].rows, WIDTH, "crop"};
        ck_assert_int_eq(search_writer_add(&writer, &item, &vectors, &error), 0);
        row += items[i].rows;
    }
    ck_assert_int_eq(search_writer_commit(&writer, &error), 0);
}

/* What search_index_open says of these bytes; "" if it opens them. */
static const char *open_bytes(const struct folder *folder, const void *bytes, size_t size,
                              struct error *error)
{
    int fd = folder_open_file(folder, "damaged", O_WRONLY | O_CREAT | O_TRUNC, error);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
    close(fd);
    struct search_index *index = search_index_open(folder, "damaged", error);
    if (!index)
        ck_assert_int_eq(error->code, ERROR_RECORD);
    search_index_close(index);
    return index ? "" : error->text;
}

START_TEST(what_is_written_is_there)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    struct folder *folder = scratch_folder(&scratch);
    write_index(folder, "index");
    struct search_index *index = search_index_open(folder, "index", &error);
    ck_assert_ptr_nonnull(index);
    const struct search_rows rows = search_index_rows(index);
    ck_assert_uint_eq(rows.count, ROWS);
    ck_assert_uint_eq(rows.width, WIDTH);
    ck_assert_str_eq(search_index_kind(index), "crop");
    ck_assert_uint_eq(search_index_count(index), ITEMS);
    uint64_t first = 0;
    for (uint64_t i = 0; i < ITEMS; i++) {
        const struct search_item item = search_index_item(index, i);
        ck_assert_str_eq(item.name, items[i].name);
        ck_assert_uint_eq(item.first, first);
        ck_assert_uint_eq(item.rows, items[i].rows);
        ck_assert_uint_eq(item.size, 100 + i);
        ck_assert_int_eq(item.time, (int64_t)i - 1);
        for (uint64_t r = first; r < first + item.rows; r++)
            ck_assert_uint_eq(search_index_place(index, r), i);
        first += item.rows;
    }
    uint16_t halves[ROWS * WIDTH];
    fill(halves, 0, ROWS);
    ck_assert_mem_eq(rows.halves, halves, sizeof halves);
    search_index_close(index);
    folder_close(folder);
    scratch_free(&scratch);
}
END_TEST

START_TEST(an_index_may_be_empty)
{
    struct error error = {0};
    struct search_writer writer = {0};
    struct scratch scratch = scratch_new();
    struct folder *folder = scratch_folder(&scratch);
    ck_assert_int_eq(search_writer_begin(&writer, folder, "empty", &error), 0);
    ck_assert_int_eq(search_writer_commit(&writer, &error), 0);
    struct search_index *index = search_index_open(folder, "empty", &error);
    ck_assert_ptr_nonnull(index);
    ck_assert_uint_eq(search_index_rows(index).count, 0);
    ck_assert_uint_eq(search_index_count(index), 0);
    search_index_close(index);
    ck_assert_ptr_null(search_index_open(folder, "missing", &error));
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_int_eq(error.system, ENOENT);
    folder_close(folder);
    scratch_free(&scratch);
}
END_TEST

static int add(struct search_writer *writer, const uint16_t *halves, size_t width, const char *kind)
{
    struct error error = {0};
    const struct search_item item = {"x", 0, 0, 0, 0};
    const struct search_vectors vectors = {halves, 1, width, kind};
    int status = search_writer_add(writer, &item, &vectors, &error);
    ck_assert_int_eq(error.code, status ? ERROR_RECORD : ERROR_NONE);
    return status;
}

START_TEST(vectors_that_do_not_belong_are_refused)
{
    struct error error = {0};
    struct search_writer writer = {0};
    struct scratch scratch = scratch_new();
    struct folder *folder = scratch_folder(&scratch);
    const uint16_t one[WIDTH] = {0x3c00}, longer[WIDTH] = {0x3c00, 0x3c00}, half[WIDTH] = {0x3800};
    const uint16_t nan[WIDTH] = {0x7e00}, zero[WIDTH] = {0};
    ck_assert_int_eq(search_writer_begin(&writer, folder, "index", &error), 0);
    ck_assert_int_eq(add(&writer, longer, WIDTH, "crop"), -1);
    ck_assert_int_eq(add(&writer, one, WIDTH, "crop"), 0);
    ck_assert_int_eq(add(&writer, one, WIDTH - 1, "crop"), -1);
    ck_assert_int_eq(add(&writer, one, WIDTH, "image"), -1);
    ck_assert_int_eq(add(&writer, half, WIDTH, "crop"), -1);
    ck_assert_int_eq(add(&writer, nan, WIDTH, "crop"), -1);
    ck_assert_int_eq(add(&writer, zero, WIDTH, "crop"), 0);
    ck_assert_int_eq(add(&writer, one, WIDTH, ""), 0);
    ck_assert_int_eq(search_writer_commit(&writer, &error), 0);
    struct search_index *index = search_index_open(folder, "index", &error);
    ck_assert_ptr_nonnull(index);
    ck_assert_uint_eq(search_index_rows(index).count, 3);
    search_index_close(index);
    search_writer_abandon(&writer);
    ck_assert_int_eq(search_writer_begin(&writer, folder, "other", &error), 0);
    search_writer_abandon(&writer);
    ck_assert(!folder_has(folder, "other"));
    folder_close(folder);
    scratch_free(&scratch);
}
END_TEST

/* Files in .npy do not say their kind: they go with any one, but do not join two that differ. */
START_TEST(an_unknown_kind_joins_no_two_others)
{
    struct error error = {0};
    struct search_writer writer = {0};
    struct scratch scratch = scratch_new();
    struct folder *folder = scratch_folder(&scratch);
    const uint16_t one[WIDTH] = {0x3c00};
    ck_assert_int_eq(search_writer_begin(&writer, folder, "index", &error), 0);
    ck_assert_int_eq(add(&writer, one, WIDTH, ""), 0);
    ck_assert_int_eq(add(&writer, one, WIDTH, "crop"), 0);
    ck_assert_int_eq(add(&writer, one, WIDTH, "image"), -1);
    ck_assert_int_eq(add(&writer, one, WIDTH, ""), 0);
    search_writer_abandon(&writer);
    folder_close(folder);
    scratch_free(&scratch);
}
END_TEST

/* Gives the file the digest of what its items and names are now. */
static void mend_digest(char *bytes, size_t size)
{
    const size_t rows = ROWS * WIDTH * sizeof(uint16_t),
                 begin = FORMAT_HEADER + rows + format_padding(rows);
    const uint64_t digest = hash_bytes(bytes + begin, size - FORMAT_FOOTER - begin);
    format_put((unsigned char *)bytes + size - FORMAT_FOOTER + FOOTER_DIGEST, digest, 8);
}

START_TEST(damage_is_noticed)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    struct folder *folder = scratch_folder(&scratch);
    char *bytes, *copy;
    size_t size;
    write_index(folder, "index");
    ck_assert_int_eq(folder_read(folder, "index", 1 << 20, &bytes, &size, &error), 0);
    copy = malloc(size + 8);
    ck_assert_str_eq(open_bytes(folder, bytes, size, &error), "");
    for (size_t cut = 0; cut < size; cut++)
        ck_assert_str_ne(open_bytes(folder, bytes, cut, &error), "");
    memcpy(copy, bytes, size);
    memset(copy + size, 0, 8);
    ck_assert_str_ne(open_bytes(folder, copy, size + 8, &error), "");
    const size_t rows = ROWS * WIDTH * sizeof(uint16_t);
    for (size_t at = 0; at < size - 32; at++) {
        const bool free_bytes =
            (at >= HEADER_KIND && at < FORMAT_HEADER + rows + format_padding(rows));
        memcpy(copy, bytes, size);
        copy[at] = (char)(copy[at] ^ 0x40);
        if (!free_bytes)
            ck_assert_str_ne(open_bytes(folder, copy, size, &error), "");
    }
    free(bytes);
    free(copy);
    folder_close(folder);
    scratch_free(&scratch);
}
END_TEST

/* Numbers that somebody changed, with the digest that belongs to them. */
START_TEST(planted_tables_are_refused)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    struct folder *folder = scratch_folder(&scratch);
    char *bytes, *copy;
    size_t size;
    write_index(folder, "index");
    ck_assert_int_eq(folder_read(folder, "index", 1 << 20, &bytes, &size, &error), 0);
    copy = malloc(size);
    const size_t rows = ROWS * WIDTH * sizeof(uint16_t),
                 table = FORMAT_HEADER + rows + format_padding(rows);
    const size_t names = table + ITEMS * FORMAT_ITEM;
    const struct {
        size_t at;
        uint64_t value;
        size_t bytes;
    } changes[] = {
        {table + ITEM_FIRST, 1, 8},                      /* rows that are no item's */
        {table + FORMAT_ITEM + ITEM_FIRST, ROWS + 1, 8}, /* past the end */
        {table + FORMAT_ITEM + ITEM_FIRST, UINT64_MAX, 8},
        {table + 2 * FORMAT_ITEM + ITEM_FIRST, 0, 8}, /* falling */
        {table + FORMAT_ITEM + ITEM_NAME, 1 << 20, 8},
        {table + FORMAT_ITEM + ITEM_NAME, 0, 8},
        {names + 1, 'x', 1},                                     /* two names in one */
        {size - FORMAT_FOOTER - 1 - format_padding(14), 'x', 1}, /* the last has no end */
        {size - FORMAT_FOOTER + FOOTER_ROWS, UINT64_MAX / 10, 8},
        {size - FORMAT_FOOTER + FOOTER_ITEMS, UINT64_MAX / 32, 8},
        {size - FORMAT_FOOTER + FOOTER_NAMES, UINT64_MAX - 3, 8},
        {HEADER_WIDTH, 0, 4},
        {HEADER_WIDTH, UINT32_MAX, 4},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        memcpy(copy, bytes, size);
        format_put((unsigned char *)copy + changes[i].at, changes[i].value, changes[i].bytes);
        mend_digest(copy, size);
        ck_assert_msg(*open_bytes(folder, copy, size, &error), "change %zu was not noticed", i);
    }
    free(bytes);
    free(copy);
    folder_close(folder);
    scratch_free(&scratch);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("search_index");
    TCase *tests = tcase_create("search_index");
    tcase_add_test(tests, what_is_written_is_there);
    tcase_add_test(tests, an_index_may_be_empty);
    tcase_add_test(tests, vectors_that_do_not_belong_are_refused);
    tcase_add_test(tests, an_unknown_kind_joins_no_two_others);
    tcase_add_test(tests, damage_is_noticed);
    tcase_add_test(tests, planted_tables_are_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
