/* Embeddings of the last images: encoded once however many ask, the oldest dropped first, what is held
 * kept. */
#include "scratch.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/error.h"
#include "images/image_pool.h"
#include "images/image_worker.h"
#include "include/maskmill.h"
#include "program/prompts/image_cache.h"

#define FOLDER "tests/data/images/"
#define MODEL "tests/parity/models/vit_xs.safetensors"

static const char *const paths[] = {FOLDER "rgb420.jpg", FOLDER "rgb16.png", FOLDER "alpha.tif",
                                    FOLDER "alpha.webp"};

static struct image_server *server; /* started by main before anything else */
static struct image_pool *pool;
static struct mm_model *model;
static struct mm_segmenter *segmenter;
static uint64_t each; /* bytes of an embedding */

static struct image_cache *new_cache(uint64_t bytes)
{
    struct error error = {0};
    const struct image_cache_options options = {
        .segmenter = segmenter, .pool = pool, .bytes = bytes};
    struct image_cache *cache = image_cache_new(&options, &error);
    ck_assert_msg(cache != NULL, "%s", error.text);
    return cache;
}

static const struct cached_image *get(struct image_cache *cache, const char *path)
{
    struct error error = {0};
    const struct cache_image image = {.name = path};
    const struct cached_image *entry = image_cache_get(cache, &image, &error);
    ck_assert_msg(entry != NULL, "%s", error.text);
    return entry;
}

static void visit(struct image_cache *cache, const char *path)
{
    image_cache_release(cache, get(cache, path));
}

START_TEST(an_image_is_encoded_once)
{
    struct image_cache *cache = new_cache(UINT64_MAX);
    const struct cached_image *entry = get(cache, paths[0]);
    ck_assert_int_gt(entry->width, 0);
    ck_assert_ptr_nonnull(entry->embedding);
    ck_assert_ptr_eq(get(cache, paths[0]), entry);
    image_cache_release(cache, entry);
    image_cache_release(cache, entry);
    visit(cache, "./" FOLDER "rgb420.jpg"); /* the same file by another name */
    ck_assert_uint_eq(image_cache_encoded(cache), 1);
    image_cache_free(cache);
}
END_TEST

START_TEST(the_oldest_goes_first)
{
    struct image_cache *cache = new_cache(2 * each);
    visit(cache, paths[0]);
    visit(cache, paths[1]);
    visit(cache, paths[0]);
    visit(cache, paths[2]); /* in place of 1 */
    ck_assert_uint_eq(image_cache_encoded(cache), 3);
    visit(cache, paths[0]);
    visit(cache, paths[2]);
    ck_assert_uint_eq(image_cache_encoded(cache), 3);
    visit(cache, paths[1]);
    ck_assert_uint_eq(image_cache_encoded(cache), 4);
    image_cache_free(cache);
}
END_TEST

START_TEST(what_is_held_stays_beyond_the_bound)
{
    struct image_cache *cache = new_cache(0);
    const struct cached_image *held = get(cache, paths[0]);
    visit(cache, paths[1]);
    ck_assert_ptr_eq(get(cache, paths[0]), held);
    ck_assert_uint_eq(mm_embedding_bytes(held->embedding), each);
    ck_assert_uint_eq(image_cache_encoded(cache), 2);
    image_cache_release(cache, held);
    image_cache_release(cache, held);
    visit(cache, paths[0]); /* nobody held it any more */
    ck_assert_uint_eq(image_cache_encoded(cache), 3);
    image_cache_free(cache);
}
END_TEST

static void copy(const char *from, const char *to)
{
    char command[512];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(an_image_that_changes_is_encoded_again)
{
    struct scratch scratch = scratch_new();
    struct image_cache *cache = new_cache(UINT64_MAX);
    char *path = scratch_path(&scratch, "a");
    copy(paths[0], path);
    visit(cache, path);
    copy(paths[1], path);
    visit(cache, path);
    ck_assert_uint_eq(image_cache_encoded(cache), 2);
    image_cache_free(cache);
    free(path);
    scratch_free(&scratch);
}
END_TEST

START_TEST(failures_are_told_and_tried_again)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    struct image_cache *cache = new_cache(UINT64_MAX);
    char *path = scratch_path(&scratch, "a");
    const struct cache_image image = {.name = path};
    ck_assert_ptr_null(image_cache_get(cache, &image, &error));
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    scratch_write(&scratch, "a", "no image");
    ck_assert_ptr_null(image_cache_get(cache, &image, &error));
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    copy(paths[0], path);
    visit(cache, path);
    image_cache_free(cache);
    free(path);
    scratch_free(&scratch);
}
END_TEST

START_TEST(images_below_a_folder)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    char *path = scratch_path(&scratch, "a.jpg");
    copy(paths[0], path);
    struct folder *folder = scratch_folder(&scratch);
    struct image_cache *cache = new_cache(UINT64_MAX);
    const struct cache_image good = {folder, "a.jpg"}, bad = {folder, "b.jpg"};
    const struct cached_image *entry = image_cache_get(cache, &good, &error);
    ck_assert_msg(entry != NULL, "%s", error.text);
    image_cache_release(cache, entry);
    ck_assert_ptr_null(image_cache_get(cache, &bad, &error));
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    image_cache_free(cache);
    folder_close(folder);
    free(path);
    scratch_free(&scratch);
}
END_TEST

