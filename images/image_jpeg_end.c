/* A JPEG is a row of segments: FF, a marker, and for most markers a length and that many bytes.
 * Coded data follows a scan header (SOS) up to the next marker. A progressive JPEG sends its
 * coefficients in several scans, each a range of frequencies down to some bit; if the last scans
 * are lost, a decoder still shows a picture, but a coarser one. So the scans are counted. */
#include "images/image_jpeg_end.h"

#include <stdlib.h>
#include <string.h>

#include "images/image_jpeg_scan.h"
#include "images/image_patch.h"

enum { MARKER_SOF0 = 0xc0, MARKER_SOF1 = 0xc1, MARKER_SOF2 = 0xc2, MARKER_SOF15 = 0xcf };
enum { MARKER_DHT = 0xc4, MARKER_JPG = 0xc8, MARKER_DAC = 0xcc, MARKER_DRI = 0xdd };
enum { MARKER_EOI = 0xd9, MARKER_SOS = 0xda, MARKER_TEM = 0x01 };
enum { COEFFICIENTS = 64 };

struct walk {
    VipsSource *file;
    uint64_t size;
    struct jpeg_scan scan; /* the last one */
    uint64_t data;         /* where its coded data begin */
    int scans;             /* so far */
    bool progressive;
    bool interleaved; /* the last scan has all components */
    uint8_t id[JPEG_COMPONENTS_MAX];
    bool sent[JPEG_COMPONENTS_MAX][COEFFICIENTS]; /* down to the last bit */
};

static int read_short(const uint8_t *bytes)
{
    return bytes[0] << 8 | bytes[1];
}

/* A frame header: precision, height, width, then three bytes a component. Only frames of Huffman
 * codes: of others the decoder does not warn when data are lacking. */
static bool read_frame(struct walk *walk, int marker, const uint8_t *bytes, size_t size)
{
    struct jpeg_scan *scan = &walk->scan;
    if (marker > MARKER_SOF2 || size < 6 || bytes[5] < 1 || bytes[5] > JPEG_COMPONENTS_MAX ||
        size < 6 + 3 * (size_t)bytes[5])
        return false;
    walk->progressive = marker == MARKER_SOF2;
    scan->height = read_short(bytes + 1);
    scan->width = read_short(bytes + 3);
    scan->components = bytes[5];
    for (int c = 0; c < scan->components; c++) {
        walk->id[c] = bytes[6 + 3 * c];
        scan->component[c].across = bytes[7 + 3 * c] >> 4;
        scan->component[c].down = bytes[7 + 3 * c] & 15;
        if (scan->component[c].across < 1 || scan->component[c].across > 4 ||
            scan->component[c].down < 1 || scan->component[c].down > 4)
            return false;
    }
    return true;
}

/* A scan header: its components with their tables, then first and last coefficient and bit
 * positions. */
static bool read_scan(struct walk *walk, const uint8_t *bytes, size_t size)
{
    struct jpeg_scan *scan = &walk->scan;
    if (size < 1 || size < 4 + 2 * (size_t)bytes[0])
        return false;
    const uint8_t *range = bytes + 1 + 2 * (size_t)bytes[0];
    int first = walk->progressive ? range[0] : 0;
    int last = walk->progressive ? range[1] : COEFFICIENTS - 1;
    if (last >= COEFFICIENTS)
        return false;
    bool whole = !walk->progressive || (range[2] & 15) == 0;
    for (int i = 0; i < bytes[0]; i++)
        for (int c = 0; c < scan->components; c++)
            if (walk->id[c] == bytes[1 + 2 * i]) {
                scan->component[c].dc = bytes[2 + 2 * i] >> 4 & (JPEG_TABLES - 1);
                scan->component[c].ac = bytes[2 + 2 * i] & (JPEG_TABLES - 1);
                for (int k = first; k <= last && whole; k++)
                    walk->sent[c][k] = true;
            }
    walk->interleaved = bytes[0] == scan->components;
    walk->scans++;
    return true;
}

