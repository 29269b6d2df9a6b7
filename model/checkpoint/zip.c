#include "model/checkpoint/zip.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* Fixed parts of the records, in bytes, and their signatures. */
enum {
    LOCAL_SIZE = 30,
    CENTRAL_SIZE = 46,
    END_SIZE = 22,
    END64_SIZE = 56,
    LOCATOR64_SIZE = 20,
    COMMENT_MAX = 65535,
    EXTRA_ZIP64 = 0x0001,
    FLAG_ENCRYPTED = 0x0001,
    METHOD_STORED = 0
};

static const uint32_t SIGNATURE_LOCAL = 0x04034b50;
static const uint32_t SIGNATURE_CENTRAL = 0x02014b50;
static const uint32_t SIGNATURE_END = 0x06054b50;
static const uint32_t SIGNATURE_END64 = 0x06064b50;
static const uint32_t SIGNATURE_LOCATOR64 = 0x07064b50;

static uint64_t little(const unsigned char *bytes, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

static uint32_t u16(const unsigned char *bytes)
{
    return (uint32_t)little(bytes, 2);
}

static uint32_t u32(const unsigned char *bytes)
{
    return (uint32_t)little(bytes, 4);
}

static uint64_t u64(const unsigned char *bytes)
{
    return little(bytes, 8);
}

/* Whether offset .. offset + length lies within `size` bytes. */
static bool inside(size_t size, uint64_t offset, uint64_t length)
{
    return offset <= size && length <= size - offset;
}

bool zip_recognise(const unsigned char *bytes, size_t size)
{
    return size >= 4 && u32(bytes) == SIGNATURE_LOCAL;
}

struct directory {
    uint64_t offset, size, count;
};

/* The end record is the last thing in the file except for a comment. */
static const unsigned char *find_end(const unsigned char *bytes, size_t size)
{
    if (size < END_SIZE)
        return NULL;
    const unsigned char *last = bytes + size - END_SIZE;
    const unsigned char *first = size - END_SIZE > COMMENT_MAX ? last - COMMENT_MAX : bytes;
    for (const unsigned char *end = last;; end--) {
        if (u32(end) == SIGNATURE_END && u16(end + 20) <= (size_t)(last - end))
            return end;
        if (end == first)
            return NULL;
    }
}

static int read_end(const unsigned char *bytes, size_t size, struct directory *directory,
                    struct error *error)
{
    const unsigned char *end = find_end(bytes, size);
    if (!end)
        return error_set(error, ERROR_MODEL,
                         "the zip archive's directory is missing at its end (truncated?)");
    *directory = (struct directory){u32(end + 16), u32(end + 12), u16(end + 10)};
    size_t before = (size_t)(end - bytes);
    if (before >= LOCATOR64_SIZE && u32(end - LOCATOR64_SIZE) == SIGNATURE_LOCATOR64) {
        uint64_t offset = u64(end - LOCATOR64_SIZE + 8);
        if (!inside(before, offset, END64_SIZE) || u32(bytes + offset) != SIGNATURE_END64)
            return error_set(error, ERROR_MODEL, "the zip archive's zip64 end record is damaged");
        const unsigned char *end64 = bytes + offset;
        *directory = (struct directory){u64(end64 + 48), u64(end64 + 40), u64(end64 + 32)};
    }
    if (!inside(before, directory->offset, directory->size))
        return error_set(error, ERROR_MODEL,
                         "the zip archive's directory of %llu bytes at %llu lies outside the file",
                         (unsigned long long)directory->size,
                         (unsigned long long)directory->offset);
    return 0;
}

/* What the central directory says about one member. */
struct entry {
    uint64_t packed; /* bytes in the archive */
    uint64_t size, offset;
};

/* Takes fields that are all ones from the zip64 extra field. */
static bool read_zip64(const unsigned char *extra, size_t length, struct entry *entry)
{
    uint64_t *fields[] = {&entry->size, &entry->packed, &entry->offset};
    while (length >= 4) {
        size_t data = u16(extra + 2);
        if (data > length - 4)
            return false;
        if (u16(extra) == EXTRA_ZIP64) {
            const unsigned char *next = extra + 4;
            for (size_t i = 0; i < 3; i++) {
                if (*fields[i] != UINT32_MAX)
                    continue;
                if (next + 8 > extra + 4 + data)
                    return false;
                *fields[i] = u64(next);
                next += 8;
            }
            return true;
        }
        extra += 4 + data;
        length -= 4 + data;
    }
    return true;
}

/* Adds the member of one central record, whose variable parts lie within the directory. */
static int add_member(struct zip *zip, const unsigned char *bytes, size_t limit,
                      const unsigned char *record, struct error *error)
{
    const char *name = (const char *)record + CENTRAL_SIZE;
    size_t name_length = u16(record + 28);
    struct entry entry = {u32(record + 20), u32(record + 24), u32(record + 42)};
    bool packed = u16(record + 10) != METHOD_STORED || u16(record + 8) & FLAG_ENCRYPTED;
    if (!read_zip64(record + CENTRAL_SIZE + name_length, u16(record + 30), &entry) ||
        (!packed && entry.packed != entry.size) || !inside(limit, entry.offset, LOCAL_SIZE) ||
        u32(bytes + entry.offset) != SIGNATURE_LOCAL)
        return error_set(error, ERROR_MODEL, "member %zu of the zip archive has a damaged header",
                         zip->count);
    const unsigned char *local = bytes + entry.offset;
    uint64_t start = entry.offset + LOCAL_SIZE + u16(local + 26) + u16(local + 28);
    if (!inside(limit, start, entry.packed))
        return error_set(error, ERROR_MODEL,
                         "member %zu of the zip archive has %llu bytes, which lie outside the "
                         "file (truncated or damaged?)",
                         zip->count, (unsigned long long)entry.packed);
    if (memory_grow((void **)&zip->members, &zip->capacity, zip->count + 1, sizeof *zip->members,
                    error))
        return -1;
    zip->members[zip->count++] =
        (struct zip_member){name, name_length, bytes + start, (size_t)entry.packed, packed};
    return 0;
}

static int compare_names(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int compare_members(const void *a, const void *b)
{
    const struct zip_member *first = a;
    const struct zip_member *second = b;
    return compare_names(first->name, first->name_length, second->name, second->name_length);
}

int zip_open(struct zip *zip, const unsigned char *bytes, size_t size, struct error *error)
{
    *zip = (struct zip){0};
    struct directory directory = {0};
    if (read_end(bytes, size, &directory, error))
        return -1;
    const unsigned char *record = bytes + directory.offset;
    uint64_t left = directory.size;
    for (uint64_t i = 0; i < directory.count; i++) {
        if (left < CENTRAL_SIZE || u32(record) != SIGNATURE_CENTRAL)
            return error_set(error, ERROR_MODEL, "the zip archive's directory is damaged");
        size_t length = CENTRAL_SIZE + u16(record + 28) + u16(record + 30) + u16(record + 32);
        if (length > left)
            return error_set(error, ERROR_MODEL, "the zip archive's directory is damaged");
        if (add_member(zip, bytes, (size_t)directory.offset, record, error))
            return -1;
        record += length;
        left -= length;
    }
    if (zip->count == 0)
        return error_set(error, ERROR_MODEL, "the zip archive is empty");
    qsort(zip->members, zip->count, sizeof *zip->members, compare_members);
    for (size_t i = 1; i < zip->count; i++)
        if (compare_members(&zip->members[i - 1], &zip->members[i]) == 0)
            return error_set(error, ERROR_MODEL,
                             "the zip archive has two members of the same name");
    return 0;
}

void zip_close(struct zip *zip)
{
    free(zip->members);
    *zip = (struct zip){0};
}

const struct zip_member *zip_find(const struct zip *zip, const char *name, size_t length)
{
    const struct zip_member wanted = {.name = name, .name_length = length};
    return bsearch(&wanted, zip->members, zip->count, sizeof *zip->members, compare_members);
}
