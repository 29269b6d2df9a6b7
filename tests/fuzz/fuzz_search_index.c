/* The index of a run's embeddings, which others may have changed. What is opened is whole: each item has a name and rows
 * within the file, items follow each other without gaps, and rows can be searched whatever they hold. */
#include "replay.h"
#include "scratch_folder.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "search/search_format.h"
#include "search/search_index.h"

enum { MOST = 3 };

static void check(int holds)
{
    if (!holds)
        abort();
}

/* Gives the bytes the digest that belongs to them, or damage would get no further than that. */
static void mend(uint8_t *bytes, size_t size)
{
    if (size < FORMAT_HEADER + FORMAT_FOOTER)
        return;
    const uint64_t row = format_get(bytes + HEADER_WIDTH, 4) * sizeof(uint16_t);
    const uint64_t count = format_get(bytes + size - FORMAT_FOOTER + FOOTER_ROWS, 8);
    const uint64_t inner = size - FORMAT_HEADER - FORMAT_FOOTER;
    if (row == 0 || count > inner / row || count * row + format_padding(count * row) > inner)
        return;
    const uint64_t rows = count * row + format_padding(count * row);
    format_put(bytes + size - FORMAT_FOOTER + FOOTER_DIGEST,
               hash_bytes(bytes + FORMAT_HEADER + rows, inner - rows), 8);
}

static void check_items(const struct search_index *index)
{
    const struct search_rows rows = search_index_rows(index);
    uint64_t row = 0;
    for (uint64_t i = 0; i < search_index_count(index); i++) {
        const struct search_item item = search_index_item(index, i);
        check(item.first == row && item.rows <= rows.count - row && strlen(item.name) < SIZE_MAX);
        row += item.rows;
        check(item.rows == 0 || search_index_place(index, item.first) == i);
    }
    check(row == rows.count && strlen(search_index_kind(index)) < SEARCH_KIND_SIZE);
}

static void search(const struct search_index *index)
{
    struct error error;
    const struct search_nearest nearest = {search_index_rows(index), MOST, -INFINITY, 1};
    const struct search_query query = {nearest.rows.halves, 0, nearest.rows.count, 0};
    struct search_hit hits[MOST];
    size_t found;
    if (nearest.rows.count == 0)
        return;
    check(search_nearest(&nearest, &query, 1, hits, &found, &error) == 0);
    for (size_t i = 0; i < found; i++)
        check(hits[i].row < nearest.rows.count && !isnan(hits[i].similarity));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct folder *folder = folder_open(scratch_folder(), false, &error);
    check(folder != NULL);
    uint8_t *bytes = malloc(size ? size : 1);
    check(bytes != NULL);
    memcpy(bytes, data, size);
    mend(bytes, size);
    scratch_write(".", "index", bytes, size);
    struct search_index *index = search_index_open(folder, "index", &error);
    check(index || error.code == ERROR_RECORD);
    if (index) {
        check_items(index);
        search(index);
    }
    search_index_close(index);
    free(bytes);
    folder_close(folder);
    return 0;
}
