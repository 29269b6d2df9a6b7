/* A process in the child's place that answers whatever an attacker likes: the program refuses it,
 * keeps what it shares with it to itself afterwards, and asks for another child. */
#include "scratch.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "images/image.h"
#include "images/image_wire.h"
#include "images/image_worker.h"

#define GOOD "tests/data/images/rgb420.jpg"
enum { WIDTH = 37, HEIGHT = 29, MESSAGES_MOST = 2 };

/* What the child sends to each request. */
struct script {
    int count; /* of messages; 0: it closes its socket */
    size_t sizes[MESSAGES_MOST];
    struct image_reply replies[MESSAGES_MOST];
    bool descriptors; /* each message carries two */
};

struct fixture {
    struct script open, pixels; /* answers to IMAGE_PIXELS, and to all other requests */
    pthread_t thread;
    bool started;
    atomic_int said; /* messages */
    int children;    /* that were asked for */
    ino_t memory;    /* which the last child shares */
    int socket, shared;
};
static struct fixture fixture;

static void say(const struct script *script)
{
    for (int i = 0; i < script->count; i++) {
        struct image_reply reply = script->replies[i];
        const struct image_message message = {&reply,
                                              script->sizes[i],
                                              script->descriptors ? 2 : 0,
                                              {fixture.shared, fixture.shared}};
        image_send(fixture.socket, &message);
        fixture.said++;
    }
}

static void *be_child(void *unused)
{
    static struct image_request request;
    (void)unused;
    for (;;) {
        struct image_message message = {.bytes = &request, .size = sizeof request};
        if (image_receive(fixture.socket, &message) <= 0)
            break;
        while (message.count > 0)
            close(message.descriptors[--message.count]);
        const struct script *script =
            request.kind == IMAGE_PIXELS ? &fixture.pixels : &fixture.open;
        say(script);
        if (script->count == 0)
            break;
    }
    shutdown(fixture.socket, SHUT_RDWR);
    return NULL;
}

static void end_child(void)
{
    if (!fixture.started)
        return;
    shutdown(fixture.socket, SHUT_RDWR);
    pthread_join(fixture.thread, NULL);
    close(fixture.socket);
    close(fixture.shared);
    fixture.started = false;
}

/* In the place of the one in image_server_start.c. The child before has been left. */
int image_server_ask(struct image_server *server, enum image_child_kind kind,
                     const int descriptors[2])
{
    struct stat status;
    (void)server;
    ck_assert_int_eq(kind, IMAGE_CHILD_OF_IMAGES);
    end_child();
    fixture.socket = dup(descriptors[0]);
    fixture.shared = dup(descriptors[1]);
    ck_assert_int_eq(fstat(fixture.shared, &status), 0);
    fixture.memory = status.st_ino;
    fixture.children++;
    fixture.started = pthread_create(&fixture.thread, NULL, be_child, NULL) == 0;
    return fixture.started ? 0 : -1;
}

static struct script one(struct image_reply reply)
{
    return (struct script){1, {sizeof reply}, {reply}, false};
}

static struct image_reply sound(void)
{
    return (struct image_reply){.kind = IMAGE_ANSWER, .width = WIDTH, .height = HEIGHT};
}

static struct image_reply failed(uint32_t code, int32_t system)
{
    struct image_reply reply = {.kind = IMAGE_ANSWER, .code = code, .system = system};
    memset(reply.text, 'x', sizeof reply.text); /* without an end */
    return reply;
}

static struct image_worker *begin(struct script open, struct script pixels)
{
    struct error error = {0};
    const struct image_worker_options options = {60, 0};
    struct image_worker *worker = image_worker_new(NULL, &options, &error);
    ck_assert_ptr_nonnull(worker);
    fixture.open = open;
    fixture.pixels = pixels;
    fixture.children = 0;
    atomic_store(&fixture.said, 0);
    return worker;
}

static void end(struct image_worker *worker)
{
    image_worker_free(worker);
    end_child();
}

/* Reads the image. Returns the error; its code is ERROR_NONE if all went well. */
static struct error read_from(struct image_worker *worker)
{
    struct error error = {0};
    struct image image = {0};
    const struct image_options limits = {.max_pixels = 100000};
    if (image_worker_read(worker, GOOD, &limits, &image, &error) == 0) {
        ck_assert_int_eq(image.width, WIDTH);
        ck_assert_int_eq(image.height, HEIGHT);
    }
    image_free(&image);
    return error;
}

/* After a forgery, the next image gets another child, with memory of its own. */
static void check_recovers(struct image_worker *worker)
{
    ino_t memory = fixture.memory;
    int children = fixture.children;
    fixture.open = fixture.pixels = one(sound());
    struct error error = read_from(worker);
    ck_assert_msg(error.code == ERROR_NONE, "%s", error.text);
    ck_assert_int_eq(fixture.children, children + 1);
    ck_assert(fixture.memory != memory || memory == 0);
}

