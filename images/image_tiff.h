/* image_tiff.h - TIFF tags that decide how pixels are stored and that libvips does not report;
 * internal to image*.c. */
#ifndef IMAGES_IMAGE_TIFF_H
#define IMAGES_IMAGE_TIFF_H

#include <stdbool.h>
#include <stdint.h>

#include <vips/vips.h>

/* Values of the tags used here (TIFF 6.0). */
enum { TIFF_COMPRESSION_NONE = 1, TIFF_COMPRESSION_JPEG = 7 };
enum {
    TIFF_PHOTOMETRIC_BLACK_IS_0 = 1,
    TIFF_PHOTOMETRIC_RGB = 2,
    TIFF_PHOTOMETRIC_CMYK = 5,
    TIFF_PHOTOMETRIC_YCBCR = 6
};
enum { TIFF_EXTRA_UNSPECIFIED = 0, TIFF_EXTRA_ASSOCIATED = 1, TIFF_EXTRA_UNASSOCIATED = 2 };
enum { TIFF_PLANES_APART = 2 };
enum { TIFF_SAMPLES_UNSIGNED = 1, TIFF_SAMPLES_SIGNED = 2, TIFF_SAMPLES_FLOAT = 3 };

enum { TIFF_KIND_PREVIEW = 1, TIFF_KIND_MASK = 4 };

struct image_tiff {
    bool found;                /* the directory is in the file */
    unsigned kind;             /* tag 254; 0 where absent */
    unsigned compression;      /* tag 259; 1 where absent */
    unsigned photometric;      /* tag 262; 1 where absent */
    unsigned orientation;      /* tag 274; 1 where absent */
    unsigned samples;          /* tag 277: samples a pixel; 1 where absent */
    unsigned planes;           /* tag 284; 1 where absent */
    unsigned extra_sample;     /* first value of tag 338; 0 where absent */
    unsigned sample_format;    /* first value of tag 339; 1 where absent */
    unsigned bits;             /* first value of tag 258; 1 where absent */
    unsigned part_width;       /* of a tile (tag 322); 0: the image's, in strips */
    unsigned part_height;      /* of a tile or strip (tags 323, 278); 0: the image's */
    bool tiled;                /* tag 322 is there */
    bool big_endian;           /* byte order of the file */
    bool big;                  /* BigTIFF */
    bool has_sub_directories;  /* tag 330 is there */
    bool raw;                  /* tag 50706 (DNG) or the mark of Canon's CR2 is there */
    uint64_t next;             /* position of the next directory; 0: there is none */
    uint64_t parts_entry;      /* where the entry with the positions of strips or tiles stands */
    uint64_t part_sizes_entry; /* and that with their sizes; 0 where absent */
    uint64_t samples_position; /* where the value of tag 277 stands; 0 where absent */
    uint64_t planes_position;  /* the same of tag 284 */
    uint64_t photometric_position; /* and of tag 262 */
    uint64_t extra_sample_entry;   /* where the entry of tag 338 stands; 0 where absent */
};

/* Reads the tags of the first image of a TIFF or BigTIFF, and moves the reading position. Tags that
 * cannot be read count as absent; libvips checks the file itself. */
struct image_tiff image_tiff_read(VipsSource *bytes);

/* Where an entry's values stand. */
struct image_tiff_array {
    int size; /* bytes of a value: 2, 4 or 8 */
    uint64_t count, position;
};

/* Reads an entry of type SHORT, LONG or LONG8; false for others. Moves the reading position. */
bool image_tiff_array(VipsSource *bytes, const struct image_tiff *tiff, uint64_t entry,
                      struct image_tiff_array *array);

/* Whether further pages follow the first one, not counting reduced copies and masks. Moves the
 * reading position. */
bool image_tiff_has_pages(VipsSource *bytes, const struct image_tiff *tiff);

/* After a failure: whether the file ends before its directory or before one of the strips or tiles.
 * Moves the reading position. */
bool image_tiff_is_cut(VipsSource *bytes, const struct image_tiff *tiff);

/* Whether it is a camera's raw file: then what can be read of it is a small preview. */
bool image_tiff_is_raw(const struct image_tiff *tiff);

/* Why a sound TIFF of this kind cannot be read: what it has, as in "JPEG 2000 compression"; NULL
 * if it can be. */
const char *image_tiff_unsupported(const struct image_tiff *tiff);

/* The name of a compression that not every libtiff reads; NULL for the others. */
const char *image_tiff_rare_compression(const struct image_tiff *tiff);

#endif
