/* Image workers for several threads: the same pixels, and one budget of memory for all. */
#include "scratch.h"
#include "unit.h"

#include <pthread.h>
#include <stdint.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "images/image_worker.h"

#define FOLDER "tests/data/images/"

static const char *const good[] = {FOLDER "rgb420.jpg", FOLDER "rgb16.png",  FOLDER "alpha.tif",
                                   FOLDER "alpha.webp", FOLDER "frames.gif", FOLDER "lossy.avif"};
enum { GOOD = sizeof good / sizeof *good };

/* Started by main before anything else. */
static struct image_server *server;

static struct image_pool *new_pool(int workers, uint64_t memory_bytes)
{
    struct error error = {0};
    const struct image_pool_options options = {
        .workers = workers, .seconds = 60, .memory_bytes = memory_bytes};
    struct image_pool *pool = image_pool_new(server, &options, &error);
    ck_assert_msg(pool != NULL, "%s", error.text);
    return pool;
}

/* An image of 48 MB in a small file. */
static char *large_jpeg(const struct scratch *scratch)
{
    struct error error = {0};
    enum { SIDE = 4000 };
    struct image image = {0};
    uint8_t *bytes;
    size_t size;
    ck_assert_int_eq(image_reserve(&image, SIDE, SIDE, &error), 0);
    memset(image.rgb, 77, (size_t)SIDE * SIDE * 3);
    ck_assert_int_eq(image_jpeg(&image, 80, &bytes, &size, &error), 0);
    char *path = scratch_path(scratch, "large.jpg");
    FILE *file = fopen(path, "wb");
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
    memory_free(bytes);
    image_free(&image);
    return path;
}

/* A thread that reads images, every third one a large one. */
struct reader {
    struct image_pool *pool;
    const char *large;
    int failures;
};

static void *read_many(void *argument)
{
    struct reader *reader = argument;
    struct image here = {0}, there = {0};
    struct error error;
    for (int i = 0; i < 3 * GOOD; i++) {
        const char *path = i % 3 == 2 ? reader->large : good[i % GOOD];
        bool same =
            image_read(path, NULL, &here, &error) == 0 &&
            image_pool_read(reader->pool, &(struct image_input){path, -1}, &there, &error) == 0 &&
            here.width == there.width && here.height == there.height &&
            memcmp(here.rgb, there.rgb, (size_t)here.width * here.height * 3) == 0;
        reader->failures += !same;
    }
    image_free(&here);
    image_free(&there);
    image_thread_stop();
    return NULL;
}

/* The large one needs more than the part of one worker. A sanitizer keeps what is freed. */
#ifdef __SANITIZE_ADDRESS__
enum { SHARED_MEMORY = 1 << 30 };
#else
enum { SHARED_MEMORY = 150 << 20 };
#endif

START_TEST(threads_share_workers_and_memory)
{
    enum { THREADS = 4 };
    struct scratch scratch = scratch_new();
    char *large = large_jpeg(&scratch);
    struct image_pool *pool = new_pool(3, SHARED_MEMORY);
    pthread_t threads[THREADS];
    struct reader readers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        readers[i] = (struct reader){pool, large, 0};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_many, &readers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(readers[i].failures, 0);
    image_pool_free(pool);
    free(large);
    scratch_free(&scratch);
}
END_TEST

START_TEST(what_never_fits_is_the_image_s_fault)
{
    struct error error = {0};
    struct image image = {0};
    struct scratch scratch = scratch_new();
    char *large = large_jpeg(&scratch);
    struct image_pool *pool = new_pool(1 + _i, 60 << 20);
    ck_assert_int_eq(image_pool_read(pool, &(struct image_input){large, -1}, &image, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_msg(strstr(error.text, "more than the 60 MB that are left for it") != NULL, "%s",
                  error.text);
    ck_assert_int_eq(image_pool_read(pool, &(struct image_input){good[0], -1}, &image, &error), 0);
    image_free(&image);
    image_pool_free(pool);
    free(large);
    scratch_free(&scratch);
}
END_TEST

START_TEST(headers_and_errors_are_those_of_the_image)
{
    struct error here = {0}, there = {0};
    struct image_header header, other;
    struct image_pool *pool = new_pool(2, (uint64_t)1 << 30);
    ck_assert_int_eq(image_read_header(good[0], NULL, &header, &here), 0);
    ck_assert_int_eq(image_pool_header(pool, &(struct image_input){good[0], -1}, &other, &there),
                     0);
    ck_assert_int_eq(header.width, other.width);
    ck_assert_int_eq(header.height, other.height);
    ck_assert_int_eq(image_read_header(FOLDER "make.py", NULL, &header, &here), -1);
    ck_assert_int_eq(
        image_pool_header(pool, &(struct image_input){FOLDER "make.py", -1}, &other, &there), -1);
    ck_assert_str_eq(here.text, there.text);
    ck_assert_int_eq(there.code, ERROR_IMAGE);
    image_pool_free(pool);
}
END_TEST

int main(int argc, char **argv)
{
    struct error error;
    if (argc == 2 && strcmp(argv[1], IMAGE_SERVER_ARGUMENT) == 0) {
        image_server_main();
        return EXIT_SUCCESS;
    }
    if (image_server_start(&server, &error) || image_library_start(&error))
        return EXIT_FAILURE;
    TCase *tests = tcase_create("image_pool");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, threads_share_workers_and_memory);
    tcase_add_loop_test(tests, what_never_fits_is_the_image_s_fault, 0, 2);
    tcase_add_test(tests, headers_and_errors_are_those_of_the_image);
    Suite *suite = suite_create("image_pool");
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_server_stop(server);
    image_library_stop();
    return status;
}