START_TEST(sound_answers_are_taken)
{
    struct image_worker *worker = begin(one(sound()), one(sound()));
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(read_from(worker).code, ERROR_NONE);
    ck_assert_int_eq(fixture.children, 1);
    end(worker);
}
END_TEST

START_TEST(answers_that_no_decoder_gives_are_refused)
{
    const struct image_reply forged[] = {
        {.kind = IMAGE_ANSWER},
        {.kind = IMAGE_ANSWER, .width = -WIDTH, .height = HEIGHT},
        {.kind = IMAGE_ANSWER, .width = WIDTH, .height = INT32_MIN},
        {.kind = IMAGE_ANSWER, .width = INT32_MAX, .height = INT32_MAX},
        {.kind = IMAGE_ANSWER, .width = 100001, .height = 1}, /* over the limit */
        {.kind = IMAGE_ANSWER, .width = WIDTH, .height = HEIGHT, .decoder_bytes = UINT64_MAX},
        {.kind = 77, .width = WIDTH, .height = HEIGHT},
        {.kind = UINT32_MAX, .status = -1},
        failed(ERROR_USAGE, 0),
        failed(ERROR_MODEL, 0),
        failed(ERROR_STOPPED, 0),
        failed(ERROR_UNSUPPORTED, 0),
        failed(77, 0),
        failed(UINT32_MAX, 0),
        failed(ERROR_IMAGE, -1),
        failed(ERROR_IMAGE, 4000),
        failed(ERROR_IMAGE, INT32_MAX),
        failed(ERROR_IMAGE, ENOSPC),
        failed(ERROR_IMAGE, ECHILD),
        failed(ERROR_IO, 0),
        failed(ERROR_IO, ENOSPC),
        failed(ERROR_IO, ECHILD),
        failed(ERROR_MEMORY, EACCES),
        {.kind = IMAGE_ANSWER, .code = ERROR_IMAGE}, /* without a word */
    };
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        struct image_worker *worker = begin(one(forged[i]), one(sound()));
        struct error error = read_from(worker);
        ck_assert_msg(error.code == ERROR_IMAGE && error.system == 0, "%zu: %s", i, error.text);
        ck_assert_str_eq(error.text, GOOD ": its decoder gave an invalid reply; leave it out");
        check_recovers(worker);
        end(worker);
    }
}
END_TEST

START_TEST(texts_have_an_end)
{
    static const struct {
        enum error_code code;
        int system;
    } errors[] = {{ERROR_IMAGE, 0},   {ERROR_IMAGE, EIO},     {ERROR_MEMORY, 0},
                  {ERROR_IO, EMFILE}, {ERROR_MEMORY, ENOMEM}, {ERROR_IO, EAGAIN}};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct image_worker *worker =
            begin(one(failed(errors[i].code, errors[i].system)), one(sound()));
        struct error error = read_from(worker);
        ck_assert_int_eq(error.code, errors[i].code);
        ck_assert_int_eq(error.system, errors[i].system);
        ck_assert_uint_eq(strlen(error.text), ERROR_TEXT_SIZE - 1);
        end(worker);
    }
}
END_TEST

START_TEST(messages_of_other_sizes_are_refused)
{
    for (size_t size = 1; size < sizeof(struct image_reply); size += 59) {
        struct script script = one(sound());
        script.sizes[0] = size;
        struct image_worker *worker = begin(script, one(sound()));
        struct error error = read_from(worker);
        ck_assert_msg(strstr(error.text, "gave an invalid reply"), "%s", error.text);
        check_recovers(worker);
        end(worker);
    }
}
END_TEST

/* As if the child had been killed. */
START_TEST(a_child_that_closes_its_socket_is_lost)
{
    static const struct script nothing;
    for (int pixels = 0; pixels < 2; pixels++) {
        struct image_worker *worker =
            begin(pixels ? one(sound()) : nothing, pixels ? nothing : one(sound()));
        struct error error = read_from(worker);
        ck_assert_int_eq(error.code, ERROR_IO);
        ck_assert_int_eq(error.system, ECHILD);
        check_recovers(worker);
        end(worker);
    }
}
END_TEST

