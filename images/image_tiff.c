/* A TIFF directory is a count, followed by entries of tag, type, number of values, and the values.
 * Values that need more than 4 bytes (8 in a BigTIFF) are stored elsewhere; the entry then has
 * their position. */
#include "images/image_tiff.h"

#include <string.h>

#include "images/image_patch.h"

enum { TYPE_SHORT = 3, TYPE_LONG = 4, TYPE_LONG8 = 16 };
enum {
    TAG_KIND = 254,
    TAG_BITS = 258,
    TAG_COMPRESSION = 259,
    TAG_PHOTOMETRIC = 262,
    TAG_STRIPS = 273,
    TAG_ORIENTATION = 274,
    TAG_SAMPLES = 277,
    TAG_STRIP_ROWS = 278,
    TAG_STRIP_SIZES = 279,
    TAG_PLANES = 284,
    TAG_TILE_WIDTH = 322,
    TAG_TILE_HEIGHT = 323,
    TAG_TILES = 324,
    TAG_TILE_SIZES = 325,
    TAG_SUB_DIRECTORIES = 330,
    TAG_EXTRA_SAMPLES = 338,
    TAG_SAMPLE_FORMAT = 339,
    TAG_DNG_VERSION = 50706
};

struct reader {
    VipsSource *bytes;
    bool big_endian;
    bool big; /* BigTIFF: positions and counts of 8 bytes */
};

/* Reads the `size` (1..8) bytes at `position` as a number; false past the end of the file. */
static bool read_number(const struct reader *reader, uint64_t position, int size, uint64_t *number)
{
    uint8_t bytes[8];
    if (!image_bytes_at(reader->bytes, position, bytes, (size_t)size))
        return false;
    *number = 0;
    for (int i = 0; i < size; i++)
        *number = *number << 8 | bytes[reader->big_endian ? i : size - 1 - i];
    return true;
}

/* Reads the first value of an entry of type SHORT or LONG; others leave *value as it is. Returns
 * the value's position if it is a SHORT, else 0. */
static uint64_t read_value(const struct reader *reader, uint64_t entry, unsigned *value)
{
    int word = reader->big ? 8 : 4;
    uint64_t type, count, first;
    uint64_t position = entry + 4 + (uint64_t)word;
    if (!read_number(reader, entry + 2, 2, &type) || (type != TYPE_SHORT && type != TYPE_LONG) ||
        !read_number(reader, entry + 4, word, &count))
        return 0;
    int size = type == TYPE_SHORT ? 2 : 4;
    if (count > (uint64_t)(word / size) && !read_number(reader, position, word, &position))
        return 0;
    if (!read_number(reader, position, size, &first))
        return 0;
    *value = (unsigned)first;
    return type == TYPE_SHORT ? position : 0;
}

static void read_entry(const struct reader *reader, uint64_t entry, struct image_tiff *tiff)
{
    uint64_t tag;
    if (!read_number(reader, entry, 2, &tag))
        return;
    if (tag == TAG_KIND)
        read_value(reader, entry, &tiff->kind);
    else if (tag == TAG_BITS)
        read_value(reader, entry, &tiff->bits);
    else if (tag == TAG_COMPRESSION)
        read_value(reader, entry, &tiff->compression);
    else if (tag == TAG_PHOTOMETRIC)
        tiff->photometric_position = read_value(reader, entry, &tiff->photometric);
    else if (tag == TAG_ORIENTATION)
        read_value(reader, entry, &tiff->orientation);
    else if (tag == TAG_SAMPLES)
        tiff->samples_position = read_value(reader, entry, &tiff->samples);
    else if (tag == TAG_PLANES)
        tiff->planes_position = read_value(reader, entry, &tiff->planes);
    else if (tag == TAG_TILE_WIDTH) {
        tiff->tiled = true;
        read_value(reader, entry, &tiff->part_width);
    } else if (tag == TAG_TILE_HEIGHT || tag == TAG_STRIP_ROWS)
        read_value(reader, entry, &tiff->part_height);
    else if (tag == TAG_STRIPS || tag == TAG_TILES)
        tiff->parts_entry = entry;
    else if (tag == TAG_STRIP_SIZES || tag == TAG_TILE_SIZES)
        tiff->part_sizes_entry = entry;
    else if (tag == TAG_SUB_DIRECTORIES)
        tiff->has_sub_directories = true;
    else if (tag == TAG_DNG_VERSION)
        tiff->raw = true;
    else if (tag == TAG_EXTRA_SAMPLES) {
        read_value(reader, entry, &tiff->extra_sample);
        tiff->extra_sample_entry = entry;
    } else if (tag == TAG_SAMPLE_FORMAT)
        read_value(reader, entry, &tiff->sample_format);
}

