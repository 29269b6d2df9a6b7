/* A JPEG is a row of segments: FF, a marker, and for most markers a length and that many bytes.
 * Coded data follows a scan header (SOS) up to the next marker. A progressive JPEG sends its
 * coefficients in several scans, each a range of frequencies down to some bit; if the last scans
 * are lost, a decoder still shows a picture, but a coarser one. So the scans are counted. */
#include "images/image_jpeg_end.h"

#include <string.h>

#include "images/image_patch.h"

enum { MARKER_SOF0 = 0xc0, MARKER_SOF2 = 0xc2, MARKER_DHT = 0xc4, MARKER_DAC = 0xcc };
enum { MARKER_RST0 = 0xd0, MARKER_EOI = 0xd9, MARKER_SOS = 0xda, MARKER_TEM = 0x01 };
enum { COMPONENTS_MAX = 4, COEFFICIENTS = 64 };

struct scans {
    VipsSource *file;
    uint64_t size;
    int components;
    uint8_t id[COMPONENTS_MAX];
    bool progressive;
    bool sent[COMPONENTS_MAX][COEFFICIENTS]; /* down to the last bit */
};

/* Position of the first marker in coded data at `position`, or the file's size. */
static uint64_t end_of_data(const struct scans *scans, uint64_t position)
{
    enum { PIECE = 1 << 14 };
    uint8_t bytes[PIECE];
    bool escaped = false; /* the last byte was FF */
    while (position < scans->size) {
        uint64_t left = scans->size - position;
        size_t count = left < PIECE ? (size_t)left : PIECE;
        if (!image_bytes_at(scans->file, position, bytes, count))
            return scans->size;
        for (size_t i = 0; i < count; i++) {
            bool data = bytes[i] == 0 || (bytes[i] & 0xf8) == MARKER_RST0;
            if (escaped && !data && bytes[i] != 0xff)
                return position + i - 1;
            escaped = bytes[i] == 0xff;
        }
        position += count;
    }
    return scans->size;
}

/* A frame header: precision, height, width, then three bytes a component. */
static bool read_frame(struct scans *scans, const uint8_t *bytes, size_t size)
{
    if (size < 6 || bytes[5] < 1 || bytes[5] > COMPONENTS_MAX || size < 6 + 3 * (size_t)bytes[5])
        return false;
    scans->components = bytes[5];
    for (int c = 0; c < scans->components; c++)
        scans->id[c] = bytes[6 + 3 * c];
    return true;
}

/* A scan header: its components, then first and last coefficient and bit positions. */
static bool read_scan(struct scans *scans, const uint8_t *bytes, size_t size)
{
    if (size < 1 || size < 4 + 2 * (size_t)bytes[0])
        return false;
    const uint8_t *range = bytes + 1 + 2 * (size_t)bytes[0];
    int first = scans->progressive ? range[0] : 0;
    int last = scans->progressive ? range[1] : COEFFICIENTS - 1;
    if (last >= COEFFICIENTS)
        return false;
    bool whole = !scans->progressive || (range[2] & 15) == 0;
    for (int i = 0; i < bytes[0]; i++)
        for (int c = 0; c < scans->components; c++)
            if (scans->id[c] == bytes[1 + 2 * i])
                for (int k = first; k <= last && whole; k++)
                    scans->sent[c][k] = true;
    return true;
}

static bool all_sent(const struct scans *scans)
{
    for (int c = 0; c < scans->components; c++)
        if (memchr(scans->sent[c], 0, COEFFICIENTS))
            return false;
    return scans->components > 0;
}

/* Reads the segment `marker` at *position, which moves behind it and its coded data. */
static bool read_segment(struct scans *scans, int marker, uint64_t *position)
{
    uint8_t bytes[256 + 2];
    if (!image_bytes_at(scans->file, *position, bytes, 2))
        return false;
    size_t length = (size_t)bytes[0] << 8 | bytes[1];
    bool frame = marker >= MARKER_SOF0 && marker <= 0xcf && marker != MARKER_DHT &&
                 marker != MARKER_DAC && marker != 0xc8;
    if (length < 2 || *position + length > scans->size)
        return false;
    size_t kept = length < sizeof bytes ? length : sizeof bytes;
    if ((frame || marker == MARKER_SOS) && !image_bytes_at(scans->file, *position, bytes, kept))
        return false;
    *position += length;
    if (frame) {
        scans->progressive = marker == MARKER_SOF2;
        return read_frame(scans, bytes + 2, kept - 2);
    }
    if (marker != MARKER_SOS)
        return true;
    if (!read_scan(scans, bytes + 2, kept - 2))
        return false;
    *position = end_of_data(scans, *position);
    return true;
}

/* Goes through all segments; true if coded data runs to the end of the file. */
static bool runs_to_the_end(struct scans *scans)
{
    uint8_t marker[2];
    uint64_t position = 2; /* behind the start marker */
    while (image_bytes_at(scans->file, position, marker, 2)) {
        if (marker[0] != 0xff || marker[1] == MARKER_EOI)
            return false;
        position += marker[1] == 0xff ? 1 : 2;
        if (marker[1] != 0xff && marker[1] != MARKER_TEM &&
            !read_segment(scans, marker[1], &position))
            return false;
    }
    return position >= scans->size;
}

/* Where zeros begin that fill up the file; one zero stays behind FF, with which it is data. */
static uint64_t end_of_content(const struct scans *scans)
{
    enum { PIECE = 1 << 12 };
    uint8_t bytes[PIECE];
    uint64_t end = scans->size;
    while (end > 0) {
        size_t count = end < PIECE ? (size_t)end : PIECE;
        if (!image_bytes_at(scans->file, end - count, bytes, count))
            return scans->size;
        while (count > 0 && bytes[count - 1] == 0)
            count--, end--;
        if (count > 0)
            return end + (bytes[count - 1] == 0xff && end < scans->size ? 1 : 0);
    }
    return scans->size;
}

bool image_jpeg_lacks_end(VipsSource *file, uint64_t *position)
{
    uint8_t last[2];
    gint64 size = vips_source_length(file);
    struct scans scans = {.file = file, .size = size < 0 ? 0 : (uint64_t)size};
    if (scans.size < 4 || !image_bytes_at(file, scans.size - 2, last, 2) ||
        (last[0] == 0xff && last[1] == MARKER_EOI) || !runs_to_the_end(&scans) || !all_sent(&scans))
        return false;
    *position = end_of_content(&scans);
    return true;
}
