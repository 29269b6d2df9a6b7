#include "images/image_scale.h"

#include <string.h>
#include <vips/vips.h>

#include "base/error.h"
#include "images/image.h"

/* Copies rows of `width` pixels into the canvas. */
static void put_rows(const uint8_t *rgb, struct image *canvas, struct rect place)
{
    size_t row = (size_t)place.width * 3;
    for (int32_t y = 0; y < place.height; y++) {
        size_t start = (size_t)(place.y + y) * (size_t)canvas->width + (size_t)place.x;
        memcpy(canvas->rgb + start * 3, rgb + (size_t)y * row, row);
    }
}

/* The image in the place's size, as a new memory block of libvips'. NULL if libvips refuses. */
static void *resample(const struct image *image, struct rect place)
{
    size_t length = (size_t)image->width * (size_t)image->height * 3, size = 0;
    VipsImage *from = vips_image_new_from_memory(image->rgb, length, image->width, image->height, 3,
                                                 VIPS_FORMAT_UCHAR);
    VipsImage *to = NULL;
    void *pixels = NULL;
    if (from && vips_resize(from, &to, (double)place.width / image->width, "vscale",
                            (double)place.height / image->height, NULL) == 0) {
        if (to->Xsize == place.width && to->Ysize == place.height && to->Bands == 3)
            pixels = vips_image_write_to_memory(to, &size);
        g_object_unref(to);
    }
    if (from)
        g_object_unref(from);
    vips_error_clear();
    return pixels;
}

int image_scale(const struct image *image, struct image *canvas, struct rect place,
                struct error *error)
{
    if (image->width == place.width && image->height == place.height) {
        put_rows(image->rgb, canvas, place);
        return 0;
    }
    void *pixels = resample(image, place);
    if (!pixels)
        return error_set(error, ERROR_IMAGE, "libvips cannot resize %d x %d pixels to %d x %d",
                         image->width, image->height, place.width, place.height);
    put_rows(pixels, canvas, place);
    g_free(pixels);
    return 0;
}
