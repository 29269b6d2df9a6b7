/* image.h - photographs in and out: files of many formats to 8-bit RGB, RGB to JPEG.
 *
 * Pixels agree with those of OpenCV's imread in its colour mode, which the reference uses: 8 bits,
 * EXIF orientation applied, alpha dropped (not blended), gray repeated, embedded colour profiles
 * ignored. JPEG, PNG, TIFF, WebP, GIF (first frame), HEIC and AVIF are read. Unlike OpenCV, a
 * truncated file is refused.
 *
 * Files are untrusted. libvips decodes them here, in the calling process; image_worker.h decodes
 * them in a process apart.
 *
 * image_library_start comes first. After it, all functions may be called from several threads at
 * once. Every error message is one line that begins with the path.
 */
#ifndef IMAGES_IMAGE_H
#define IMAGES_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"

struct error;

/* 8-bit RGB pixels in rows from the top: rgb[height][width][3]. Begin with all zeros. */
struct image {
    int32_t width, height; /* pixels, orientation applied */
    uint8_t *rgb;          /* owned, freed by image_free */
    size_t capacity;       /* allocated bytes; the next read reuses them */
};

/* A region of an image, or other RGB rows. All borrowed. */
struct image_view {
    const uint8_t *rgb; /* the first row's first pixel; 3 bytes a pixel */
    size_t stride;      /* bytes from row to row, at least 3 * width */
    int32_t width, height;
};

/* What becomes of samples, above all those of 16 bits. */
enum image_depth {
    IMAGE_UPPER_8_BITS, /* their upper 8 bits, as in OpenCV */
    IMAGE_MINMAX,       /* (v - least) * 255 / (greatest - least), rounded, where least and greatest
                           are those of the image's colours, over all bands alike; upper 8 bits if
                           both are equal. The image is decoded twice. */
    IMAGE_VALUES /* no colours: the three bytes of a pixel are the number that a label map has
                           there, the low byte first. Gray of up to 16 bits: the sample; a palette:
                           the index; colours of 8 bits: R + 256 G + 65536 B. PNG only. */
};

/* How to read an image. All zeros: as OpenCV, without limits. */
struct image_options {
    uint64_t max_pixels; /* width * height, checked before anything is decoded; 0: no limit */
    enum image_depth depth;
};

/* What was noticed while an image was decoded. */
struct image_notes {
    bool end_added;           /* a JPEG lacks its end marker, and nothing else */
    bool pages;               /* further pages or frames follow, which are not read */
    bool deep;                /* samples have 16 bits */
    uint16_t least, greatest; /* if deep: of the colours in the rows decoded so far */
};

/* A file with an image, borrowed. */
struct image_input {
    const char *name; /* its path; where it is open already, any name for messages */
    int descriptor;   /* of a regular file that is open for reading; -1: open the path */
};

/* What is known from the header alone, without decoding. */
struct image_header {
    int32_t width, height;  /* pixels, orientation applied */
    uint64_t decoder_bytes; /* upper estimate of the decoder's memory beside the pixels */
    uint64_t bytes;         /* decoder_bytes + 3 for each pixel: what image_read needs */
};

/* Starts libvips: no operation cache, one thread for each pipeline, no warnings on standard error,
 * and every loader blocked but those of the formats above. The settings hold for the whole process,
 * so also for a host program's own use of libvips. May be called more than once and from any
 * thread; later calls do nothing and return what the first did. 0 or -1 (ERROR_UNSUPPORTED). */
int image_library_start(struct error *error);

/* Loads what libvips and its decoders otherwise load with the first image of each format, such as
 * plugins of libheif, for a process that will not be allowed to open them. */
void image_library_load(void);

/* Shuts libvips down at the end of the process: no function here may be running, or be called
 * afterwards, not even image_library_start. Optional. Libraries never call it. */
void image_library_stop(void);

/* Frees what libvips keeps for the calling thread. Call it at the end of every thread but the main
 * one that has called a function here. */
void image_thread_stop(void);

/* Whether a file that begins with `size` bytes `start` is of a format that is read, whatever its
 * name. 12 bytes tell. */
bool image_is_known(const void *start, size_t size);

/* Whether a file name (without its folder) ends with the extension of a supported format, in upper
 * or lower case: jpg jpeg jpe jfif png tif tiff webp gif heic heif avif. */
bool image_has_extension(const char *name);

/* The extensions of the supported formats, in lower case: 0, 1, ...; NULL beyond the last. */
const char *image_extension(size_t index);

/* Reads the header only. Limits are checked as in image_read; NULL: none.
 * Returns 0, or -1 with ERROR_IMAGE (not an image, over a limit, unreadable). */
int image_read_header(const char *path, const struct image_options *options,
                      struct image_header *header, struct error *error);

/* Decodes a file into `image`, whose memory is reused if it is large enough. options may be NULL.
 * Returns 0, or -1 with ERROR_IMAGE (missing, unreadable, not an image, damaged, truncated, over a
 * limit) or ERROR_MEMORY; then the pixels are indeterminate, but image_free is still valid. */
int image_read(const char *path, const struct image_options *options, struct image *image,
               struct error *error);

/* As image_read, from the `size` bytes of a file. Messages begin with `name`. */
int image_read_memory(const void *bytes, size_t size, const char *name,
                      const struct image_options *options, struct image *image,
                      struct error *error);

/* Makes room for width x height pixels and sets the size. The old pixels are lost. 0 or -1
 * (ERROR_MEMORY). */
int image_reserve(struct image *image, int32_t width, int32_t height, struct error *error);

/* The region `rect`, which lies inside the image and is not empty. */
struct image_view image_view_of(const struct image *image, struct rect rect);

/* Frees the pixels and leaves an empty struct. */
void image_free(struct image *image);

/* A window of whole rows that moves down an image too large for memory. For one thread. */
struct image_strips;

/* Opens `path` for reading from top to bottom and fills *header. The memory needed is
 * header->decoder_bytes and the window. An image that must be turned upright is first unpacked to a
 * temporary file in TMPDIR (/tmp) of 3 bytes a pixel.
 * Returns 0 or -1 as image_read, or -1 with ERROR_IO. The caller frees *strips. */
int image_strips_open(struct image_strips **strips, const char *path,
                      const struct image_options *options, struct image_header *header,
                      struct error *error);

/* Puts rows y .. y + height - 1 into *window (width x height). The window is borrowed: it is valid
 * until the next call on `strips`, and must not be passed to image_free. y must not decrease from
 * call to call. Rows that two windows share are decoded once. Returns 0 or -1 as image_read. */
int image_strips_rows(struct image_strips *strips, int32_t y, int32_t height, struct image *window,
                      struct error *error);

/* What was noticed so far. */
struct image_notes image_strips_notes(const struct image_strips *strips);

void image_strips_free(struct image_strips *strips);

/* Encodes as a baseline JPEG of the given quality (1..100, 4:2:0 below 90), without metadata.
 * *bytes is owned by the caller and freed by memory_free. 0 or -1 (ERROR_IMAGE, ERROR_MEMORY). */
int image_jpeg(const struct image *image, int quality, uint8_t **bytes, size_t *size,
               struct error *error);

#endif
