/* Tars are parsed in a caged child: the same members as without one; nothing that a child says is
 * believed; a tar is blamed only for what it has done itself. */
#include "scratch.h"
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "images/image_worker.h"
#include "images/tar_name.h"
#include "images/tar_read.h"
#include "images/tar_wire.h"

#define SEEDS "tests/fuzz/seeds/tar/"

/* Started by main before anything else. */
struct fixture {
    struct image_server *server;
};
static struct fixture fixture;

/* ---- tars ---- */

enum { TAR_BLOCK = 512 };

/* Appends a member and its bytes. `type` is that of ustar: '0' a file, '1' and '2' links, 'x' pax. */
static void put(FILE *file, char type, const char *name, const char *target, const char *bytes)
{
    char header[TAR_BLOCK] = "";
    char padding[TAR_BLOCK] = "";
    size_t size = strlen(bytes);
    unsigned sum = 0;
    snprintf(header, 100, "%s", name);
    snprintf(header + 100, 8, "0000644");
    snprintf(header + 124, 12, "%011zo", size);
    header[156] = type;
    snprintf(header + 157, 100, "%s", target);
    snprintf(header + 257, 6, "ustar");
    header[263] = header[264] = '0';
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < sizeof header; i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    fwrite(header, 1, sizeof header, file);
    fwrite(bytes, 1, size, file);
    fwrite(padding, 1, (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK, file);
}

static void put_end(FILE *file)
{
    static const char zeros[2 * TAR_BLOCK];
    fwrite(zeros, 1, sizeof zeros, file);
    fclose(file);
}

static struct tar_input *open_tar(const char *path, size_t most)
{
    struct error error = {0};
    struct tar_input *input;
    const struct tar_input_options options = {.path = path,
                                              .server = fixture.server,
                                              .most = most,
                                              .memory_bytes = 64 << 20,
                                              .seconds = 60};
    ck_assert_msg(tar_input_open(&input, &options, &error) == 0, "%s", error.text);
    return input;
}

/* Whether two readings come to the same: one in this process, one in a child. */
static void check_same(const char *path)
{
    struct error error = {0};
    struct tar_read *here;
    struct tar_entry entry;
    struct tar_member member;
    int file = open(path, O_RDONLY);
    struct tar_input *there = open_tar(path, 1 << 20);
    ck_assert_int_eq(tar_read_open(&here, file, 0, &error), 0);
    for (int found = 1; found > 0;) {
        char name[TAR_NAME_MAX] = "";
        found = tar_read_next(here, &entry, &error);
        int other = tar_input_next(there, &member, &error);
        snprintf(name, sizeof name, "%s", found > 0 ? entry.name : "");
        bool named = found > 0 && (entry.kind == TAR_FILE || entry.kind == TAR_LINK);
        if (named && tar_name_tidy(name)) {
            ck_assert_int_eq(other, -1);
            ck_assert_int_eq(error.code, ERROR_IMAGE);
            continue;
        }
        ck_assert_int_eq(other, found);
        if (found > 0)
            ck_assert_int_eq(member.kind, entry.kind);
        if (named)
            ck_assert_str_eq(member.name, name);
        if (found > 0 && entry.kind == TAR_FILE) {
            static unsigned char bytes[1 << 20];
            size_t size;
            ck_assert_int_eq(tar_read_bytes(here, bytes, sizeof bytes, &size, &error), 0);
            ck_assert_int_eq(tar_input_read(there, &member, &error), 0);
            ck_assert_uint_eq(member.size, size);
            ck_assert_mem_eq(member.bytes, bytes, size);
        }
    }
    tar_read_close(here);
    close(file);
    tar_input_close(there);
}

START_TEST(members_are_the_same)
{
    static const char *const paths[] = {SEEDS "ustar.tar", SEEDS "pax.tar", SEEDS "gnu.tar.gz",
                                        SEEDS "leads-out.tar"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        check_same(paths[i]);
    struct scratch scratch = scratch_new();
    char *path = scratch_path(&scratch, "names.tar");
    FILE *file = fopen(path, "wb");
    put(file, 'x', "pax", "", "16 path=\xc3\xbc/a.png\n"); /* converted by tables, without files */
    put(file, '0', "short", "", "bytes");
    put(file, 'x', "pax", "", "14 path=\xff.png\n");
    put(file, '0', "short", "", "");
    put(file, '5', "folder", "", "");
    put(file, '3', "device", "", "");
    put_end(file);
    check_same(path);
    free(path);
    scratch_free(&scratch);
}
END_TEST

/* A member of several parts, and one that ends with a part. */
START_TEST(large_members_come_in_parts)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    struct tar_member member;
    char *path = scratch_path(&scratch, "large.tar");
    static char bytes[2 * TAR_WINDOW + 8];
    FILE *file = fopen(path, "wb");
    for (size_t i = 0; i + 1 < sizeof bytes; i++)
        bytes[i] = (char)('a' + i * 2654435761U % 23);
    put(file, '0', "a", "", bytes);
    bytes[2 * TAR_WINDOW] = '\0';
    put(file, '0', "b", "", bytes);
    put_end(file);
    struct tar_input *input = open_tar(path, sizeof bytes);
    ck_assert_int_eq(tar_input_next(input, &member, &error), 1);
    ck_assert_int_eq(tar_input_read(input, &member, &error), 0);
    ck_assert_uint_eq(member.size, sizeof bytes - 1);
    ck_assert_mem_eq(member.bytes, bytes, 2 * TAR_WINDOW);
    ck_assert_int_eq(tar_input_next(input, &member, &error), 1);
    ck_assert_int_eq(tar_input_read(input, &member, &error), 0);
    ck_assert_uint_eq(member.size, 2 * TAR_WINDOW);
    ck_assert_int_eq(tar_input_next(input, &member, &error), 0);
    ck_assert_int_eq(tar_input_next(input, &member, &error), 0);
    tar_input_close(input);
    input = open_tar(path, TAR_WINDOW + 1);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(tar_input_next(input, &member, &error), 1);
        ck_assert_int_eq(tar_input_read(input, &member, &error), -1);
        ck_assert_int_eq(error.code, ERROR_IMAGE);
    }
    ck_assert_int_eq(tar_input_next(input, &member, &error), 0);
    tar_input_close(input);
    free(path);
    scratch_free(&scratch);
}
END_TEST

