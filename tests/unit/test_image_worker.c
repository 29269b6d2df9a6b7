/* Decoding in other processes: the same pixels and messages; children and servers that die are
 * replaced, and an image is blamed only for what it has done itself. */
#include "scratch.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"
#include "images/image_worker.h"

#define FOLDER "tests/data/images/"

static const char *const good[] = {FOLDER "rgb420.jpg", FOLDER "turned6.jpg", FOLDER "rgb16.png",
                                   FOLDER "alpha.tif",  FOLDER "alpha.webp",  FOLDER "frames.gif",
                                   FOLDER "lossy.avif", FOLDER "cmyk.jpg"};

static const char *const bad[] = {FOLDER "missing.jpg", FOLDER, FOLDER "make.py",
                                  FOLDER "ycbcr.tif"};

/* Started by main before anything else. */
struct fixture {
    struct image_server *server;
};
static struct fixture fixture;

static struct image_worker *new_worker(double seconds)
{
    struct error error = {0};
    struct image_worker_options options = {seconds, 0};
    struct image_worker *worker = image_worker_new(fixture.server, &options, &error);
    ck_assert_msg(worker != NULL, "%s", error.text);
    return worker;
}

static void check_equal(const struct image *a, const struct image *b)
{
    ck_assert_int_eq(a->width, b->width);
    ck_assert_int_eq(a->height, b->height);
    ck_assert_mem_eq(a->rgb, b->rgb, (size_t)a->width * a->height * 3);
}

START_TEST(pixels_are_the_same)
{
    struct error error = {0};
    struct image_worker *worker = new_worker(60);
    struct image here = {0}, there = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_int_eq(image_read(good[i], NULL, &here, &error), 0);
        ck_assert_msg(image_worker_read(worker, good[i], NULL, &there, &error) == 0, "%s",
                      error.text);
        check_equal(&here, &there);
    }
    image_free(&here);
    image_free(&there);
    image_worker_free(worker);
}
END_TEST

START_TEST(contents_may_be_handed_over)
{
    static uint8_t bytes[1 << 16];
    struct error error = {0};
    struct image_worker *worker = new_worker(60);
    struct image here = {0}, there = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        FILE *file = fopen(good[i], "rb");
        size_t size = fread(bytes, 1, sizeof bytes, file);
        fclose(file);
        ck_assert_int_eq(image_read(good[i], NULL, &here, &error), 0);
        const struct image_bytes member = {bytes, size, "member"};
        ck_assert_msg(image_worker_read_memory(worker, &member, NULL, &there, &error) == 0, "%s",
                      error.text);
        check_equal(&here, &there);
    }
    const struct image_bytes empty = {bytes, 0, "m"};
    ck_assert_int_eq(image_worker_read_memory(worker, &empty, NULL, &there, &error), -1);
    ck_assert_str_eq(error.text, "m: the file is empty; copy it again");
    image_free(&here);
    image_free(&there);
    image_worker_free(worker);
}
END_TEST

START_TEST(messages_are_the_same)
{
    struct image_worker *worker = new_worker(60);
    struct image image = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error here = {0}, there = {0};
        ck_assert_int_eq(image_read(bad[i], NULL, &image, &here), -1);
        ck_assert_int_eq(image_worker_read(worker, bad[i], NULL, &image, &there), -1);
        ck_assert_str_eq(here.text, there.text);
        ck_assert_int_eq(here.code, there.code);
        ck_assert_int_eq(here.system, there.system);
    }
    struct image_options limits = {.max_pixels = 100};
    struct error error = {0};
    ck_assert_int_eq(image_worker_read(worker, good[0], &limits, &image, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "more than the limit of 100"));
    image_free(&image);
    image_worker_free(worker);
}
END_TEST

/* The youngest child of a process, 0 where there is none or this system does not tell. Children of
 * earlier tests may still be ending. */
static pid_t child_of(pid_t parent)
{
    char path[64];
    int child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "r");
    for (int next; file && fscanf(file, "%d", &next) == 1;)
        child = next;
    if (file)
        fclose(file);
    return child;
}

/* A child that is to get a signal while it has a request. */
struct blow {
    pid_t child;
    int signal;
};

static void *strike(void *argument)
{
    const struct blow *blow = argument;
    usleep(50000);
    kill(blow->child, blow->signal);
    kill(blow->child, SIGCONT);
    return NULL;
}

