/* A TIFF directory is a count, followed by entries of tag, type, number of values, and the values.
 * Values that need more than 4 bytes (8 in a BigTIFF) are stored elsewhere; the entry then has
 * their position. */
#include "images/image_tiff.h"

#include "images/image_patch.h"

enum { TYPE_SHORT = 3, TYPE_LONG = 4 };
enum {
    TAG_BITS = 258,
    TAG_COMPRESSION = 259,
    TAG_PHOTOMETRIC = 262,
    TAG_ORIENTATION = 274,
    TAG_SAMPLES = 277,
    TAG_PLANES = 284,
    TAG_TILE_WIDTH = 322,
    TAG_EXTRA_SAMPLES = 338,
    TAG_SAMPLE_FORMAT = 339
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
    if (tag == TAG_BITS)
        read_value(reader, entry, &tiff->bits);
    else if (tag == TAG_COMPRESSION)
        read_value(reader, entry, &tiff->compression);
    else if (tag == TAG_PHOTOMETRIC)
        read_value(reader, entry, &tiff->photometric);
    else if (tag == TAG_ORIENTATION)
        read_value(reader, entry, &tiff->orientation);
    else if (tag == TAG_SAMPLES)
        tiff->samples_position = read_value(reader, entry, &tiff->samples);
    else if (tag == TAG_PLANES)
        read_value(reader, entry, &tiff->planes);
    else if (tag == TAG_TILE_WIDTH)
        tiff->tiled = true;
    else if (tag == TAG_EXTRA_SAMPLES) {
        read_value(reader, entry, &tiff->extra_sample);
        tiff->extra_sample_entry = entry;
    } else if (tag == TAG_SAMPLE_FORMAT)
        read_value(reader, entry, &tiff->sample_format);
}

struct image_tiff image_tiff_read(VipsSource *bytes)
{
    struct image_tiff tiff = {.compression = 1,
                              .photometric = TIFF_PHOTOMETRIC_BLACK_IS_0,
                              .orientation = 1,
                              .samples = 1,
                              .planes = 1,
                              .sample_format = TIFF_SAMPLES_UNSIGNED,
                              .bits = 1};
    struct reader reader = {bytes, false, false};
    uint64_t order, version, directory, count;
    if (!read_number(&reader, 0, 1, &order))
        return tiff;
    reader.big_endian = tiff.big_endian = order == 'M';
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

/* Compressions in use; `read`: by every libtiff, by some, or by none. */
enum compression_read { READ_NEVER, READ_RARELY, READ_IN_TILES, READ_ALWAYS };

static const struct compression {
    unsigned code;
    enum compression_read read;
    const char *name;
} compressions[] = {
    {1, READ_ALWAYS, NULL},
    {2, READ_ALWAYS, NULL},
    {3, READ_ALWAYS, NULL},
    {4, READ_ALWAYS, NULL},
    {5, READ_ALWAYS, NULL},
    {6, READ_RARELY, "old-style JPEG compression"},
    {7, READ_ALWAYS, NULL},
    {8, READ_ALWAYS, NULL},
    {9, READ_NEVER, "JBIG compression"},
    {10, READ_NEVER, "JBIG compression"},
    {32766, READ_ALWAYS, NULL}, /* NeXT */
    {32771, READ_ALWAYS, NULL}, /* Group 3 fax, word-aligned */
    {32773, READ_ALWAYS, NULL}, /* PackBits */
    {32809, READ_ALWAYS, NULL}, /* ThunderScan */
    {32946, READ_ALWAYS, NULL}, /* Deflate, old code */
    {33003, READ_IN_TILES, "JPEG 2000 compression"},
    {33005, READ_IN_TILES, "JPEG 2000 compression"},
    {34661, READ_NEVER, "JBIG compression"},
    {34676, READ_ALWAYS, NULL}, /* LogLuv; its colours are refused */
    {34677, READ_ALWAYS, NULL},
    {34712, READ_IN_TILES, "JPEG 2000 compression"},
    {34887, READ_RARELY, "LERC compression"},
    {34892, READ_NEVER, "lossy DNG compression"},
    {34925, READ_RARELY, "LZMA compression"},
    {50000, READ_RARELY, "Zstandard compression"},
    {50001, READ_RARELY, "WebP compression"},
    {50002, READ_NEVER, "JPEG XL compression"},
    {52546, READ_NEVER, "JPEG XL compression"},
};

static const struct compression *find_compression(const struct image_tiff *tiff)
{
    static const struct compression unknown = {0, READ_NEVER, "an unknown compression"};
    for (size_t i = 0; i < sizeof compressions / sizeof *compressions; i++)
        if (compressions[i].code == tiff->compression)
            return &compressions[i];
    return &unknown;
}

const char *image_tiff_unsupported(const struct image_tiff *tiff)
{
    const struct compression *compression = find_compression(tiff);
    if (compression->read == READ_NEVER || (compression->read == READ_IN_TILES && !tiff->tiled))
        return compression->name;
    if (tiff->sample_format == TIFF_SAMPLES_FLOAT)
        return "floating-point samples";
    if (tiff->sample_format == TIFF_SAMPLES_SIGNED)
        return "signed samples";
    if (tiff->sample_format == 5 || tiff->sample_format == 6)
        return "complex samples";
    if (tiff->bits > 16)
        return "samples of more than 16 bits";
    /* libtiff multiplies by this alpha, but libvips reads gray from planes one at a time. */
    if (tiff->planes == TIFF_PLANES_APART && tiff->samples > 1 &&
        tiff->photometric <= TIFF_PHOTOMETRIC_BLACK_IS_0 &&
        tiff->extra_sample == TIFF_EXTRA_UNASSOCIATED)
        return "gray and alpha in planes apart";
    return NULL;
}

const char *image_tiff_rare_compression(const struct image_tiff *tiff)
{
    return find_compression(tiff)->name;
}
