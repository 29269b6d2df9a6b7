#include "images/image_write.h"

#include <string.h>
#include <vips/vips.h>

#include "base/error.h"
#include "base/memory.h"

/* PNG's level: label maps and masks shrink to a hundredth already at the first levels. */
enum { PNG_LEVEL = 3 };

static const struct plane {
    VipsBandFormat format;
    size_t size; /* bytes a pixel */
} planes[] = {
    [IMAGE_PLANE_8] = {VIPS_FORMAT_UCHAR, 1},
    [IMAGE_PLANE_16] = {VIPS_FORMAT_USHORT, 2},
    [IMAGE_PLANE_32] = {VIPS_FORMAT_UINT, 4},
};

static int encode(VipsImage *image, enum image_plane_kind kind, void **bytes, size_t *size)
{
    if (kind == IMAGE_PLANE_32)
        return vips_tiffsave_buffer(image, bytes, size, "compression",
                                    VIPS_FOREIGN_TIFF_COMPRESSION_DEFLATE, "strip", TRUE, NULL);
    return vips_pngsave_buffer(image, bytes, size, "compression", (int)PNG_LEVEL, "strip", TRUE,
                               "filter", VIPS_FOREIGN_PNG_FILTER_NONE, NULL);
}

int image_write_plane(const void *pixels, uint32_t width, uint32_t height,
                      enum image_plane_kind kind, uint8_t **bytes, size_t *size,
                      struct error *error)
{
    const struct plane *plane = &planes[kind];
    void *encoded = NULL;
    VipsImage *image = vips_image_new_from_memory(pixels, (size_t)width * height * plane->size,
                                                  (int)width, (int)height, 1, plane->format);
    if (!image)
        return error_set(error, ERROR_MEMORY, "no memory to encode %u x %u pixels", width, height);
    image->Type = kind == IMAGE_PLANE_16 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W;
    int failed = encode(image, kind, &encoded, size);
    g_object_unref(image);
    if (failed)
        return error_set(error, ERROR_UNSUPPORTED,
                         "libvips cannot encode %u x %u pixels of %zu "
                         "bytes",
                         width, height, plane->size);
    *bytes = memory_new(*size, 1, "an encoded image", error);
    if (*bytes)
        memcpy(*bytes, encoded, *size);
    g_free(encoded);
    return *bytes ? 0 : -1;
}