START_TEST(damage_and_missing_files_are_told)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    struct tar_input *input;
    struct tar_member member;
    char *path = scratch_path(&scratch, "short.tar");
    FILE *file = fopen(path, "wb");
    put(file, '0', "a", "", "bytes");
    ck_assert_int_eq(ftruncate(fileno(file), 515), 0);
    fclose(file);
    ck_assert_int_eq(truncate(path, 515), 0);
    input = open_tar(path, 100);
    ck_assert_int_eq(tar_input_next(input, &member, &error), 1);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(tar_input_read(input, &member, &error), -1);
        ck_assert_int_eq(error.code, ERROR_IO);
        ck_assert_int_eq(error.system, 0);
        ck_assert_ptr_nonnull(
            strstr(error.text, "short.tar: Truncated tar archive; copy it again"));
    }
    tar_input_close(input);
    input = open_tar(scratch.path, 100);
    ck_assert_int_eq(tar_input_next(input, &member, &error), -1);
    ck_assert_int_eq(error.system, EISDIR);
    tar_input_close(input);
    const struct tar_input_options missing = {.path = SEEDS "no.tar", .server = fixture.server};
    ck_assert_int_eq(tar_input_open(&input, &missing, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_int_eq(error.system, ENOENT);
    free(path);
    scratch_free(&scratch);
}
END_TEST

/* ---- names ---- */

START_TEST(names_stay_in_the_folder)
{
    static const char *const names[][2] = {{"./a//b.png", "a/b.png"},
                                           {"/etc/x", "etc/x"},
                                           {"a/../b", NULL},
                                           {"..", NULL},
                                           {".", NULL},
                                           {"", NULL},
                                           {"//", NULL},
                                           {"..a/b..", "..a/b.."}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s", names[i][0]);
        ck_assert_int_eq(tar_name_tidy(name), names[i][1] ? 0 : -1);
        if (names[i][1])
            ck_assert_str_eq(name, names[i][1]);
    }
    char to[64];
    ck_assert_int_eq(tar_name_follow(to, "x/y/l", 3, "../a"), 0);
    ck_assert_str_eq(to, "x/a");
    ck_assert_int_eq(tar_name_follow(to, "x/y/l", 3, "../.././b"), 0);
    ck_assert_str_eq(to, "b");
    ck_assert_int_eq(tar_name_follow(to, "x/y/l", 3, "../../../b"), -1);
    ck_assert_int_eq(tar_name_follow(to, "x/l", 1, ".."), -1);
    ck_assert_int_eq(tar_name_follow(to, "x/l", 0, "../x/a"), -1);
    ck_assert(tar_name_is_tar("x/sa_000020.tar") && !tar_name_is_tar("x.jpg"));
}
END_TEST

/* ---- forged answers ---- */

/* The parent's side, with this test at the other end. */
struct forgery {
    struct tar_input *input;
    int socket; /* the child's */
};

static struct forgery forge(void)
{
    struct error error = {0};
    struct forgery forgery;
    struct image_shared shared;
    const struct tar_input_options options = {
        .path = "t.tar", .most = TAR_WINDOW + 1, .memory_bytes = 64 << 20, .seconds = 7};
    int ends[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_int_eq(image_shared_new(&shared, &error), 0);
    ck_assert_int_eq(image_shared_grow(&shared, TAR_WINDOW, &error), 0);
    ck_assert_int_eq(tar_input_join(&forgery.input, &options, ends[0], &shared, &error), 0);
    forgery.socket = ends[1];
    return forgery;
}

static void end_forgery(struct forgery *forgery)
{
    tar_input_close(forgery->input);
    close(forgery->socket);
}

/* Answers before it is asked. `size` bytes, or as many as the reply says. */
static void say(const struct forgery *forgery, const struct tar_reply *reply, size_t size)
{
    if (size == 0)
        size = offsetof(struct tar_reply, text) + reply->name_size + reply->target_size;
    ck_assert_int_eq(send(forgery->socket, reply, size, MSG_NOSIGNAL), (int)size);
}

static struct tar_reply member_reply(enum tar_kind kind, const char *name, const char *target)
{
    struct tar_reply reply = {.answer = TAR_MEMBER,
                              .kind = kind,
                              .name_size = (uint32_t)strlen(name) + 1,
                              .target_size = (uint32_t)strlen(target) + 1};
    memcpy(reply.text, name, reply.name_size);
    memcpy(reply.text + reply.name_size, target, reply.target_size);
    return reply;
}

/* The next member is refused with this text, and all is over. */
static void check_refused(const struct tar_reply *reply, size_t size, const char *text)
{
    struct error error = {0};
    struct tar_member member;
    struct forgery forgery = forge();
    say(&forgery, reply, size);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(tar_input_next(forgery.input, &member, &error), -1);
        ck_assert_int_eq(error.code, ERROR_IO);
        ck_assert_int_eq(error.system, 0);
        ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
    }
    end_forgery(&forgery);
}

START_TEST(forged_members_are_refused)
{
    static const char *const invalid = "t.tar: the process that reads it gave an invalid reply";
    const size_t texts = offsetof(struct tar_reply, text);
    const struct tar_reply good = member_reply(TAR_FILE, "a.png", "");
    struct tar_reply bad = good;
    bad.kind = TAR_SPECIAL + 1;
    check_refused(&bad, 0, invalid);
    bad = good;
    bad.answer = TAR_BYTES; /* nobody has asked for them */
    check_refused(&bad, 0, invalid);
    bad.answer = TAR_STARVED + 1;
    check_refused(&bad, 0, invalid);
    check_refused(&good, 1, invalid);
    check_refused(&good, texts, invalid);
    check_refused(&good, texts + 6, invalid);
    check_refused(&good, texts + 8, invalid);
    check_refused(&good, sizeof good, invalid);
    bad = good;
    bad.text[5] = 'x'; /* no end */
    check_refused(&bad, 0, invalid);
    bad = good;
    bad.text[2] = '\0'; /* ends early */
    check_refused(&bad, 0, invalid);
    bad = good;
    bad.name_size = 0;
    check_refused(&bad, 0, invalid);
    bad = good;
    bad.name_size = UINT32_MAX;
    bad.target_size = 8; /* the sum overflows to what is sent */
    check_refused(&bad, texts + 7, invalid);
    bad.name_size = TAR_NAME_MAX + 1;
    check_refused(&bad, sizeof bad, invalid);
    bad = member_reply(TAR_FILE, "", "");
    bad.answer = TAR_DAMAGED;
    bad.system = ECHILD; /* no errno of reading */
    check_refused(&bad, 0, invalid);
    bad.by = 3;
    check_refused(&bad, 0, invalid);
}
END_TEST

START_TEST(forged_names_lead_nowhere)
{
    static const char *const names[] = {"../a.png", "a/../../b", "..", "", "/", "./."};
    struct error error = {0};
    struct tar_member member;
    struct forgery forgery = forge();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct tar_reply reply = member_reply(TAR_FILE, names[i], "");
        say(&forgery, &reply, 0);
        ck_assert_int_eq(tar_input_next(forgery.input, &member, &error), -1);
        ck_assert_int_eq(error.code, ERROR_IMAGE);
        ck_assert_ptr_nonnull(strstr(error.text, "leads out of the folder"));
    }
    struct tar_reply link = member_reply(TAR_LINK, "x/./y", "../../z");
    say(&forgery, &link, 0);
    ck_assert_int_eq(tar_input_next(forgery.input, &member, &error), 1);
    ck_assert_str_eq(member.name, "x/y");
    ck_assert_ptr_null(member.target);
    link = member_reply(TAR_LINK, "x/y", "/etc/passwd");
    say(&forgery, &link, 0);
    ck_assert_int_eq(tar_input_next(forgery.input, &member, &error), 1);
    ck_assert_ptr_null(member.target);
    end_forgery(&forgery);
}
END_TEST