/* Reads an image while its child gets the signal; the error. */
static struct error read_under(int signal)
{
    struct error error = {0};
    struct image_worker *worker = new_worker(60);
    struct image image = {0};
    pthread_t thread;
    ck_assert_int_eq(image_worker_read(worker, good[0], NULL, &image, &error), 0);
    struct blow blow = {child_of(child_of(getpid())), signal};
    if (blow.child > 0) {
        kill(blow.child, SIGSTOP);
        pthread_create(&thread, NULL, strike, &blow);
        ck_assert_int_eq(image_worker_read(worker, good[1], NULL, &image, &error), -1);
        pthread_join(thread, NULL);
    }
    struct error after = {0};
    ck_assert_int_eq(image_worker_read(worker, good[1], NULL, &image, &after), 0);
    ck_assert_int_eq(image.width, 29);
    image_free(&image);
    image_worker_free(worker);
    return error;
}

START_TEST(a_crash_costs_one_image)
{
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGTRAP};
    struct error error = read_under(signals[_i]);
    if (error.code == ERROR_NONE)
        return; /* this system does not name the child */
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_int_eq(error.system, 0);
    ck_assert_msg(strstr(error.text, "turned6.jpg: its decoder crashed (") != NULL, "%s",
                  error.text);
}
END_TEST

START_TEST(a_child_that_was_killed_says_nothing_about_the_image)
{
    static const int signals[] = {SIGKILL, SIGXCPU};
    struct error error = read_under(signals[_i]);
    if (error.code == ERROR_NONE)
        return;
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_int_eq(error.system, ECHILD);
    ck_assert_msg(strstr(error.text, "turned6.jpg: the process that decodes it was killed") != NULL,
                  "%s", error.text);
}
END_TEST

/* The memory that this process shares with a child: its descriptor, and which it is. */
static int shared_memory(ino_t *inode)
{
    for (int fd = 3; fd < 256; fd++) {
        char link[64], name[256];
        struct stat status;
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, name, sizeof name - 1);
        name[length > 0 ? length : 0] = '\0';
        if (strstr(name, "maskmill-pixels") && fstat(fd, &status) == 0) {
            *inode = status.st_ino;
            return fd;
        }
    }
    return -1;
}

/* A child could otherwise keep its parent from writing or growing it. */
START_TEST(shared_memory_cannot_be_sealed_further)
{
    ino_t inode;
    struct image_worker *worker = new_worker(60);
    int fd = shared_memory(&inode);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_SEAL);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), -1);
    ck_assert_int_eq(errno, EPERM);
    image_worker_free(worker);
}
END_TEST

START_TEST(a_child_that_cannot_even_end_says_nothing_about_the_image)
{
    ino_t its, next;
    struct error error = {0};
    struct image_worker *worker = new_worker(0.5);
    struct image image = {0};
    ck_assert_int_eq(image_worker_read(worker, good[0], NULL, &image, &error), 0);
    pid_t child = child_of(child_of(getpid()));
    if (child > 0) {
        kill(child, SIGSTOP);
        ck_assert_int_eq(image_worker_read(worker, good[1], NULL, &image, &error), -1);
        ck_assert_int_eq(error.code, ERROR_IO);
        ck_assert_int_eq(error.system, ETIMEDOUT);
    }
    /* It still lives, so the next child has memory of its own. */
    ck_assert_int_ge(shared_memory(&its), 0);
    ck_assert_int_eq(image_worker_read(worker, good[1], NULL, &image, &error), 0);
    ck_assert_int_ge(shared_memory(&next), 0);
    if (child > 0) {
        ck_assert(its != next);
        kill(child, SIGKILL);
    }
    image_free(&image);
    image_worker_free(worker);
}
END_TEST

/* Waits until the server has taken in a child that ended; a sanitizer reports first. */
static void await_end(pid_t child)
{
    for (int wait = 0; wait < 1000 && kill(child, 0) == 0; wait++)
        usleep(20000);
}

/* Whatever ended it while it had nothing to do. */
START_TEST(an_idle_child_that_ends_costs_nothing)
{
    static const int signals[] = {SIGKILL, SIGSEGV, SIGABRT};
    struct error error = {0};
    struct image_worker *worker = new_worker(60);
    struct image image = {0};
    ck_assert_int_eq(image_worker_read(worker, good[0], NULL, &image, &error), 0);
    pid_t child = child_of(child_of(getpid()));
    if (child > 0) {
        ck_assert_int_eq(kill(child, signals[_i]), 0);
        await_end(child);
    }
    ck_assert_msg(image_worker_read(worker, good[1], NULL, &image, &error) == 0, "%s", error.text);
    image_free(&image);
    image_worker_free(worker);
}
END_TEST

