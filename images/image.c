#include "images/image.h"

#include <pthread.h>
#include <vips/vips.h>

#include <vips/vector.h> /* lacks what vips.h includes */

#include "base/error.h"
#include "base/memory.h"
#include "images/image_source.h"

/* Class names of the loaders that libvips marks as safe for untrusted files. */
static const char *const loaders[] = {"VipsForeignLoadJpeg",  "VipsForeignLoadPng",
                                      "VipsForeignLoadTiff",  "VipsForeignLoadWebp",
                                      "VipsForeignLoadNsgif", "VipsForeignLoadHeif"};

/* libvips is started once per process; these two say so. Set by start_once alone. */
static pthread_once_t start_control = PTHREAD_ONCE_INIT;
static bool started;

/* libvips warns on standard error, from any thread and without naming the file. */
static void drop_message(const gchar *domain, GLogLevelFlags level, const gchar *text,
                         gpointer data)
{
    (void)domain;
    (void)level;
    (void)text;
    (void)data;
}

static void start_once(void)
{
    if (vips_init("maskmill"))
        return;
    g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_INFO | G_LOG_LEVEL_MESSAGE,
                      drop_message, NULL);
    vips_cache_set_max(0);
    vips_concurrency_set(1);
    /* Loaders need no vectors, and libvips makes their code at run time, which the cage refuses. */
    vips_vector_set_enabled(FALSE);
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++)
        vips_operation_block_set(loaders[i], FALSE);
    started = true;
}

int image_library_start(struct error *error)
{
    pthread_once(&start_control, start_once);
    return started ? 0
                   : error_set(error, ERROR_UNSUPPORTED,
                               "libvips does not start; install libvips42 again");
}

void image_library_load(void)
{
    static const char *const names[] = {"jpegload_source", "pngload_source", "tiffload_source",
                                        "webpload_source", "gifload_source", "heifload_source"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        VipsOperation *operation = vips_operation_new(names[i]);
        if (operation)
            g_object_unref(operation);
    }
    vips_error_clear();
}

void image_library_stop(void)
{
    if (started) /* before, it crashes */
        vips_shutdown();
}

void image_thread_stop(void)
{
    vips_thread_shutdown();
}

int image_read_header(const char *path, const struct image_options *options,
                      struct image_header *header, struct error *error)
{
    struct image_source source;
    if (image_source_open_path(&source, path, true, options, error))
        return -1;
    *header = source.header;
    image_source_close(&source);
    return 0;
}

int image_reserve(struct image *image, int32_t width, int32_t height, struct error *error)
{
    size_t bytes = (size_t)width * (size_t)height * 3;
    if (bytes > image->capacity) {
        image_free(image);
        image->rgb = memory_new(bytes, 1, "pixels", error);
        if (!image->rgb)
            return -1;
        image->capacity = bytes;
    }
    image->width = width;
    image->height = height;
    return 0;
}

struct image_view image_view_of(const struct image *image, struct rect rect)
{
    size_t stride = (size_t)image->width * 3;
    const uint8_t *rgb = image->rgb + (size_t)rect.y * stride + (size_t)rect.x * 3;
    return (struct image_view){rgb, stride, rect.width, rect.height};
}

static int read_source(struct image_source *source, struct image *image, struct error *error)
{
    if (image_reserve(image, source->header.width, source->header.height, error))
        return error_prefix(error, "%s", source->name);
    return image_source_all(source, image->rgb, error);
}

int image_read(const char *path, const struct image_options *options, struct image *image,
               struct error *error)
{
    struct image_source source;
    if (image_source_open_path(&source, path, false, options, error))
        return -1;
    int status = read_source(&source, image, error);
    image_source_close(&source);
    return status;
}

int image_read_memory(const void *bytes, size_t size, const char *name,
                      const struct image_options *options, struct image *image, struct error *error)
{
    struct image_source source;
    if (image_source_open_memory(&source, bytes, size, name, options, error))
        return -1;
    int status = read_source(&source, image, error);
    image_source_close(&source);
    return status;
}

void image_free(struct image *image)
{
    memory_free(image->rgb);
    *image = (struct image){0};
}

int image_jpeg(const struct image *image, int quality, uint8_t **bytes, size_t *size,
               struct error *error)
{
    *bytes = NULL;
    *size = 0;
    size_t length = (size_t)image->width * (size_t)image->height * 3;
    VipsImage *pixels = vips_image_new_from_memory(image->rgb, length, image->width, image->height,
                                                   3, VIPS_FORMAT_UCHAR);
    void *encoded = NULL;
    int status = -1;
    if (!pixels || vips_jpegsave_buffer(pixels, &encoded, size, "Q", quality, "strip", TRUE, NULL))
        error_set(error, ERROR_IMAGE, "libvips cannot encode %d x %d pixels as JPEG", image->width,
                  image->height);
    else if ((*bytes = memory_new(*size, 1, "JPEG", error))) {
        memcpy(*bytes, encoded, *size);
        status = 0;
    }
    g_free(encoded);
    if (pixels)
        g_object_unref(pixels);
    vips_error_clear();
    return status;
}
