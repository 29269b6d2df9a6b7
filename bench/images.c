/* images.c - times decoding, in the process and apart, resizing and overlays of image files.
 *
 *   gcc -O2 -D_GNU_SOURCE -I. -o build/bench/images bench/images.c build/objects.a \
 *       $(pkg-config --libs vips) -lm -fopenmp
 *   build/bench/images FILE...
 * Milliseconds of processor time, best of several runs: clocks would show the neighbours. For a
 * worker only what is added in this process (asking, waiting, copying); its child decodes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "images/image.h"
#include "images/image_worker.h"
#include "images/resize.h"
#include "pictures/picture.h"
#include "records/record.h"

enum { RUNS = 15, SIZE = 1024, MASKS = 100 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

static void check(int failed, const struct error *error)
{
    if (!failed)
        return;
    fprintf(stderr, "%s\n", error->text);
    exit(1);
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* Overlapping discs as masks. */
static void add_discs(struct mask_list *masks, const struct image *image)
{
    struct error error;
    int32_t radius = image->height / 12;
    for (int i = 0; i < MASKS; i++) {
        struct mask mask = {0};
        int32_t cx = (i % 10) * image->width / 10 + radius;
        int32_t cy = i / 10 * image->height / 10 + radius;
        rle_begin(&mask.rle, (uint32_t)image->height, (uint32_t)image->width);
        for (int32_t x = cx - radius; x <= cx + radius && x < image->width; x++) {
            int32_t top = cy - (radius - abs(x - cx)), below = cy + (radius - abs(x - cx)) + 1;
            uint32_t column = (uint32_t)(x * image->height);
            check(rle_add(&mask.rle, column + (uint32_t)(top > 0 ? top : 0),
                          column + (uint32_t)(below < image->height ? below : image->height),
                          &error),
                  &error);
        }
        check(rle_end(&mask.rle, &error) || mask_list_add(masks, &mask, &error), &error);
    }
}

static void time_file(struct image_worker *worker, struct resize *resize, const char *path)
{
    struct error error;
    struct image image = {0};
    struct record record = {0};
    const struct picture_style style = {.outline = -1, .alpha = 0.4};
    double decode = 1e9, apart = 1e9, fit = 1e9, paint = 1e9;
    float *tensor = malloc((size_t)3 * SIZE * SIZE * sizeof *tensor);
    for (int run = 0; run < RUNS; run++) {
        double start = now();
        check(image_read(path, NULL, &image, &error), &error);
        decode = least(decode, now() - start);
        start = now();
        check(image_worker_read(worker, path, NULL, &image, &error), &error);
        apart = least(apart, now() - start);
        struct rect all = {0, 0, image.width, image.height};
        const struct image_view view = image_view_of(&image, all);
        struct size filled;
        start = now();
        check(resize_tensor(resize, &view, SIZE, tensor, &filled, &error), &error);
        fit = least(fit, now() - start);
    }
    add_discs(&record.masks, &image);
    record.width = (uint32_t)image.width;
    record.height = (uint32_t)image.height;
    for (int run = 0; run < 3; run++) {
        uint8_t *bytes;
        size_t size;
        double start = now();
        check(picture_overlay(&image, &record, &style, &bytes, &size, &error), &error);
        paint = least(paint, now() - start);
        memory_free(bytes);
    }
    printf("%s %d x %d: decode %.1f, worker adds %.2f, resize to %d %.1f, overlay of %d %.0f\n",
           path, image.width, image.height, decode, apart, SIZE, fit, MASKS, paint);
    free(tensor);
    record_free(&record);
    image_free(&image);
}

int main(int count, char **files)
{
    struct error error;
    struct image_server *server;
    check(image_server_start(&server, &error) || image_library_start(&error), &error);
    struct image_worker *worker =
        image_worker_new(server, &(struct image_worker_options){60, 0}, &error);
    struct resize *resize = resize_new(&error);
    check(!worker || !resize, &error);
    for (int i = 1; i < count; i++)
        time_file(worker, resize, files[i]);
    resize_free(resize);
    image_worker_free(worker);
    image_server_stop(server);
    return 0;
}
