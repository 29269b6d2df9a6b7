#include "images/image_cut.h"

#include <stdint.h>
#include <string.h>

#include "images/image_jpeg_scan.h"
#include "images/image_patch.h"

static uint64_t length_of(VipsSource *file)
{
    gint64 size = vips_source_length(file);
    return size < 0 ? 0 : (uint64_t)size;
}

static uint64_t big_endian(const uint8_t *bytes, int count)
{
    uint64_t number = 0;
    for (int i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

/* Reads the marker at *position and the length of its segment, 0 if it has none; *position moves
 * behind the marker. False at the end of the file and where there is no marker. */
static bool next_marker(VipsSource *file, uint64_t *position, int *marker, uint64_t *length)
{
    enum { TEM = 0x01, RST0 = 0xd0, EOI = 0xd9 };
    uint8_t bytes[2];
    do {
        if (!image_bytes_at(file, *position, bytes, 2) || bytes[0] != 0xff)
            return false;
        *position += bytes[1] == 0xff ? 1 : 2;
    } while (bytes[1] == 0xff);
    *marker = bytes[1];
    *length = 0;
    if (*marker == TEM || (*marker >= RST0 && *marker <= EOI))
        return true;
    if (!image_bytes_at(file, *position, bytes, 2))
        return false;
    *length = big_endian(bytes, 2);
    return *length >= 2;
}

bool image_jpeg_is_cut(VipsSource *file)
{
    enum { EOI = 0xd9, SOS = 0xda };
    uint64_t size = length_of(file), position = 0, length;
    int marker;
    while (next_marker(file, &position, &marker, &length)) {
        if (marker == EOI)
            return false;
        position += length;
        if (marker == SOS)
            position = jpeg_scan_end(file, position, size);
    }
    return position + 2 > size;
}

/* Kinds of frame, by the marker's last four bits; NULL: read. */
static const char *frame_kind(int marker)
{
    static const char *const kinds[16] = {
        [3] = "lossless compression",      [5] = "hierarchical compression",
        [6] = "hierarchical compression",  [7] = "hierarchical compression",
        [9] = "arithmetic coding",         [10] = "arithmetic coding",
        [11] = "lossless compression",     [13] = "hierarchical compression",
        [14] = "hierarchical compression", [15] = "hierarchical compression",
    };
    return kinds[marker & 15];
}

static const char *frame_unsupported(int marker, const uint8_t *frame)
{
    if (frame[0] != 8 && frame[0] <= 16)
        return frame[0] == 12 ? "12 bits a sample" : "other than 8 bits a sample";
    if (big_endian(frame + 1, 2) > 65500 || big_endian(frame + 3, 2) > 65500)
        return "a side over 65,500 pixels";
    if (frame[1] == 0 && frame[2] == 0)
        return "its height behind the picture (DNL)";
    if (frame[5] == 2 || frame[5] > 4)
        return "other than 1, 3 or 4 components";
    return frame_kind(marker);
}

const char *image_jpeg_unsupported(VipsSource *file)
{
    enum { SOF0 = 0xc0, DHT = 0xc4, JPG = 0xc8, DAC = 0xcc, SOF15 = 0xcf, SOS = 0xda, LS = 0xf7 };
    uint64_t position = 0, length;
    int marker;
    while (next_marker(file, &position, &marker, &length)) {
        uint8_t frame[6]; /* precision, height, width, components */
        if (marker == LS)
            return "JPEG-LS compression";
        if (marker >= SOF0 && marker <= SOF15 && marker != DHT && marker != JPG && marker != DAC)
            return image_bytes_at(file, position + 2, frame, sizeof frame)
                       ? frame_unsupported(marker, frame)
                       : NULL;
        if (marker == SOS)
            return NULL;
        position += length;
    }
    return NULL;
}

bool image_png_is_cut(VipsSource *file)
{
    uint8_t head[8];
    uint64_t position = 8;
    while (image_bytes_at(file, position, head, sizeof head)) {
        position += 12 + big_endian(head, 4);
        if (memcmp(head + 4, "IEND", 4) == 0)
            break;
        if (position > length_of(file))
            return true;
    }
    return position >= length_of(file) && memcmp(head + 4, "IEND", 4) != 0;
}

const char *image_png_unsupported(VipsSource *file)
{
    uint8_t size[8]; /* width, height */
    if (!image_bytes_at(file, 16, size, sizeof size))
        return NULL;
    bool large = big_endian(size, 4) > 1000000 || big_endian(size + 4, 4) > 1000000;
    return large ? "a side over 1,000,000 pixels" : NULL;
}

/* A GIF ends with ';'. */
bool image_gif_is_cut(VipsSource *file)
{
    uint8_t last = 0;
    uint64_t size = length_of(file);
    return size < 1 || !image_bytes_at(file, size - 1, &last, 1) || last != ';';
}

/* "RIFF" and the number of bytes that follow, least significant byte first. */
bool image_riff_is_cut(VipsSource *file)
{
    uint8_t head[8];
    if (!image_bytes_at(file, 0, head, sizeof head))
        return true;
    uint64_t size =
        head[4] | (uint64_t)head[5] << 8 | (uint64_t)head[6] << 16 | (uint64_t)head[7] << 24;
    return 8 + size > length_of(file);
}

/* Boxes of a size, its own bytes included, and a kind. Size 1: it follows the kind in 8 bytes; size
 * 0: to the end of the file. */
bool image_iso_media_is_cut(VipsSource *file)
{
    uint8_t head[16];
    uint64_t position = 0, size = length_of(file);
    while (position < size) {
        if (!image_bytes_at(file, position, head, 8))
            return true;
        uint64_t box = big_endian(head, 4);
        if (box == 1) {
            if (!image_bytes_at(file, position, head, 16))
                return true;
            box = big_endian(head + 8, 8);
        }
        if (box == 0)
            return false;
        if (box < 8 || box > INT64_MAX)
            return false;
        position += box;
    }
    return position > size;
}
