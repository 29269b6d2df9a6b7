/* A scan is a row of MCUs, each some 8 x 8 blocks of every component. A block is a code for the size
 * of its DC coefficient and that many bits, then codes for AC coefficients: a run of zeros and a
 * size, followed by that many bits. FF 00 in the data stands for FF; FF D0 to FF D7 are restart
 * markers, which begin at whole bytes. */
#include "images/image_jpeg_scan.h"

#include <string.h>

#include "images/image_patch.h"

enum { RESTART_0 = 0xd0, BLOCK = 64, END_OF_BLOCK = 0, ZEROS_16 = 0xf0 };

struct bits {
    VipsSource *file;
    uint64_t position, end; /* of what has not been buffered */
    uint8_t piece[4096];
    size_t next, count; /* in `piece` */
    unsigned byte;
    int left; /* bits of `byte` */
};

/* The next byte as it stands in the file; -1 at the end. */
static int raw_byte(struct bits *bits)
{
    if (bits->next == bits->count) {
        uint64_t left = bits->end - bits->position;
        bits->count = left < sizeof bits->piece ? (size_t)left : sizeof bits->piece;
        bits->next = 0;
        if (bits->count == 0 ||
            !image_bytes_at(bits->file, bits->position, bits->piece, bits->count)) {
            bits->count = 0;
            return -1;
        }
        bits->position += bits->count;
    }
    return bits->piece[bits->next++];
}

/* The next bit; -1 where the data end. */
static int next_bit(struct bits *bits)
{
    if (bits->left == 0) {
        int byte = raw_byte(bits);
        if (byte < 0 || (byte == 0xff && raw_byte(bits) != 0))
            return -1;
        bits->byte = (unsigned)byte;
        bits->left = 8;
    }
    return (int)(bits->byte >> --bits->left & 1);
}

static bool skip_bits(struct bits *bits, int count)
{
    while (count > 0 && next_bit(bits) >= 0)
        count--;
    return count == 0;
}

/* The next symbol; -1 if there is no such code or the data end. */
static int next_symbol(struct bits *bits, const struct jpeg_huffman *table)
{
    int code = 0, first = 0, symbol = 0;
    for (int length = 1; length <= 16; length++) {
        int bit = next_bit(bits);
        if (bit < 0)
            return -1;
        code = code << 1 | bit;
        if (code - first < table->counts[length])
            return table->symbols[symbol + code - first];
        symbol += table->counts[length];
        first = (first + table->counts[length]) << 1;
    }
    return -1;
}

static bool skip_block(struct bits *bits, const struct jpeg_huffman *dc,
                       const struct jpeg_huffman *ac)
{
    int size = next_symbol(bits, dc);
    if (size < 0 || size > 16 || !skip_bits(bits, size))
        return false;
    for (int k = 1; k < BLOCK;) {
        int symbol = next_symbol(bits, ac);
        if (symbol < 0)
            return false;
        if (symbol == ZEROS_16) {
            k += 16;
            continue;
        }
        if ((symbol & 15) == 0)
            break;
        k += (symbol >> 4) + 1;
        if (!skip_bits(bits, symbol & 15))
            return false;
    }
    return true;
}

static bool skip_mcu(const struct jpeg_scan *scan, struct bits *bits)
{
    for (int c = 0; c < scan->components; c++) {
        const struct jpeg_huffman *dc = &scan->dc[scan->component[c].dc];
        const struct jpeg_huffman *ac = &scan->ac[scan->component[c].ac];
        int blocks =
            scan->components == 1 ? 1 : scan->component[c].across * scan->component[c].down;
        for (int i = 0; i < blocks; i++)
            if (!skip_block(bits, dc, ac))
                return false;
    }
    return true;
}

/* MCUs of the image. That of a single component is one block. */
static uint64_t count_mcus(const struct jpeg_scan *scan)
{
    int across = 1, down = 1;
    for (int c = 0; c < scan->components && scan->components > 1; c++) {
        across = scan->component[c].across > across ? scan->component[c].across : across;
        down = scan->component[c].down > down ? scan->component[c].down : down;
    }
    uint64_t columns = ((uint64_t)scan->width + 8 * across - 1) / (8 * across);
    return columns * (((uint64_t)scan->height + 8 * down - 1) / (8 * down));
}

/* Restart markers count from 0 to 7 and again. */
static bool skip_restart(struct bits *bits, uint64_t number)
{
    bits->left = 0;
    return raw_byte(bits) == 0xff && raw_byte(bits) == RESTART_0 + (int)(number % 8);
}

bool jpeg_scan_complete(const struct jpeg_scan *scan, VipsSource *file, uint64_t position,
                        uint64_t end)
{
    struct bits bits = {.file = file, .position = position, .end = end};
    uint64_t mcus = count_mcus(scan), restart = (uint64_t)scan->restart;
    for (uint64_t i = 0; i < mcus; i++) {
        if (restart > 0 && i > 0 && i % restart == 0 && !skip_restart(&bits, i / restart - 1))
            return false;
        if (!skip_mcu(scan, &bits))
            return false;
    }
    return mcus > 0;
}

bool jpeg_scan_tables(struct jpeg_scan *scan, const uint8_t *bytes, size_t size)
{
    while (size >= 17) {
        int number = bytes[0] & 15;
        struct jpeg_huffman *tables = bytes[0] >> 4 ? scan->ac : scan->dc;
        size_t symbols = 0;
        for (int length = 1; length <= 16; length++)
            symbols += bytes[length];
        if (bytes[0] >> 4 > 1 || number >= JPEG_TABLES || symbols > 256 || size < 17 + symbols)
            return false;
        memcpy(tables[number].counts, bytes, 17);
        memcpy(tables[number].symbols, bytes + 17, symbols);
        bytes += 17 + symbols;
        size -= 17 + symbols;
    }
    return size == 0;
}

uint64_t jpeg_scan_end(VipsSource *file, uint64_t position, uint64_t end)
{
    enum { PIECE = 1 << 14 };
    uint8_t bytes[PIECE];
    bool escaped = false; /* the last byte was FF */
    while (position < end) {
        size_t count = end - position < PIECE ? (size_t)(end - position) : PIECE;
        if (!image_bytes_at(file, position, bytes, count))
            return end;
        for (size_t i = 0; i < count; i++) {
            bool data = bytes[i] == 0 || (bytes[i] & 0xf8) == RESTART_0;
            if (escaped && !data && bytes[i] != 0xff)
                return position + i - 1;
            escaped = bytes[i] == 0xff;
        }
        position += count;
    }
    return end;
}
