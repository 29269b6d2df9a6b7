/* After 8 bytes, a PNG is a row of chunks: length, kind, data, CRC-32 of kind and data. */
#include "images/image_png.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "images/image_patch.h"
#include "images/image_tiff.h"

enum { EXIF_MAX = 1 << 20 }; /* bytes; larger blocks are ignored */

uint32_t image_png_number(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

uint32_t image_png_crc(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffffU;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
    }
    return ~crc;
}

/* `chunk` is kind, `length` bytes of data and CRC. EXIF is laid out as a TIFF without pixels. */
static int read_exif(const uint8_t *chunk, size_t length)
{
    const uint8_t *data = chunk + 4;
    if (image_png_crc(chunk, 4 + length) != image_png_number(data + length) || length < 8 ||
        (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0))
        return 0;
    VipsSource *block = vips_source_new_from_memory(data, length);
    if (!block)
        return 0;
    unsigned orientation = image_tiff_read(block).orientation;
    g_object_unref(block);
    return orientation >= 2 && orientation <= 8 ? (int)orientation : 0;
}

/* Reads the chunk at `position`, kind, data and CRC. */
static int read_exif_at(VipsSource *file, uint64_t position, uint32_t length)
{
    if (length > EXIF_MAX)
        return 0;
    size_t size = 4 + (size_t)length + 4;
    uint8_t *chunk = malloc(size);
    int orientation =
        chunk && image_bytes_at(file, position, chunk, size) ? read_exif(chunk, length) : 0;
    free(chunk);
    return orientation;
}

int image_png_late_orientation(VipsSource *file)
{
    uint8_t head[8];
    bool pixels = false;
    for (uint64_t position = 8; image_bytes_at(file, position, head, sizeof head);) {
        uint32_t length = image_png_number(head);
        if (memcmp(head + 4, "IEND", 4) == 0)
            return 0;
        pixels = pixels || memcmp(head + 4, "IDAT", 4) == 0;
        if (memcmp(head + 4, "eXIf", 4) == 0)
            return pixels ? read_exif_at(file, position + 4, length) : 0;
        position += 12 + (uint64_t)length;
    }
    return 0;
}
