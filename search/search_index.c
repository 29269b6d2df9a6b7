#include "search/search_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "search/search_format.h"

struct search_index {
    const unsigned char *bytes; /* owned: mapped */
    size_t size;
    uint64_t rows, items, names_size;
    size_t width;
    const unsigned char *table, *names; /* in `bytes` */
};

static uint64_t item_number(const struct search_index *index, uint64_t place, size_t at)
{
    return format_get(index->table + place * FORMAT_ITEM + at, sizeof(uint64_t));
}

static int map_file(struct search_index *index, const struct folder *folder, const char *name,
                    struct error *error)
{
    struct stat status;
    void *bytes = MAP_FAILED;
    int fd = folder_open_file(folder, name, O_RDONLY | O_CLOEXEC, error);
    if (fd < 0)
        return -1;
    if (fstat(fd, &status) == 0 && status.st_size >= FORMAT_HEADER + FORMAT_FOOTER)
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    else
        errno = EINVAL; /* too short for an index */
    if (bytes == MAP_FAILED)
        error_set_system(error, errno == EINVAL ? ERROR_RECORD : ERROR_IO, errno,
                         "%s%s: cannot be mapped", folder->prefix, name);
    close(fd);
    if (bytes == MAP_FAILED)
        return -1;
    index->bytes = bytes;
    index->size = (size_t)status.st_size;
    return 0;
}

/* Reads header and footer. Returns what is wrong with them, or NULL. */
static const char *read_ends(struct search_index *index)
{
    const unsigned char *header = index->bytes;
    const unsigned char *footer = index->bytes + index->size - FORMAT_FOOTER;
    if (memcmp(header, SEARCH_MAGIC, FORMAT_MAGIC) != 0)
        return "is not an index";
    if (format_get(header + HEADER_VERSION, 4) != FORMAT_VERSION)
        return "is an index of another version";
    if (memcmp(footer + FOOTER_MAGIC, SEARCH_MAGIC, FORMAT_MAGIC) != 0)
        return "is cut off";
    index->width = (size_t)format_get(header + HEADER_WIDTH, 4);
    index->rows = format_get(footer + FOOTER_ROWS, 8);
    index->items = format_get(footer + FOOTER_ITEMS, 8);
    index->names_size = format_get(footer + FOOTER_NAMES, 8);
    if (index->width < 1 || index->width > SEARCH_WIDTH_MAX ||
        memchr(header + HEADER_KIND, 0, SEARCH_KIND_SIZE) == NULL)
        return "has a damaged header";
    return NULL;
}

/* Finds the parts, whose sizes must add up to the file's. */
static const char *find_parts(struct search_index *index)
{
    const uint64_t inner = index->size - FORMAT_HEADER - FORMAT_FOOTER;
    const uint64_t row = index->width * sizeof(uint16_t);
    if (index->rows > inner / row || index->items > inner / FORMAT_ITEM ||
        index->names_size > inner)
        return "has a damaged footer";
    uint64_t rows_size = index->rows * row, table_size = index->items * FORMAT_ITEM;
    rows_size += format_padding(rows_size);
    const uint64_t names_size = index->names_size + format_padding(index->names_size);
    if (rows_size > inner || table_size > inner - rows_size ||
        names_size != inner - rows_size - table_size)
        return "has a damaged footer";
    index->table = index->bytes + FORMAT_HEADER + rows_size;
    index->names = index->table + table_size;
    const uint64_t digest = hash_bytes(index->table, table_size + names_size);
    if (digest != format_get(index->bytes + index->size - FORMAT_FOOTER + FOOTER_DIGEST, 8))
        return "is damaged";
    return NULL;
}

/* The digest tells damage, not what somebody planted. */
static const char *check_items(const struct search_index *index)
{
    uint64_t first = 0, name = 0;
    if (index->names_size && index->names[index->names_size - 1])
        return "has a name without an end";
    for (uint64_t i = 0; i < index->items; i++) {
        if (item_number(index, i, ITEM_FIRST) < first ||
            item_number(index, i, ITEM_FIRST) > index->rows ||
            (i == 0 && item_number(index, i, ITEM_FIRST) != 0))
            return "has items whose rows overlap";
        if (item_number(index, i, ITEM_NAME) != name || name >= index->names_size)
            return "has items without names";
        first = item_number(index, i, ITEM_FIRST);
        name += strlen((const char *)index->names + name) + 1;
    }
    if (name != index->names_size || (index->items == 0 && index->rows))
        return "has names without items";
    return NULL;
}

struct search_index *search_index_open(const struct folder *folder, const char *name,
                                       struct error *error)
{
    struct search_index *index = calloc(1, sizeof *index);
    if (!index) {
        error_set(error, ERROR_MEMORY, "%s%s: no memory to open it", folder->prefix, name);
        return NULL;
    }
    int status = map_file(index, folder, name, error);
    const char *fault = status ? NULL : read_ends(index);
    if (status == 0 && !fault)
        fault = find_parts(index);
    if (status == 0 && !fault)
        fault = check_items(index);
    if (fault)
        status = error_set(error, ERROR_RECORD, "%s%s: %s", folder->prefix, name, fault);
    if (status == 0)
        return index;
    search_index_close(index);
    return NULL;
}

void search_index_close(struct search_index *index)
{
    if (index && index->bytes)
        munmap((void *)index->bytes, index->size);
    free(index);
}

bool search_index_may_replace(const struct folder *folder, const char *name)
{
    struct error error = {0};
    char start[FORMAT_MAGIC];
    int fd = folder_open_file(folder, name, O_RDONLY | O_CLOEXEC, &error);
    if (fd < 0)
        return error.system == ENOENT;
    ssize_t got;
    do
        got = read(fd, start, sizeof start);
    while (got < 0 && errno == EINTR);
    close(fd);
    return got == 0 || (got == FORMAT_MAGIC && memcmp(start, SEARCH_MAGIC, FORMAT_MAGIC) == 0);
}

struct search_rows search_index_rows(const struct search_index *index)
{
    const void *rows = index->bytes + FORMAT_HEADER;
    return (struct search_rows){rows, index->rows, index->width};
}

const char *search_index_kind(const struct search_index *index)
{
    return (const char *)index->bytes + HEADER_KIND;
}

uint64_t search_index_count(const struct search_index *index)
{
    return index->items;
}

struct search_item search_index_item(const struct search_index *index, uint64_t place)
{
    const uint64_t first = item_number(index, place, ITEM_FIRST);
    const uint64_t end =
        place + 1 < index->items ? item_number(index, place + 1, ITEM_FIRST) : index->rows;
    return (struct search_item){(const char *)index->names + item_number(index, place, ITEM_NAME),
                                first, end - first, item_number(index, place, ITEM_SIZE),
                                (int64_t)item_number(index, place, ITEM_TIME)};
}

uint64_t search_index_place(const struct search_index *index, uint64_t row)
{
    uint64_t low = 0, high = index->items; /* the last item that begins at or before the row */
    while (high - low > 1) {
        const uint64_t middle = low + (high - low) / 2;
        if (item_number(index, middle, ITEM_FIRST) <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}
