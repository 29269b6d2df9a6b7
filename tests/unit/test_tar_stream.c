/* A tar on a pipe: at whatever write it stops, it ends within the bytes of a member, and whole it is that of
 * the members. */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "program/tars/tar_stream.h"

enum { ROOM = 1 << 20 };

static struct error error;

static bool never(void *context)
{
    (void)context;
    return false;
}

static bool always(void *context)
{
    (void)context;
    return true;
}

/* What arrives at the other end, a write at a time. */
struct pipe {
    int ends[2];
    char *bytes; /* [ROOM] */
    size_t used;
    size_t writes[4096]; /* where each ended */
    size_t count;
};

static void open_pipe(struct pipe *pipe)
{
    *pipe = (struct pipe){.bytes = malloc(ROOM)};
    ck_assert_int_eq(pipe2(pipe->ends, O_DIRECT), 0);
    fcntl(pipe->ends[0], F_SETFL, O_DIRECT | O_NONBLOCK);
    fcntl(pipe->ends[1], F_SETPIPE_SZ, ROOM);
}

static void drain(struct pipe *pipe)
{
    ssize_t got;
    while ((got = read(pipe->ends[0], pipe->bytes + pipe->used, ROOM - pipe->used)) > 0) {
        ck_assert_int_le(got, TAR_STREAM_WRITE);
        pipe->used += (size_t)got;
        pipe->writes[pipe->count++] = pipe->used;
    }
}

static void close_pipe(struct pipe *pipe)
{
    close(pipe->ends[0]);
    close(pipe->ends[1]);
    free(pipe->bytes);
}

static void add(struct tar_pack *members, const char *name, size_t size)
{
    char *bytes = malloc(size + 1);
    memset(bytes, 'd', size);
    ck_assert_int_eq(tar_pack_member(members, name, bytes, size, &error), 0);
    free(bytes);
}

/* Whether a tar of these members that is cut at `at` ends within the bytes of one of them, or behind a header that
 * says that bytes follow. */
static bool ends_within(const struct tar_pack *all, size_t at)
{
    for (size_t start = 0; start < all->used;) {
        const struct tar_pack_size size = tar_pack_size_at(all, start);
        if (at < start + size.all)
            return at >= start + size.header;
        start += size.all;
    }
    return false;
}

static void check_stream(const size_t *sizes, size_t count, const char *name)
{
    struct pipe pipe;
    struct tar_pack all = {0};
    open_pipe(&pipe);
    struct tar_stream stream = {.fd = pipe.ends[1], .name = "pipe", .stopping = never};
    for (size_t i = 0; i < count; i++) {
        struct tar_pack members = {0};
        add(&all, name, sizes[i]);
        add(&members, name, sizes[i]);
        ck_assert_int_eq(tar_stream_append(&stream, &members, &error), 0);
        tar_pack_free(&members);
        drain(&pipe);
        ck_assert_uint_lt(pipe.used, all.used);
    }
    size_t open_writes = pipe.count;
    ck_assert_int_eq(tar_stream_end(&stream, &error), 0);
    drain(&pipe);
    for (size_t i = 0; i < open_writes; i++)
        ck_assert_msg(ends_within(&all, pipe.writes[i]), "write %zu ends at %zu", i,
                      pipe.writes[i]);
    ck_assert_uint_ge(pipe.writes[open_writes], all.used + (size_t)2 * TAR_BLOCK);
    ck_assert_uint_eq(pipe.used, all.used + tar_pack_end(all.used));
    ck_assert_int_eq(memcmp(pipe.bytes, all.bytes, all.used), 0);
    for (size_t i = all.used; i < pipe.used; i++)
        ck_assert_int_eq(pipe.bytes[i], 0);
    tar_pack_free(&all);
    tar_stream_free(&stream);
    close_pipe(&pipe);
}

START_TEST(it_never_stops_behind_a_member)
{
    static const size_t sizes[] = {1,    512,  513,  100,  20000, 512,  3584, 4096, 2,
                                   3583, 1024, 2560, 2561, 3072,  7168, 7169, 5};
    char name[1001];
    memset(name, 'n', 1000);
    name[1000] = '\0';
    check_stream(sizes, sizeof sizes / sizeof *sizes, "key.json");
    check_stream(sizes, sizeof sizes / sizeof *sizes, name); /* with pax headers */
    check_stream(sizes, 1, "key.json");
}
END_TEST

START_TEST(without_members_it_is_an_empty_tar)
{
    struct pipe pipe;
    open_pipe(&pipe);
    struct tar_stream stream = {.fd = pipe.ends[1], .name = "pipe", .stopping = never};
    ck_assert_int_eq(tar_stream_end(&stream, &error), 0);
    drain(&pipe);
    ck_assert_uint_eq(pipe.used, TAR_RECORD);
    tar_stream_free(&stream);
    close_pipe(&pipe);
}
END_TEST

START_TEST(a_reader_that_takes_nothing_can_be_given_up)
{
    struct pipe pipe;
    struct tar_pack members = {0};
    open_pipe(&pipe);
    fcntl(pipe.ends[1], F_SETPIPE_SZ, 4096);
    struct tar_stream stream = {.fd = pipe.ends[1], .name = "pipe", .stopping = always};
    add(&members, "key.json", 100000);
    ck_assert_int_eq(tar_stream_append(&stream, &members, &error), -1);
    ck_assert_int_eq(error.code, ERROR_STOPPED);
    tar_pack_free(&members);
    tar_stream_free(&stream);
    close_pipe(&pipe);
}
END_TEST

START_TEST(a_full_disk_is_an_error)
{
    struct tar_pack members = {0};
    int full = open("/dev/full", O_WRONLY);
    struct tar_stream stream = {.fd = full, .name = "full", .stopping = never};
    add(&members, "key.json", 100000);
    ck_assert_int_eq(tar_stream_append(&stream, &members, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    tar_pack_free(&members);
    tar_stream_free(&stream);
    close(full);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tar stream");
    TCase *tests = tcase_create("tar stream");
    if (tar_pack_supported()) {
        tcase_add_test(tests, it_never_stops_behind_a_member);
        tcase_add_test(tests, without_members_it_is_an_empty_tar);
        tcase_add_test(tests, a_reader_that_takes_nothing_can_be_given_up);
        tcase_add_test(tests, a_full_disk_is_an_error);
    }
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