/* CR2 files have a mark between the header and the directory. */
static bool has_canon_mark(VipsSource *bytes, uint64_t directory)
{
    uint8_t mark[4];
    return directory == 16 && image_bytes_at(bytes, 8, mark, sizeof mark) &&
           memcmp(mark, "CR\2\0", sizeof mark) == 0;
}

static const struct image_tiff without_tags = {.compression = 1,
                                               .photometric = TIFF_PHOTOMETRIC_BLACK_IS_0,
                                               .orientation = 1,
                                               .samples = 1,
                                               .planes = 1,
                                               .sample_format = TIFF_SAMPLES_UNSIGNED,
                                               .bits = 1};

/* Reads the tags of the directory at `position`. */
static void read_directory(const struct reader *reader, uint64_t position, struct image_tiff *tiff)
{
    uint64_t count, entry_size = reader->big ? 20 : 12;
    int count_size = reader->big ? 8 : 2;
    if (position > INT64_MAX / 2 || !read_number(reader, position, count_size, &count))
        return;
    tiff->found = true;
    position += (uint64_t)count_size;
    /* Entries are sorted by tag; a directory has some dozens. */
    for (uint64_t i = 0; i < count && i < 4096; i++, position += entry_size)
        read_entry(reader, position, tiff);
    if (!read_number(reader, position, reader->big ? 8 : 4, &tiff->next))
        tiff->next = 0;
}

struct image_tiff image_tiff_read(VipsSource *bytes)
{
    struct image_tiff tiff = without_tags;
    struct reader reader = {bytes, false, false};
    uint64_t order, version, directory;
    if (!read_number(&reader, 0, 1, &order))
        return tiff;
    reader.big_endian = tiff.big_endian = order == 'M';
    if (!read_number(&reader, 2, 2, &version))
        return tiff;
    reader.big = tiff.big = version == 43;
    if (!read_number(&reader, reader.big ? 8 : 4, reader.big ? 8 : 4, &directory))
        return tiff;
    read_directory(&reader, directory, &tiff);
    tiff.raw = tiff.raw || has_canon_mark(bytes, directory);
    return tiff;
}

bool image_tiff_has_pages(VipsSource *bytes, const struct image_tiff *tiff)
{
    enum { DIRECTORIES_MOST = 64 }; /* a pyramid has a dozen */
    const struct reader reader = {bytes, tiff->big_endian, tiff->big};
    uint64_t next = tiff->next;
    for (int i = 0; i < DIRECTORIES_MOST && next > 0; i++) {
        struct image_tiff page = without_tags;
        read_directory(&reader, next, &page);
        if (page.found && !(page.kind & (TIFF_KIND_PREVIEW | TIFF_KIND_MASK)))
            return true;
        next = page.next;
    }
    return false;
}

bool image_tiff_array(VipsSource *bytes, const struct image_tiff *tiff, uint64_t entry,
                      struct image_tiff_array *array)
{
    const struct reader reader = {bytes, tiff->big_endian, tiff->big};
    int word = reader.big ? 8 : 4;
    uint64_t type;
    array->position = entry + 4 + (uint64_t)word;
    if (!read_number(&reader, entry + 2, 2, &type) ||
        (type != TYPE_SHORT && type != TYPE_LONG && type != TYPE_LONG8) ||
        !read_number(&reader, entry + 4, word, &array->count))
        return false;
    array->size = type == TYPE_SHORT ? 2 : type == TYPE_LONG ? 4 : 8;
    return array->count <= (uint64_t)(word / array->size) ||
           read_number(&reader, array->position, word, &array->position);
}

bool image_tiff_is_cut(VipsSource *bytes, const struct image_tiff *tiff)
{
    const struct reader reader = {bytes, tiff->big_endian, tiff->big};
    struct image_tiff_array parts, sizes;
    uint64_t position, size;
    gint64 length = vips_source_length(bytes);
    if (!tiff->found)
        return true; /* the directory, which may come last */
    if (!tiff->parts_entry || !tiff->part_sizes_entry ||
        !image_tiff_array(bytes, tiff, tiff->parts_entry, &parts) ||
        !image_tiff_array(bytes, tiff, tiff->part_sizes_entry, &sizes))
        return false;
    for (uint64_t i = 0; i < parts.count && i < sizes.count; i++) {
        if (!read_number(&reader, parts.position + i * (uint64_t)parts.size, parts.size,
                         &position) ||
            !read_number(&reader, sizes.position + i * (uint64_t)sizes.size, sizes.size, &size))
            return true;
        if (position + size > (uint64_t)length)
            return true;
    }
    return false;
}
