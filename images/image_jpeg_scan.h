/* image_jpeg_scan.h - whether the coded data of a JPEG's scan are complete; internal to image*.c. */
#ifndef IMAGES_IMAGE_JPEG_SCAN_H
#define IMAGES_IMAGE_JPEG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vips/vips.h>

enum { JPEG_COMPONENTS_MAX = 4, JPEG_TABLES = 4 };

/* A Huffman table; length 0 is unused. */
struct jpeg_huffman {
    uint8_t counts[17]; /* codes of each length in bits */
    uint8_t symbols[256];
};

/* What a sequential scan is made of, as its headers say. */
struct jpeg_scan {
    int width, height; /* pixels */
    int components;
    struct {
        int across, down; /* sampling factors, 1..4 */
        int dc, ac;       /* tables, 0..3 */
    } component[JPEG_COMPONENTS_MAX];
    struct jpeg_huffman dc[JPEG_TABLES], ac[JPEG_TABLES];
    int restart; /* MCUs between restart markers; 0: there are none */
};

/* Reads the tables of a DHT segment, without its length. False if it is malformed. */
bool jpeg_scan_tables(struct jpeg_scan *scan, const uint8_t *bytes, size_t size);

/* Position of the first marker but restarts in coded data from `position` to `end`; `end` if there
 * is none. Moves the reading position. */
uint64_t jpeg_scan_end(VipsSource *file, uint64_t position, uint64_t end);

/* Whether the coded data from `position` to `end` hold every block of a scan that interleaves all
 * components. Decodes the Huffman codes; coefficients are skipped. Moves the reading position. */
bool jpeg_scan_complete(const struct jpeg_scan *scan, VipsSource *file, uint64_t position,
                        uint64_t end);

#endif
