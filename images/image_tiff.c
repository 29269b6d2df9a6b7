/* A TIFF directory is a count, followed by entries of tag, type, number of values, and the values.
 * Values that need more than 4 bytes (8 in a BigTIFF) are stored elsewhere; the entry then has
 * their position. */
#include "images/image_tiff.h"

#include <stdbool.h>
#include <stdint.h>

enum { TYPE_SHORT = 3 };
enum { TAG_COMPRESSION = 259, TAG_PHOTOMETRIC = 262, TAG_EXTRA_SAMPLES = 338 };

struct reader {
    VipsSource *bytes;
    bool big_endian;
    bool big; /* BigTIFF: positions and counts of 8 bytes */
};

/* Reads the `size` (1..8) bytes at `position` as a number; false past the end of the file. */
static bool read_number(const struct reader *reader, uint64_t position, int size, uint64_t *number)
{
    uint8_t bytes[8];
    if (position > INT64_MAX ||
        vips_source_seek(reader->bytes, (gint64)position, SEEK_SET) != (gint64)position)
        return false;
    for (int done = 0; done < size;) {
        gint64 got = vips_source_read(reader->bytes, bytes + done, (size_t)(size - done));
        if (got <= 0)
            return false;
        done += (int)got;
    }
    *number = 0;
    for (int i = 0; i < size; i++)
        *number = *number << 8 | bytes[reader->big_endian ? i : size - 1 - i];
    return true;
}

/* Reads the first value of an entry of type SHORT; false for other types. */
static bool read_short(const struct reader *reader, uint64_t entry, unsigned *value)
{
    int word = reader->big ? 8 : 4;
    uint64_t type, count, first;
    uint64_t position = entry + 4 + (uint64_t)word;
    if (!read_number(reader, entry + 2, 2, &type) || type != TYPE_SHORT ||
        !read_number(reader, entry + 4, word, &count))
        return false;
    if (count > (uint64_t)word / 2 && !read_number(reader, position, word, &position))
        return false;
    if (!read_number(reader, position, 2, &first))
        return false;
    *value = (unsigned)first;
    return true;
}

static void read_entry(const struct reader *reader, uint64_t entry, struct image_tiff *tiff)
{
    uint64_t tag;
    if (!read_number(reader, entry, 2, &tag))
        return;
    if (tag == TAG_COMPRESSION)
        read_short(reader, entry, &tiff->compression);
    else if (tag == TAG_PHOTOMETRIC)
        read_short(reader, entry, &tiff->photometric);
    else if (tag == TAG_EXTRA_SAMPLES)
        read_short(reader, entry, &tiff->extra_sample);
}

struct image_tiff image_tiff_read(VipsSource *bytes)
{
    struct image_tiff tiff = {1, 1, TIFF_EXTRA_UNSPECIFIED};
    struct reader reader = {bytes, false, false};
    uint64_t order, version, directory, count;
    if (!read_number(&reader, 0, 1, &order))
        return tiff;
    reader.big_endian = order == 'M';
    if (!read_number(&reader, 2, 2, &version))
        return tiff;
    reader.big = version == 43;
    int word = reader.big ? 8 : 4, count_size = reader.big ? 8 : 2,
        entry_size = reader.big ? 20 : 12;
    if (!read_number(&reader, reader.big ? 8 : 4, word, &directory) ||
        !read_number(&reader, directory, count_size, &count) || directory > INT64_MAX / 2)
        return tiff;
    /* Entries are sorted by tag; a directory has some dozens. */
    for (uint64_t i = 0; i < count && i < 4096; i++)
        read_entry(&reader, directory + (uint64_t)count_size + i * (uint64_t)entry_size, &tiff);
    return tiff;
}