/* A JPEG that takes a while to decode. */
static char *large_jpeg(const struct scratch *scratch)
{
    struct error error = {0};
    enum { SIDE = 4000 };
    struct image image = {0};
    uint8_t *bytes;
    size_t size;
    ck_assert_int_eq(image_reserve(&image, SIDE, SIDE, &error), 0);
    for (size_t i = 0; i < (size_t)SIDE * SIDE * 3; i++)
        image.rgb[i] = (uint8_t)(i * 2654435761U >> 24);
    ck_assert_int_eq(image_jpeg(&image, 95, &bytes, &size, &error), 0);
    char *path = scratch_path(scratch, "large.jpg");
    FILE *file = fopen(path, "wb");
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
    memory_free(bytes);
    image_free(&image);
    return path;
}

/* Sets a limit of this process for files, which it makes as large as the child needs; the others for
 * the child. Returns the error of reading `path`. */
static struct error read_limited(__rlimit_resource_t resource, rlim_t most, const char *path)
{
    struct error error = {0};
    struct image image = {0};
    struct rlimit before, low;
    struct image_worker *worker = new_worker(60);
    image_worker_limit(worker, (uint64_t)4 << 30); /* is not what is reached */
    ck_assert_int_eq(image_worker_read(worker, good[0], NULL, &image, &error), 0);
    pid_t child = child_of(child_of(getpid()));
    pid_t limited = resource == RLIMIT_FSIZE ? getpid() : child;
    if (child > 0) {
        ck_assert_int_eq(prlimit(limited, resource, NULL, &before), 0);
        low = (struct rlimit){most, before.rlim_max};
        ck_assert_int_eq(prlimit(limited, resource, &low, NULL), 0);
        ck_assert_int_eq(image_worker_read(worker, path, NULL, &image, &error), -1);
        ck_assert(!image_worker_over(worker));
        prlimit(limited, resource, &before, NULL);
    }
    image_free(&image);
    image_worker_free(worker);
    return error;
}

START_TEST(limits_of_the_process_are_no_fault_of_the_image)
{
    static const struct {
        __rlimit_resource_t resource;
        rlim_t most;
        int system;
    } limits[] = {
        {RLIMIT_FSIZE, 1 << 20, EFBIG},
        {RLIMIT_NOFILE, 3, EMFILE},
        {RLIMIT_AS, 1 << 20, ENOMEM},
    };
#ifdef __SANITIZE_ADDRESS__
    if (limits[_i].resource == RLIMIT_AS)
        return; /* the sanitizer itself ends without memory */
#endif
    struct scratch scratch = scratch_new();
    char *path = large_jpeg(&scratch);
    struct error error = read_limited(limits[_i].resource, limits[_i].most, path);
    if (error.code != ERROR_NONE) {
        ck_assert_msg(error.system == limits[_i].system ||
                          (limits[_i].system == ENOMEM && error.code == ERROR_MEMORY),
                      "%s", error.text);
        ck_assert_ptr_nonnull(strstr(error.text, "large.jpg"));
    }
    free(path);
    scratch_free(&scratch);
}
END_TEST

/* The image is at fault; the next one gets another child. */
START_TEST(a_decoder_that_reaches_its_limit_costs_one_image)
{
    struct error error = {0};
    struct image_worker *worker = new_worker(60);
    struct image image = {0};
    struct image_header header;
    struct scratch scratch = scratch_new();
    char *path = large_jpeg(&scratch);
    ck_assert_int_eq(image_worker_open(worker, path, NULL, &header, &error), 0);
    image_worker_limit(worker, 3 << 20);
    ck_assert_int_eq(image_worker_pixels(worker, &image, &error), -1);
    ck_assert(image_worker_over(worker));
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_int_eq(error.system, 0);
    ck_assert_msg(strstr(error.text, "large.jpg: its decoder needed more than 3 MiB; raise "
                                     "--memory") != NULL,
                  "%s", error.text);
    image_worker_limit(worker, 64 << 20);
    ck_assert_int_eq(image_worker_read(worker, good[0], NULL, &image, &error), 0);
    ck_assert(!image_worker_over(worker));
    image_worker_limit(worker, (uint64_t)1 << 30);
    ck_assert_msg(image_worker_read(worker, path, NULL, &image, &error) == 0, "%s", error.text);
    image_free(&image);
    image_worker_free(worker);
    free(path);
    scratch_free(&scratch);
}
END_TEST