START_TEST(forged_sizes_are_refused)
{
    struct error error = {0};
    struct tar_member member;
    const struct tar_reply file = member_reply(TAR_FILE, "a.png", "");
    struct tar_reply part = member_reply(TAR_FILE, "", "");
    part.answer = TAR_BYTES;
    for (uint32_t beyond = 0; beyond < 2; beyond++) {
        struct forgery forgery = forge();
        say(&forgery, &file, 0);
        part.size = TAR_WINDOW + beyond;
        for (int i = 0; i < 2; i++) /* together more than a member may have */
            say(&forgery, &part, 0);
        ck_assert_int_eq(tar_input_next(forgery.input, &member, &error), 1);
        ck_assert_int_eq(tar_input_read(forgery.input, &member, &error), -1);
        ck_assert_int_eq(error.code, beyond ? ERROR_IO : ERROR_IMAGE);
        end_forgery(&forgery);
    }
}
END_TEST

/* What the server says of a child's end, and whose fault that is. */
START_TEST(ends_of_children_are_told_apart)
{
    static const struct {
        enum image_reply_kind kind;
        int status;
        enum error_code code;
        int system;
        const char *text;
    } ends[] = {
        {IMAGE_CHILD_ENDED, SIGSEGV, ERROR_IO, 0, "crashed (Segmentation fault); copy it again"},
        {IMAGE_CHILD_ENDED, SIGSYS, ERROR_IO, 0, "that no reader makes"},
        {IMAGE_CHILD_ENDED, 1 << 8, ERROR_IO, 0, "crashed (it ended by itself)"},
        {IMAGE_CHILD_ENDED, SIGVTALRM, ERROR_IO, 0, "nothing more was read from it in 7 s of"},
        {IMAGE_CHILD_ENDED, SIGKILL, ERROR_IO, ECHILD, "was killed: killed by hand, or because"},
        {IMAGE_CHILD_ENDED, IMAGE_CHILD_STARVED << 8, ERROR_MEMORY, ENOMEM, "cannot be read"},
        {IMAGE_CHILD_ENDED, IMAGE_CHILD_OVER << 8, ERROR_IO, 0, "takes more than 64 MiB"},
        {IMAGE_CHILD_ENDED, IMAGE_CHILD_FREE << 8, ERROR_UNSUPPORTED, ECHILD, "no seccomp filter"},
        {IMAGE_NO_CHILD, EAGAIN, ERROR_IO, ECHILD, "no process for reading it"},
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct error error = {0};
        struct tar_member member;
        struct forgery forgery = forge();
        const struct image_reply reply = {.kind = ends[i].kind, .status = ends[i].status};
        ck_assert_int_eq(send(forgery.socket, &reply, sizeof reply, 0), sizeof reply);
        ck_assert_int_eq(tar_input_next(forgery.input, &member, &error), -1);
        ck_assert_int_eq(error.code, ends[i].code);
        ck_assert_int_eq(error.system, ends[i].system);
        ck_assert_msg(strstr(error.text, ends[i].text) != NULL, "%s", error.text);
        end_forgery(&forgery);
    }
    struct error error = {0};
    struct tar_member member;
    struct forgery forgery = forge();
    shutdown(forgery.socket, SHUT_RDWR); /* the server is gone, too */
    ck_assert_int_eq(tar_input_next(forgery.input, &member, &error), -1);
    ck_assert_int_eq(error.system, ECHILD);
    end_forgery(&forgery);
}
END_TEST