/* What only the server says, but a child may say as well. */
START_TEST(a_child_may_speak_for_the_server)
{
    static const struct {
        struct image_reply reply;
        enum error_code code;
        int system;
    } said[] = {
        {{.kind = IMAGE_NO_CHILD, .status = ENOMEM}, ERROR_IO, ENOMEM},
        {{.kind = IMAGE_NO_CHILD, .status = -1}, ERROR_IO, EAGAIN},
        {{.kind = IMAGE_NO_CHILD, .status = 99999}, ERROR_IO, EAGAIN},
        {{.kind = IMAGE_CHILD_ENDED, .status = SIGSEGV}, ERROR_IMAGE, 0},
        {{.kind = IMAGE_CHILD_ENDED, .status = SIGSYS}, ERROR_IMAGE, 0},
        {{.kind = IMAGE_CHILD_ENDED, .status = IMAGE_CHILD_OVER << 8}, ERROR_IMAGE, 0},
        {{.kind = IMAGE_CHILD_ENDED, .status = IMAGE_CHILD_FREE << 8}, ERROR_UNSUPPORTED, 0},
        {{.kind = IMAGE_CHILD_ENDED, .status = 0x7f}, ERROR_IO, ECHILD},
        {{.kind = IMAGE_CHILD_ENDED, .status = -1}, ERROR_IO, ECHILD},
    };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct image_worker *worker = begin(one(said[i].reply), one(sound()));
        struct error error = read_from(worker);
        ck_assert_msg(error.code == said[i].code && error.system == said[i].system, "%zu: %s", i,
                      error.text);
        check_recovers(worker);
        end(worker);
    }
}
END_TEST

static void await_messages(int count)
{
    while (fixture.said < count)
        usleep(1000);
}

START_TEST(an_answer_that_nobody_asked_for_ends_the_child)
{
    const struct script twice = {
        .count = 2,
        .sizes = {sizeof(struct image_reply), sizeof(struct image_reply)},
        .replies = {sound(), sound()},
    };
    struct image_worker *worker = begin(one(sound()), twice);
    ck_assert_int_eq(read_from(worker).code, ERROR_NONE);
    await_messages(3);
    check_recovers(worker);
    end(worker);
    struct error error = {0};
    struct image_header header;
    struct image image = {0};
    worker = begin(twice, one(sound()));
    ck_assert_int_eq(image_worker_open(worker, GOOD, NULL, &header, &error), 0);
    await_messages(2);
    ck_assert_int_eq(image_worker_pixels(worker, &image, &error), -1);
    ck_assert_int_eq(error.system, ECHILD); /* what it had open is not to be believed */
    check_recovers(worker);
    image_free(&image);
    end(worker);
}
END_TEST

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

START_TEST(descriptors_of_a_child_are_not_taken)
{
    struct script script = one(sound());
    script.descriptors = true;
    struct image_worker *worker = begin(script, script);
    ck_assert_int_eq(read_from(worker).code, ERROR_NONE);
    int before = count_descriptors();
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(read_from(worker).code, ERROR_NONE);
    ck_assert_int_eq(count_descriptors(), before);
    end(worker);
}
END_TEST

/* Any byte in a bool would be undefined behaviour. */
START_TEST(any_bytes_are_some_notes)
{
    struct image_reply reply = sound();
    reply.end_added = reply.pages = reply.deep = reply.turned = 0xfe;
    reply.least = reply.greatest = UINT16_MAX;
    struct image_worker *worker = begin(one(reply), one(reply));
    ck_assert_int_eq(read_from(worker).code, ERROR_NONE);
    const struct image_notes notes = image_worker_notes(worker);
    ck_assert(notes.end_added == true && notes.pages == true && notes.deep == true);
    end(worker);
}
END_TEST

START_TEST(strips_are_checked_as_well)
{
    struct error error = {0};
    struct image_header header;
    struct image window;
    struct image_reply turned = sound();
    turned.turned = 1; /* the next answer is to IMAGE_UNPACK */
    struct image_worker *worker = begin(one(turned), one(sound()));
    ck_assert_int_eq(image_worker_strips(worker, GOOD, NULL, &header, &error), 0);
    ck_assert_int_eq(image_worker_rows(worker, 0, HEIGHT, &window, &error), 0);
    ck_assert_int_eq(window.height, HEIGHT);
    fixture.open = one(failed(ERROR_IO, ENOSPC));
    ck_assert_int_eq(image_worker_rows(worker, 0, HEIGHT, &window, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "gave an invalid reply"));
    ck_assert_int_eq(image_worker_rows(worker, 0, HEIGHT, &window, &error), -1);
    ck_assert_int_eq(error.system, ECHILD);
    end(worker);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_forged");
    TCase *tests = tcase_create("image_forged");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, sound_answers_are_taken);
    tcase_add_test(tests, answers_that_no_decoder_gives_are_refused);
    tcase_add_test(tests, texts_have_an_end);
    tcase_add_test(tests, messages_of_other_sizes_are_refused);
    tcase_add_test(tests, a_child_that_closes_its_socket_is_lost);
    tcase_add_test(tests, a_child_may_speak_for_the_server);
    tcase_add_test(tests, an_answer_that_nobody_asked_for_ends_the_child);
    tcase_add_test(tests, descriptors_of_a_child_are_not_taken);
    tcase_add_test(tests, any_bytes_are_some_notes);
    tcase_add_test(tests, strips_are_checked_as_well);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
