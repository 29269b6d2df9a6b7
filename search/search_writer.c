/* search_writer.c - writes an index (search_index.h). */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/memory.h"
#include "search/search_format.h"
#include "search/search_index.h"

int search_writer_begin(struct search_writer *writer, const struct folder *folder, const char *name,
                        struct error *error)
{
    return atomic_open(&writer->file, folder, name, error);
}

/* The width is known with the first vectors, and the header comes before them. */
static int write_header(struct search_writer *writer, struct error *error)
{
    unsigned char header[FORMAT_HEADER] = {0};
    memcpy(header, SEARCH_MAGIC, FORMAT_MAGIC);
    format_put(header + HEADER_VERSION, FORMAT_VERSION, 4);
    format_put(header + HEADER_WIDTH, writer->width ? writer->width : 1, 4);
    memcpy(header + HEADER_KIND, writer->kind, SEARCH_KIND_SIZE);
    writer->begun = true;
    return atomic_append(&writer->file, header, sizeof header, error);
}

/* Refuses vectors that do not belong with the others. */
static int check(const struct search_writer *writer, const struct search_item *item,
                 const struct search_vectors *vectors, struct error *error)
{
    if (vectors->width < 1 || vectors->width > SEARCH_WIDTH_MAX ||
        strlen(vectors->kind) >= SEARCH_KIND_SIZE)
        return error_set(error, ERROR_RECORD, "%s: vectors of %zu numbers, kind %s", item->name,
                         vectors->width, vectors->kind);
    const bool other_kind =
        *vectors->kind && *writer->kind && strcmp(vectors->kind, writer->kind) != 0;
    if (writer->begun && (vectors->width != writer->width || other_kind))
        return error_set(error, ERROR_RECORD,
                         "%s: vectors of %zu numbers, kind '%s'; those before have %zu, kind '%s'",
                         item->name, vectors->width, vectors->kind, writer->width, writer->kind);
    for (uint64_t r = 0; r < vectors->count; r++)
        if (!search_is_usable(vectors->halves + r * vectors->width, vectors->width))
            return error_set(error, ERROR_RECORD, "%s: vector %llu is not of length 1", item->name,
                             (unsigned long long)r);
    return 0;
}

static int note_item(struct search_writer *writer, const struct search_item *item,
                     struct error *error)
{
    const size_t length = strlen(item->name) + 1;
    if (memory_grow((void **)&writer->table, &writer->table_room, writer->table_size + FORMAT_ITEM,
                    1, error) ||
        memory_grow((void **)&writer->names, &writer->names_room, writer->names_size + length, 1,
                    error))
        return -1;
    unsigned char *entry = writer->table + writer->table_size;
    format_put(entry + ITEM_FIRST, writer->rows, 8);
    format_put(entry + ITEM_SIZE, item->size, 8);
    format_put(entry + ITEM_TIME, (uint64_t)item->time, 8);
    format_put(entry + ITEM_NAME, writer->names_size, 8);
    memcpy(writer->names + writer->names_size, item->name, length);
    writer->table_size += FORMAT_ITEM;
    writer->names_size += length;
    writer->items++;
    return 0;
}

int search_writer_add(struct search_writer *writer, const struct search_item *item,
                      const struct search_vectors *vectors, struct error *error)
{
    if (vectors->count == 0)
        return note_item(writer, item, error);
    if (check(writer, item, vectors, error) || note_item(writer, item, error))
        return -1;
    if (!*writer->kind)
        memcpy(writer->kind, vectors->kind, strlen(vectors->kind) + 1);
    if (!writer->begun) {
        writer->width = vectors->width;
        if (write_header(writer, error))
            return -1;
    }
    writer->rows += vectors->count;
    return atomic_append(&writer->file, vectors->halves,
                         vectors->count * vectors->width * sizeof *vectors->halves, error);
}

/* Brings the table and the names together, as they lie in the file: the digest is of both. Freed with free(3). */
static unsigned char *join_tail(const struct search_writer *writer, size_t *size,
                                struct error *error)
{
    *size = writer->table_size + writer->names_size + format_padding(writer->names_size);
    unsigned char *tail = calloc(*size ? *size : 1, 1);
    if (!tail)
        error_set(error, ERROR_MEMORY, "no memory for the table of an index");
    else if (writer->items) {
        memcpy(tail, writer->table, writer->table_size);
        memcpy(tail + writer->table_size, writer->names, writer->names_size);
    }
    return tail;
}

static int write_end(struct search_writer *writer, struct error *error)
{
    unsigned char footer[FORMAT_FOOTER] = {0};
    size_t size;
    unsigned char *tail = join_tail(writer, &size, error);
    if (!tail)
        return -1;
    format_put(footer + FOOTER_ROWS, writer->rows, 8);
    format_put(footer + FOOTER_ITEMS, writer->items, 8);
    format_put(footer + FOOTER_NAMES, writer->names_size, 8);
    format_put(footer + FOOTER_DIGEST, hash_bytes(tail, size), 8);
    memcpy(footer + FOOTER_MAGIC, SEARCH_MAGIC, FORMAT_MAGIC);
    int status = atomic_append(&writer->file, tail, size, error);
    if (status == 0)
        status = atomic_append(&writer->file, footer, sizeof footer, error);
    free(tail);
    return status;
}

static void free_tables(struct search_writer *writer)
{
    free(writer->table);
    free(writer->names);
    *writer = (struct search_writer){0};
}

int search_writer_commit(struct search_writer *writer, struct error *error)
{
    int status = writer->begun ? 0 : write_header(writer, error);
    const unsigned char zeros[FORMAT_ALIGNMENT] = {0};
    const size_t padding = format_padding(writer->rows * writer->width * sizeof(uint16_t));
    if (status == 0)
        status = atomic_append(&writer->file, zeros, padding, error);
    if (status == 0)
        status = write_end(writer, error);
    if (status == 0)
        status = atomic_commit(&writer->file, NULL, error);
    else
        atomic_abandon(&writer->file);
    free_tables(writer);
    return status;
}

void search_writer_abandon(struct search_writer *writer)
{
    atomic_abandon(&writer->file);
    free_tables(writer);
}