/* ---- a child that reads a pipe ---- */

/* The youngest child of a process, 0 where there is none or this system does not tell. */
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

/* A tar in a pipe that is given half of its first member. */
struct slow_tar {
    struct scratch scratch;
    char *path;
    FILE *file;
    struct tar_input *input;
};

static void *write_slowly(void *argument)
{
    struct slow_tar *slow = argument;
    slow->file = fopen(slow->path, "wb");
    put(slow->file, '0', "a.png", "", "bytes");
    fflush(slow->file);
    return NULL;
}

static struct slow_tar open_slow_tar(void)
{
    struct error error = {0};
    struct tar_member member;
    struct slow_tar slow = {.scratch = scratch_new()};
    pthread_t thread;
    slow.path = scratch_path(&slow.scratch, "pipe.tar");
    ck_assert_int_eq(mkfifo(slow.path, 0600), 0);
    pthread_create(&thread, NULL, write_slowly, &slow);
    slow.input = open_tar(slow.path, 100);
    pthread_join(thread, NULL);
    ck_assert_int_eq(tar_input_next(slow.input, &member, &error), 1);
    ck_assert_int_eq(tar_input_read(slow.input, &member, &error), 0);
    return slow;
}

static void close_slow_tar(struct slow_tar *slow)
{
    fclose(slow->file);
    tar_input_close(slow->input);
    free(slow->path);
    scratch_free(&slow->scratch);
}