/* A thread that asks for the same images as others. */
struct asker {
    struct image_cache *cache;
    atomic_int *barrier;
    int images, rounds;
};

static void *ask(void *argument)
{
    const struct asker *asker = argument;
    atomic_fetch_sub(asker->barrier, 1);
    while (atomic_load(asker->barrier) > 0)
        ;
    for (int round = 0; round < asker->rounds; round++)
        for (int i = 0; i < asker->images; i++) {
            const struct cached_image *entry = get(asker->cache, paths[i]);
            ck_assert_uint_eq(mm_embedding_bytes(entry->embedding), each);
            image_cache_release(asker->cache, entry);
        }
    return NULL;
}

static void ask_by_four(struct image_cache *cache, int images, int rounds)
{
    enum { THREADS = 4 };
    atomic_int barrier = THREADS;
    pthread_t threads[THREADS];
    struct asker asker = {cache, &barrier, images, rounds};
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &asker), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

START_TEST(four_threads_have_one_encoding)
{
    struct image_cache *cache = new_cache(UINT64_MAX);
    ask_by_four(cache, 4, 20);
    ck_assert_uint_eq(image_cache_encoded(cache), 4);
    image_cache_free(cache);
}
END_TEST

START_TEST(four_threads_within_the_bound)
{
    struct image_cache *cache = new_cache(2 * each);
    ask_by_four(cache, 4, 5);
    ck_assert_uint_ge(image_cache_encoded(cache), 4);
    image_cache_free(cache);
}
END_TEST

static void wait_for(struct image_cache *cache, uint64_t encoded)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < 4000 && image_cache_encoded(cache) < encoded; i++)
        nanosleep(&pause, NULL);
    ck_assert_uint_eq(image_cache_encoded(cache), encoded);
}

START_TEST(images_are_encoded_ahead)
{
    const struct cache_image ahead[] = {
        {.name = paths[1]}, {.name = "/nowhere"}, {.name = paths[2]}};
    struct image_cache *cache = new_cache(UINT64_MAX);
    visit(cache, paths[0]);
    image_cache_ahead(cache, ahead, 3);
    wait_for(cache, 3);
    visit(cache, paths[1]);
    visit(cache, paths[2]);
    ck_assert_uint_eq(image_cache_encoded(cache), 3);
    image_cache_free(cache);
}
END_TEST

START_TEST(no_more_ahead_than_fit)
{
    const struct cache_image ahead[] = {{.name = paths[1]}, {.name = paths[2]}, {.name = paths[3]}};
    struct image_cache *cache = new_cache(2 * each);
    visit(cache, paths[0]);
    image_cache_ahead(cache, ahead, 3);
    wait_for(cache, 2);
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
    ck_assert_uint_eq(image_cache_encoded(cache), 2);
    visit(cache, paths[0]); /* it has not been driven out */
    visit(cache, paths[1]);
    ck_assert_uint_eq(image_cache_encoded(cache), 2);
    image_cache_free(cache);
}
END_TEST

START_TEST(it_ends_with_images_left)
{
    const struct cache_image ahead[] = {{.name = paths[0]}, {.name = paths[1]}};
    for (int i = 0; i < 5; i++) {
        struct image_cache *cache = new_cache(UINT64_MAX);
        image_cache_ahead(cache, ahead, 2);
        image_cache_free(cache);
    }
}
END_TEST

static void set_up(void)
{
    struct error error = {0};
    struct mm_error failure = {0};
    const struct image_pool_options options = {.workers = 2, .seconds = 60};
    pool = image_pool_new(server, &options, &error);
    model = mm_model_open(MODEL, NULL, &failure);
    ck_assert_msg(pool && model, "%s%s", error.text, failure.text);
    segmenter = mm_segmenter_new(model, NULL, 1, &failure);
    ck_assert_msg(segmenter != NULL, "%s", failure.text);
    struct image_cache *cache = new_cache(UINT64_MAX);
    const struct cached_image *entry = get(cache, paths[0]);
    each = mm_embedding_bytes(entry->embedding);
    image_cache_release(cache, entry);
    image_cache_free(cache);
}

static void tear_down(void)
{
    mm_segmenter_free(segmenter);
    mm_model_free(model);
    image_pool_free(pool);
}

int main(void)
{
    struct error error;
    Suite *suite = suite_create("image_cache");
    TCase *tests = tcase_create("image_cache");
    if (image_server_start(&server, &error)) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_FAILURE;
    }
    tcase_add_unchecked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, an_image_is_encoded_once);
    tcase_add_test(tests, the_oldest_goes_first);
    tcase_add_test(tests, what_is_held_stays_beyond_the_bound);
    tcase_add_test(tests, an_image_that_changes_is_encoded_again);
    tcase_add_test(tests, failures_are_told_and_tried_again);
    tcase_add_test(tests, images_below_a_folder);
    tcase_add_test(tests, four_threads_have_one_encoding);
    tcase_add_test(tests, four_threads_within_the_bound);
    tcase_add_test(tests, images_are_encoded_ahead);
    tcase_add_test(tests, no_more_ahead_than_fit);
    tcase_add_test(tests, it_ends_with_images_left);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_server_stop(server);
    return status;
}