/* What is known from the header is refused before anything is decoded. */
START_TEST(an_image_must_fit_into_the_limit_as_a_whole)
{
    struct error error = {0};
    struct image_worker *worker = new_worker(60);
    struct image image = {0};
    struct scratch scratch = scratch_new();
    char *path = large_jpeg(&scratch);
    image_worker_limit(worker, 64 << 20);
    ck_assert_int_eq(image_worker_read(worker, path, NULL, &image, &error), -1);
    ck_assert(image_worker_over(worker));
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_msg(strstr(error.text, "its 4000 x 4000 pixels may take") != NULL, "%s", error.text);
    image_free(&image);
    image_worker_free(worker);
    free(path);
    scratch_free(&scratch);
}
END_TEST

START_TEST(headers_are_the_same)
{
    struct error error = {0};
    struct image_worker *worker = new_worker(60);
    struct image_header here, there;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_int_eq(image_read_header(good[i], NULL, &here, &error), 0);
        ck_assert_int_eq(image_worker_header(worker, good[i], NULL, &there, &error), 0);
        ck_assert_int_eq(here.width, there.width);
        ck_assert_int_eq(here.height, there.height);
        ck_assert_uint_eq(here.bytes, there.bytes);
    }
    ck_assert_int_eq(image_worker_header(worker, bad[0], NULL, &there, &error), -1);
    ck_assert_int_eq(image_worker_strips(worker, bad[0], NULL, &there, &error), -1);
    image_worker_free(worker);
}
END_TEST

/* Goes down the image in windows of 10 rows that share 4. */
static void check_strips(struct image_worker *worker, const char *path)
{
    struct error error = {0};
    struct image image = {0}, window;
    struct image_header header;
    ck_assert_int_eq(image_read(path, NULL, &image, &error), 0);
    ck_assert_msg(image_worker_strips(worker, path, NULL, &header, &error) == 0, "%s", error.text);
    ck_assert_int_eq(header.width, image.width);
    ck_assert_int_eq(header.height, image.height);
    for (int32_t y = 0; y < header.height; y += 6) {
        int32_t rows = header.height - y < 10 ? header.height - y : 10;
        ck_assert_msg(image_worker_rows(worker, y, rows, &window, &error) == 0, "%s", error.text);
        ck_assert_int_eq(window.width, image.width);
        ck_assert_int_eq(window.height, rows);
        ck_assert_mem_eq(window.rgb, image.rgb + (size_t)y * image.width * 3,
                         (size_t)rows * image.width * 3);
    }
    image_free(&image);
}

START_TEST(strips_are_the_rows_of_the_whole)
{
    struct error error = {0};
    struct image_worker *worker = new_worker(60);
    struct image image = {0};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check_strips(worker, good[i]);
    ck_assert_int_eq(image_worker_read(worker, good[0], NULL, &image, &error), 0);
    check_strips(worker, good[0]);
    image_free(&image);
    image_worker_free(worker);
}
END_TEST

START_TEST(a_child_that_dies_between_strips_loses_its_image)
{
    struct error error = {0};
    struct image_worker *worker = new_worker(60);
    struct image_header header;
    struct image window;
    ck_assert_int_eq(image_worker_rows(worker, 0, 1, &window, &error), -1); /* nothing is open */
    ck_assert_int_eq(image_worker_strips(worker, good[0], NULL, &header, &error), 0);
    ck_assert_int_eq(image_worker_rows(worker, 0, 5, &window, &error), 0);
    pid_t child = child_of(child_of(getpid()));
    if (child > 0) {
        uint8_t first = window.rgb[0];
        ck_assert_int_eq(kill(child, SIGKILL), 0);
        ck_assert_int_eq(image_worker_rows(worker, 5, 5, &window, &error), -1);
        ck_assert_int_eq(error.code, ERROR_IO);
        ck_assert_int_eq(error.system, ECHILD);
        ck_assert_int_eq(window.rgb[0], first); /* the memory outlives the child */
    }
    check_strips(worker, good[1]);
    image_worker_free(worker);
}
END_TEST

