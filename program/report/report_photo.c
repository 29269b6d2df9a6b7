#include "program/report/report_photo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "images/resize.h"
#include "records/image_place.h"

enum { THUMB_QUALITY = 75, COPY_QUALITY = 85 };

/* Encodes the image as a JPEG with a longest side of at most `side` pixels. */
static int encode(const struct image *image, int32_t side, int quality, struct report_jpeg *jpeg,
                  struct error *error)
{
    const struct size own = {image->width, image->height};
    int32_t longest = own.width > own.height ? own.width : own.height;
    struct size size = longest > side ? resize_longest_side(own, side) : own;
    const struct image_view view = {image->rgb, (size_t)3 * own.width, own.width, own.height};
    struct image small = {.width = size.width, .height = size.height};
    struct resize *resize = resize_new(error);
    small.rgb = resize ? memory_new((size_t)size.width * size.height, 3, "thumbnail", error) : NULL;
    int result = small.rgb ? resize_rgb(resize, &view, size, small.rgb, error) : -1;
    if (result == 0)
        result = image_jpeg(&small, quality, &jpeg->bytes, &jpeg->size, error);
    jpeg->width = size.width;
    jpeg->height = size.height;
    memory_free(small.rgb);
    resize_free(resize);
    return result;
}

/* Decodes the photograph that is open as `descriptor`. */
static int make(const struct report_photos *photos, const char *name, int descriptor,
                struct report_photo *photo, struct error *error)
{
    struct image image = {0};
    int result =
        image_pool_read(photos->pool, &(struct image_input){name, descriptor}, &image, error);
    if (result == 0 && photos->thumb_side)
        result = encode(&image, photos->thumb_side, THUMB_QUALITY, &photo->thumb, error);
    if (result == 0 && photos->copy_side)
        result = encode(&image, photos->copy_side, COPY_QUALITY, &photo->copy, error);
    image_free(&image);
    return result;
}

/* Whether an errno is about the machine, not about a file. */
static bool is_of_machine(int system)
{
    return system == EMFILE || system == ENFILE || system == ENOMEM || system == ENOBUFS;
}

/* What costs a photograph and no more is no error of the report's. */
static int judge(int result, struct report_photo *photo, struct error *error)
{
    if (result && is_of_machine(error->system))
        error->code = ERROR_MEMORY;
    if (result == 0 || error->code == ERROR_MEMORY)
        return result;
    photo->missing = true;
    return 0;
}

int report_photo_read(const struct report_photos *photos, const char *file_name,
                      struct report_photo *photo, struct error *error)
{
    struct image_place place;
    *photo = (struct report_photo){.missing = photos->find};
    if (!photos->find || !photos->find(photos->context, file_name, &place) || place.refusal)
        return 0;
    int descriptor = image_place_open(&place, error);
    if (descriptor < 0)
        return judge(-1, photo, error);
    photo->missing = false;
    int result = 0;
    if (photos->thumb_side || photos->copy_side)
        result = judge(make(photos, file_name, descriptor, photo, error), photo, error);
    close(descriptor);
    return result;
}

void report_photo_free(struct report_photo *photo)
{
    memory_free(photo->thumb.bytes);
    memory_free(photo->copy.bytes);
    *photo = (struct report_photo){0};
}
