/* image_patch.h - a file read as if a few of its bytes were others; internal to image*.c.
 *
 * Some sound files need a small repair before libvips reads them as OpenCV does: the end marker
 * that a JPEG lacks, a tag of a TIFF. The file itself is never written to. */
#ifndef IMAGES_IMAGE_PATCH_H
#define IMAGES_IMAGE_PATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vips/vips.h>

enum { IMAGE_PATCHES_MAX = 24 };

/* Two bytes that stand at `position`; they may lie behind the end of the file, directly. */
struct image_patch {
    uint64_t position;
    uint8_t bytes[2];
};

/* Begin with all zeros. Must stay in place from image_patched_source until that source is freed. */
struct image_patched {
    VipsSource *file; /* owned once image_patched_source has been called */
    uint64_t position, size;
    int count;
    struct image_patch patches[IMAGE_PATCHES_MAX];
};

/* Adds a patch; at most IMAGE_PATCHES_MAX. */
void image_patch_add(struct image_patched *patched, uint64_t position, uint8_t first,
                     uint8_t second);

/* Adds a number of 2, 4 or 8 bytes. */
void image_patch_number(struct image_patched *patched, uint64_t position, int size, uint64_t number,
                        bool big_endian);

/* A source that gives the bytes of `file` with the patches. Takes over the reference to `file` and
 * leaves it in patched->file, which the caller releases after the new source. NULL: no memory. */
VipsSource *image_patched_source(struct image_patched *patched, VipsSource *file);

/* Reads `size` bytes at `position`; false if there are fewer. Moves the reading position. */
bool image_bytes_at(VipsSource *file, uint64_t position, uint8_t *bytes, size_t size);

#endif
