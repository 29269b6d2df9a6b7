#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "library/mm_handles.h"

/* An empty image, with libvips started. */
static struct mm_image *image_handle(struct error *error)
{
    if (image_library_start(error))
        return NULL;
    return memory_new(1, sizeof(struct mm_image), "image", error);
}

/* The image if it was read, else NULL with the caller's error filled and all freed. */
static struct mm_image *finish(struct mm_image *image, int status, const struct error *error,
                               struct mm_error *caller)
{
    if (status == 0)
        return image;
    mm_image_free(image);
    mm_error_fill(caller, error);
    return NULL;
}

struct mm_image *mm_image_read(const char *path, struct mm_error *caller)
{
    struct error error = {0};
    struct mm_image *image = image_handle(&error);
    int status = image ? image_read(path, NULL, &image->pixels, &error) : -1;
    return finish(image, status, &error, caller);
}

struct mm_image *mm_image_read_memory(const void *bytes, size_t size, struct mm_error *caller)
{
    struct error error = {0};
    struct mm_image *image = image_handle(&error);
    int status =
        image ? image_read_memory(bytes, size, "image in memory", NULL, &image->pixels, &error)
              : -1;
    return finish(image, status, &error, caller);
}

static int check(int32_t width, int32_t height, size_t stride, struct error *error)
{
    if (width < 1 || height < 1 || (uint64_t)width * (uint64_t)height > UINT32_MAX)
        return error_set(error, ERROR_USAGE, "an image of %d x %d pixels: expected 1 to 2^32 - 1",
                         width, height);
    if (stride < 3 * (size_t)width)
        return error_set(error, ERROR_USAGE, "a stride of %zu: expected at least 3 * %d bytes",
                         stride, width);
    return 0;
}

struct mm_image *mm_image_new(const uint8_t *rgb, int32_t width, int32_t height, size_t stride,
                              struct mm_error *caller)
{
    struct error error = {0};
    struct mm_image *image = NULL;
    int status = check(width, height, stride, &error);
    if (status == 0 && !(image = memory_new(1, sizeof *image, "image", &error)))
        status = -1;
    if (status == 0)
        status = image_reserve(&image->pixels, width, height, &error);
    for (int32_t y = 0; status == 0 && y < height; y++)
        memcpy(image->pixels.rgb + (size_t)y * 3 * (size_t)width, rgb + (size_t)y * stride,
               3 * (size_t)width);
    return finish(image, status, &error, caller);
}

void mm_image_free(struct mm_image *image)
{
    if (!image)
        return;
    image_free(&image->pixels);
    memory_free(image);
}

int32_t mm_image_width(const struct mm_image *image)
{
    return image->pixels.width;
}

int32_t mm_image_height(const struct mm_image *image)
{
    return image->pixels.height;
}

const uint8_t *mm_image_rgb(const struct mm_image *image)
{
    return image->pixels.rgb;
}