struct blow {
    pid_t child;
    int signal;
};

static void *strike(void *argument)
{
    const struct blow *blow = argument;
    usleep(50000);
    kill(blow->child, blow->signal);
    return NULL;
}

START_TEST(a_child_that_dies_is_told_from_its_tar)
{
    static const struct {
        int signal, system;
    } ends[] = {{SIGSEGV, 0}, {SIGABRT, 0}, {SIGSYS, 0}, {SIGKILL, ECHILD}, {SIGXCPU, ECHILD}};
    struct error error = {0};
    struct tar_member member;
    struct slow_tar slow = open_slow_tar();
    pthread_t thread;
    struct blow blow = {child_of(child_of(getpid())), ends[_i].signal};
    if (blow.child > 0) {
        pthread_create(&thread, NULL, strike, &blow);
        ck_assert_int_eq(tar_input_next(slow.input, &member, &error), -1);
        pthread_join(thread, NULL);
        ck_assert_int_eq(error.code, ERROR_IO);
        ck_assert_int_eq(error.system, ends[_i].system);
    }
    close_slow_tar(&slow);
    check_same(SEEDS "ustar.tar");
}
END_TEST

START_TEST(a_child_is_caged_before_it_reads)
{
    struct slow_tar slow = open_slow_tar();
    pid_t child = child_of(child_of(getpid()));
    if (child > 0) {
        char path[64], line[256];
        int found = 0;
        snprintf(path, sizeof path, "/proc/%d/status", (int)child);
        FILE *file = fopen(path, "r");
        while (file && fgets(line, sizeof line, file))
            found += strcmp(line, "Seccomp:\t2\n") == 0 || strcmp(line, "NoNewPrivs:\t1\n") == 0 ||
                     strcmp(line, "CapEff:\t0000000000000000\n") == 0;
        if (file)
            fclose(file);
        ck_assert_int_eq(found, 3);
    }
    close_slow_tar(&slow);
}
END_TEST

int main(int argc, char **argv)
{
    struct error error;
    if (argc == 2 && strcmp(argv[1], IMAGE_SERVER_ARGUMENT) == 0) {
        image_server_main();
        return EXIT_SUCCESS;
    }
    if (!tar_read_supported()) {
        puts("100%: Checks: 0, Failures: 0, Errors: 0 (built without libarchive)");
        return EXIT_SUCCESS;
    }
    if (image_server_start(&fixture.server, &error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("tar_input");
    TCase *tests = tcase_create("tar_input");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, members_are_the_same);
    tcase_add_test(tests, large_members_come_in_parts);
    tcase_add_test(tests, damage_and_missing_files_are_told);
    tcase_add_test(tests, names_stay_in_the_folder);
    tcase_add_test(tests, forged_members_are_refused);
    tcase_add_test(tests, forged_names_lead_nowhere);
    tcase_add_test(tests, forged_sizes_are_refused);
    tcase_add_test(tests, ends_of_children_are_told_apart);
    tcase_add_loop_test(tests, a_child_that_dies_is_told_from_its_tar, 0, 5);
    tcase_add_test(tests, a_child_is_caged_before_it_reads);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_server_stop(fixture.server);
    return status;
}