static bool all_sent(const struct walk *walk)
{
    for (int c = 0; c < walk->scan.components; c++)
        for (int k = 0; k < COEFFICIENTS; k++)
            if (!walk->sent[c][k])
                return false;
    return walk->scan.components > 0;
}

/* Reads what a segment, without its length, says of the scans. */
static bool read_content(struct walk *walk, int marker, const uint8_t *bytes, size_t size)
{
    bool frame = marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_JPG &&
                 marker != MARKER_DAC;
    if (marker == MARKER_DHT)
        return jpeg_scan_tables(&walk->scan, bytes, size);
    if (frame)
        return read_frame(walk, marker, bytes, size);
    if (marker == MARKER_DRI && size >= 2)
        walk->scan.restart = read_short(bytes);
    return marker != MARKER_SOS || read_scan(walk, bytes, size);
}

/* Reads the segment `marker` at *position, which moves behind it and its coded data. `bytes` has
 * room for 65,536 bytes. */
static bool read_segment(struct walk *walk, int marker, uint64_t *position, uint8_t *bytes)
{
    if (!image_bytes_at(walk->file, *position, bytes, 2))
        return false;
    size_t length = (size_t)read_short(bytes);
    if (length < 2 || !image_bytes_at(walk->file, *position, bytes, length) ||
        !read_content(walk, marker, bytes + 2, length - 2))
        return false;
    *position += length;
    if (marker == MARKER_SOS) {
        walk->data = *position;
        *position = jpeg_scan_end(walk->file, *position, walk->size);
    }
    return true;
}

/* Goes through all segments; true if coded data runs to the end of the file. */
static bool runs_to_the_end(struct walk *walk)
{
    uint8_t marker[2];
    uint64_t position = 2; /* behind the start marker */
    uint8_t *bytes = malloc(1 << 16);
    bool sound = bytes != NULL;
    while (sound && image_bytes_at(walk->file, position, marker, 2)) {
        sound = marker[0] == 0xff && marker[1] != MARKER_EOI;
        position += marker[1] == 0xff ? 1 : 2;
        if (sound && marker[1] != 0xff && marker[1] != MARKER_TEM)
            sound = read_segment(walk, marker[1], &position, bytes);
    }
    free(bytes);
    return sound && position >= walk->size;
}

/* Where zeros begin that fill up the file. A single zero is data, and so is one behind FF. */
static uint64_t end_of_content(const struct walk *walk)
{
    enum { PIECE = 1 << 12 };
    uint8_t bytes[PIECE];
    uint64_t end = walk->size;
    while (end > 0) {
        size_t count = end < PIECE ? (size_t)end : PIECE;
        if (!image_bytes_at(walk->file, end - count, bytes, count))
            return walk->size;
        while (count > 0 && bytes[count - 1] == 0)
            count--, end--;
        if (count > 0)
            return end + (end < walk->size && (bytes[count - 1] == 0xff || end + 1 == walk->size));
    }
    return walk->size;
}

bool image_jpeg_lacks_end(VipsSource *file, struct image_jpeg_end *end)
{
    uint8_t last[2];
    gint64 size = vips_source_length(file);
    struct walk walk = {.file = file, .size = size < 0 ? 0 : (uint64_t)size};
    if (walk.size < 4 || !image_bytes_at(file, walk.size - 2, last, 2) ||
        (last[0] == 0xff && last[1] == MARKER_EOI) || !runs_to_the_end(&walk) || !all_sent(&walk))
        return false;
    *end = (struct image_jpeg_end){
        .position = end_of_content(&walk),
        .buffered = walk.progressive || walk.scans > 1,
    };
    return end->buffered ||
           (walk.interleaved && jpeg_scan_complete(&walk.scan, file, walk.data, end->position));
}
