#include "images/image_write.h"

#include <string.h>
#include <vips/vips.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"

/* zlib's level: label maps and masks shrink to a hundredth even at the low levels. */
enum { PNG_LEVEL = 3 };

static const struct plane_format {
    VipsBandFormat format;
    size_t size; /* bytes a pixel */
} plane_formats[] = {
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

/* Moves what libvips has encoded into memory of memory_new. */
static int take(void *encoded, size_t size, uint8_t **bytes, struct error *error)
{
    *bytes = memory_new(size, 1, "an encoded image", error);
    if (*bytes)
        memcpy(*bytes, encoded, size);
    g_free(encoded);
    return *bytes ? 0 : -1;
}

int image_write_plane(const struct image_plane *plane, uint8_t **bytes, size_t *size,
                      struct error *error)
{
    const struct plane_format *format = &plane_formats[plane->kind];
    uint32_t width = plane->width, height = plane->height;
    void *encoded = NULL;
    VipsImage *image =
        vips_image_new_from_memory(plane->pixels, (size_t)width * height * format->size, (int)width,
                                   (int)height, 1, format->format);
    if (!image)
        return error_set(error, ERROR_MEMORY, "no memory to encode %u x %u pixels", width, height);
    image->Type =
        plane->kind == IMAGE_PLANE_16 ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_B_W;
    int failed = encode(image, plane->kind, &encoded, size);
    g_object_unref(image);
    if (failed)
        return error_set(error, ERROR_IMAGE, "libvips cannot encode %u x %u pixels of %zu bytes",
                         width, height, format->size);
    return take(encoded, *size, bytes, error);
}

/* RGB pixels for libvips, which borrows them. NULL with ERROR_MEMORY. */
static VipsImage *wrap(const struct image *image, struct error *error)
{
    size_t length = (size_t)image->width * (size_t)image->height * 3;
    VipsImage *pixels = vips_image_new_from_memory(image->rgb, length, image->width, image->height,
                                                   3, VIPS_FORMAT_UCHAR);
    if (pixels)
        pixels->Type = VIPS_INTERPRETATION_sRGB;
    else
        error_set(error, ERROR_MEMORY, "no memory to encode %d x %d pixels", image->width,
                  image->height);
    return pixels;
}

static int finish(const struct image *image, VipsImage *pixels, int failed, const char *format,
                  struct error *error)
{
    g_object_unref(pixels);
    vips_error_clear();
    return failed ? error_set(error, ERROR_IMAGE, "libvips cannot encode %d x %d pixels as %s",
                              image->width, image->height, format)
                  : 0;
}

int image_write_png(const struct image *image, uint8_t **bytes, size_t *size, struct error *error)
{
    void *encoded = NULL;
    VipsImage *pixels = wrap(image, error);
    if (!pixels)
        return -1;
    int failed = vips_pngsave_buffer(pixels, &encoded, size, "strip", TRUE, "filter",
                                     VIPS_FOREIGN_PNG_FILTER_ALL, NULL);
    if (finish(image, pixels, failed, "PNG", error))
        return -1;
    return take(encoded, *size, bytes, error);
}

int image_write_webp(const struct image *image, int quality, uint8_t **bytes, size_t *size,
                     struct error *error)
{
    void *encoded = NULL;
    VipsImage *pixels = wrap(image, error);
    if (!pixels)
        return -1;
    int failed = vips_webpsave_buffer(pixels, &encoded, size, "Q", quality, "strip", TRUE, NULL);
    if (finish(image, pixels, failed, "WebP", error))
        return -1;
    return take(encoded, *size, bytes, error);
}