START_TEST(slow_images_are_given_up)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    char *path = large_jpeg(&scratch);
    struct image_worker *worker = new_worker(0.02);
    struct image image = {0};
    ck_assert_int_eq(image_worker_read(worker, path, NULL, &image, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_msg(strstr(error.text, "not decoded in 0.02 s") != NULL, "%s", error.text);
    image_worker_free(worker);
    worker = new_worker(60);
    ck_assert_int_eq(image_worker_read(worker, path, NULL, &image, &error), 0);
    ck_assert_int_eq(image.width, 4000);
    ck_assert_int_eq(image_worker_read(worker, good[0], NULL, &image, &error), 0);
    ck_assert_int_eq(image.width, 37);
    image_free(&image);
    image_worker_free(worker);
    free(path);
    scratch_free(&scratch);
}
END_TEST

/* Reads with a worker of its own until something fails, which *failure then says. */
static void *read_many(void *failure)
{
    struct error *error = failure;
    struct image_worker_options options = {60, (uint64_t)1 << 30};
    struct image_worker *worker = image_worker_new(fixture.server, &options, error);
    struct image image = {0};
    int status = worker ? 0 : -1;
    for (int turn = 0; status == 0 && turn < 20; turn++)
        for (size_t i = 0; status == 0 && i < sizeof good / sizeof *good; i++)
            status = image_worker_read(worker, good[i], NULL, &image, error);
    image_free(&image);
    image_worker_free(worker);
    return status ? failure : NULL;
}

START_TEST(threads_have_workers_of_their_own)
{
    pthread_t threads[4];
    struct error errors[4] = {0};
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_many, &errors[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        ck_assert_msg(!failed, "%s", errors[i].text);
    }
}
END_TEST

START_TEST(a_server_that_was_killed_is_replaced)
{
    struct image image = {0};
    struct image_worker *worker = new_worker(60);
    for (int turn = 0; turn < 5; turn++) {
        struct error error = {0};
        pid_t server = child_of(getpid());
        if (server <= 0)
            break;
        ck_assert_int_eq(kill(server, SIGKILL), 0);
        /* The image that it took along is lost, and on a busy machine the one that is asked of it
         * while its sockets are being closed; image_pool, too, tries three times. */
        int status = -1;
        for (int attempt = 0; status && attempt < 3; attempt++) {
            status = image_worker_read(worker, good[0], NULL, &image, &error);
            ck_assert_msg(status == 0 || error.system == ECHILD, "%s", error.text);
        }
        ck_assert_msg(status == 0, "%s", error.text);
    }
    image_free(&image);
    image_worker_free(worker);
}
END_TEST

int main(int argc, char **argv)
{
    struct error error;
    if (argc == 2 && strcmp(argv[1], IMAGE_SERVER_ARGUMENT) == 0) {
        image_server_main();
        return EXIT_SUCCESS;
    }
    signal(SIGXFSZ, SIG_IGN);
    if (image_server_start(&fixture.server, &error) || image_library_start(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("image_worker");
    TCase *tests = tcase_create("image_worker");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, pixels_are_the_same);
    tcase_add_test(tests, contents_may_be_handed_over);
    tcase_add_test(tests, messages_are_the_same);
    tcase_add_loop_test(tests, a_crash_costs_one_image, 0, 5);
    tcase_add_loop_test(tests, a_child_that_was_killed_says_nothing_about_the_image, 0, 2);
    tcase_add_test(tests, shared_memory_cannot_be_sealed_further);
    tcase_add_test(tests, a_child_that_cannot_even_end_says_nothing_about_the_image);
    tcase_add_loop_test(tests, an_idle_child_that_ends_costs_nothing, 0, 3);
    tcase_add_loop_test(tests, limits_of_the_process_are_no_fault_of_the_image, 0, 3);
    tcase_add_test(tests, a_decoder_that_reaches_its_limit_costs_one_image);
    tcase_add_test(tests, an_image_must_fit_into_the_limit_as_a_whole);
    tcase_add_test(tests, headers_are_the_same);
    tcase_add_test(tests, strips_are_the_rows_of_the_whole);
    tcase_add_test(tests, a_child_that_dies_between_strips_loses_its_image);
    tcase_add_test(tests, slow_images_are_given_up);
    tcase_add_test(tests, threads_have_workers_of_their_own);
    tcase_add_test(tests, a_server_that_was_killed_is_replaced);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_server_stop(fixture.server);
    image_library_stop();
    return status;
}
