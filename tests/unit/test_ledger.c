/* The ledger: what is written is read back, whatever the name, the moment of a crash, or the number
 * of processes; and what is made of it: the index, the status, failed.ndjson, the merged ledger. */
#include "unit.h"

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/atomic_name.h"
#include "base/error.h"
#include "base/hash.h"
#include "jobs/items.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/ledger_status.h"
#include "jobs/shard.h"
#include "program/run/image_words.h"
#include "scratch.h"

static struct scratch scratch;
static struct folder *run;
static const struct shard ALL = {0, 1};

static void set_up(void)
{
    scratch = scratch_new();
    run = scratch_folder(&scratch);
}

static void tear_down(void)
{
    folder_close(run);
    scratch_free(&scratch);
}

static struct ledger *open_ledger(struct shard shard)
{
    struct error error = {0};
    struct ledger *ledger = ledger_open(run, &shard, &error);
    ck_assert_msg(ledger, "%s", error.text);
    return ledger;
}

static void append_done(struct ledger *ledger, const char *key, uint64_t bytes, double time)
{
    struct error error = {0};
    const struct ledger_line line = {.status = LEDGER_DONE,
                                     .key = key,
                                     .bytes = bytes,
                                     .numbers = {{"width", 640}, {"height", 480}, {"masks", 31}},
                                     .seconds = 0.25,
                                     .worker = 2,
                                     .time = time};
    ck_assert_msg(ledger_append(ledger, &line, &error) == 0, "%s", error.text);
}

static void append_failed(struct ledger *ledger, const char *key, const char *why, double time)
{
    struct error error = {0};
    const struct ledger_line line = {
        .status = LEDGER_FAILED, .key = key, .error = why, .time = time};
    ck_assert_msg(ledger_append(ledger, &line, &error) == 0, "%s", error.text);
}

static struct ledger_index *read_index(const struct shard *shard)
{
    struct error error = {0};
    struct ledger_index *index = ledger_index_read(run, shard, &error);
    ck_assert_msg(index, "%s", error.text);
    return index;
}

static const char *const hostile[] = {"plain.jpg",     "new\nline.jpg", "q\"uo'te.jpg",
                                      "back\\slash",   "\xff\xfe.jpg",  "\xed\xa0\x80.jpg",
                                      "\xc3\xbc.jpg",  "\x01\x7f\t",    "\xf4\x90\x80\x80",
                                      "</script>.jpg", "%s%n",          "\xef\xbf\xbd.jpg"};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

static int compare_hostile(void *context, const struct ledger_line *line)
{
    size_t *at = context;
    ck_assert_str_eq(line->key, hostile[*at]);
    ck_assert_int_eq(line->status, *at % 2 ? LEDGER_FAILED : LEDGER_DONE);
    if (*at % 2)
        ck_assert_ptr_nonnull(line->error);
    else
        ck_assert_uint_eq(line->bytes, 1000 + *at);
    ++*at;
    return 0;
}

START_TEST(every_name_comes_back_and_every_line_is_json)
{
    struct error error = {0};
    struct ledger *ledger = open_ledger(ALL);
    for (size_t i = 0; i < HOSTILE; i++)
        if (i % 2)
            append_failed(ledger, hostile[i], hostile[i], 0);
        else
            append_done(ledger, hostile[i], 1000 + i, 0);
    ck_assert_int_eq(ledger_sync(ledger, &error), 0);
    ledger_close(ledger);

    char *text = scratch_read(&scratch, LEDGER_FOLDER "/ledger-0-of-1.ndjson");
    size_t lines = 0;
    for (char *at = text; *at; at = strchr(at, '\n') + 1, lines++) {
        json_t *object = json_loadb(at, strcspn(at, "\n"), 0, NULL);
        ck_assert_msg(json_is_object(object), "%s", at);
        json_decref(object);
    }
    ck_assert_uint_eq(lines, HOSTILE);
    free(text);

    size_t at = 0;
    struct ledger_reading reading;
    const char *name = LEDGER_FOLDER "/ledger-0-of-1.ndjson";
    ck_assert_int_eq(ledger_read(run, name, compare_hostile, &at, &reading, &error), 0);
    ck_assert_uint_eq(reading.lines, HOSTILE);
    ck_assert_uint_eq(reading.bad, 0);
    struct ledger_index *index = read_index(NULL);
    for (size_t i = 0; i < HOSTILE; i++)
        ck_assert_int_eq(ledger_index_find(index, hostile[i]).status,
                         i % 2 ? LEDGER_FAILED : LEDGER_DONE);
    ck_assert_int_eq(ledger_index_find(index, "other").status, LEDGER_NONE);
    ledger_index_free(index);
}
END_TEST

START_TEST(torn_and_foreign_lines_are_left_out)
{
    struct ledger *ledger = open_ledger(ALL);
    append_done(ledger, "a.jpg", 10, 0);
    append_done(ledger, "b.jpg", 20, 0);
    ledger_close(ledger);
    const char *name = LEDGER_FOLDER "/ledger-0-of-1.ndjson";
    char *whole = scratch_read(&scratch, name);
    size_t first = strcspn(whole, "\n") + 1;
    /* Cut at every byte of the second line, then go on writing. */
    for (size_t cut = first; cut < strlen(whole); cut++) {
        char *text = strndup(whole, cut);
        scratch_write(&scratch, name, text);
        free(text);
        ledger = open_ledger(ALL);
        append_done(ledger, "c.jpg", 30, 0);
        ledger_close(ledger);
        struct ledger_index *index = read_index(NULL);
        ck_assert_uint_eq(ledger_index_find(index, "a.jpg").bytes, 10);
        /* Only the newline may be missing for the line to count again. */
        ck_assert_int_eq(ledger_index_find(index, "b.jpg").status,
                         cut + 1 == strlen(whole) ? LEDGER_DONE : LEDGER_NONE);
        ck_assert_uint_eq(ledger_index_find(index, "c.jpg").bytes, 30);
        ledger_index_free(index);
    }
    free(whole);

    scratch_write(&scratch, name,
                  "\n[]\n{}\nnull\n{\"path\":\"x\"}\n{\"path\":3,\"status\":\"done\"}\n"
                  "{\"path\":\"x\",\"status\":\"odd\"}\n{\"path\":\"x\",\"status\":\"done\","
                  "\"path_hex\":\"6\"}\n{\"path\":\"x\",\"status\":\"done\",\"path_hex\":\"00\"}\n"
                  "{\"path\":\"x\",\"status\":\"done\",\"bytes\":-5,\"time\":1e308}\n");
    struct ledger_index *index = read_index(NULL);
    ck_assert_uint_eq(ledger_index_counts(index).bad_lines, 8);
    ck_assert_uint_eq(ledger_index_counts(index).done, 1);
    ledger_index_free(index);
}
END_TEST

START_TEST(processes_that_append_at_once_do_not_mix_lines)
{
    enum { WRITERS = 4, LINES = 500 };
    for (int w = 0; w < WRITERS; w++)
        if (fork() == 0) {
            struct error error;
            struct ledger *ledger = ledger_open(run, &ALL, &error);
            for (int i = 0; ledger && i < LINES; i++) {
                char key[64];
                snprintf(key, sizeof key, "writer %d/image %d.jpg", w, i);
                struct ledger_line line = {.status = LEDGER_DONE, .key = key, .bytes = 1};
                if (ledger_append(ledger, &line, &error))
                    _exit(1);
            }
            _exit(0);
        }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    struct ledger_index *index = read_index(NULL);
    ck_assert_uint_eq(ledger_index_counts(index).done, WRITERS * LINES);
    ck_assert_uint_eq(ledger_index_counts(index).bad_lines, 0);
    ledger_index_free(index);
}
END_TEST

enum { THREADS = 128, THREAD_LINES = 50 };

static void *append_lines(void *ledger)
{
    static atomic_int threads;
    int thread = atomic_fetch_add(&threads, 1);
    for (int i = 0; i < THREAD_LINES; i++) {
        char key[32];
        snprintf(key, sizeof key, "%d/%d.jpg", thread, i);
        append_done(ledger, key, 1, 0);
    }
    return NULL;
}

START_TEST(many_threads_append_to_one_ledger)
{
    pthread_t threads[THREADS];
    struct ledger *ledger = open_ledger(ALL);
    for (int t = 0; t < THREADS; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, append_lines, ledger), 0);
    for (int t = 0; t < THREADS; t++)
        ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
    ledger_close(ledger);
    struct ledger_index *index = read_index(NULL);
    ck_assert_uint_eq(ledger_index_counts(index).done, THREADS * THREAD_LINES);
    ck_assert_uint_eq(ledger_index_counts(index).bad_lines, 0);
    ledger_index_free(index);
}
END_TEST

START_TEST(the_latest_line_counts_across_ledgers)
{
    double t = 1767225600;
    struct ledger *four = open_ledger((struct shard){1, 4});
    struct ledger *one = open_ledger(ALL);
    append_failed(four, "a.jpg", "bad", t);
    append_done(one, "a.jpg", 7, t + 100);
    append_done(one, "b.jpg", 8, t);
    append_failed(four, "b.jpg", "gone", t + 1);
    ledger_close(four);
    ledger_close(one);
    struct ledger_index *index = read_index(NULL);
    ck_assert_int_eq(ledger_index_find(index, "a.jpg").status, LEDGER_DONE);
    ck_assert_int_eq(ledger_index_find(index, "b.jpg").status, LEDGER_FAILED);
    ck_assert_uint_eq(ledger_index_counts(index).done, 1);
    ck_assert_uint_eq(ledger_index_counts(index).failed, 1);
    uint64_t sum = hash_bytes("a.jpg", 5) + hash_bytes("b.jpg", 5);
    ck_assert(ledger_index_matches(index, 2, sum));
    ck_assert(!ledger_index_matches(index, 1, hash_bytes("a.jpg", 5)));
    ck_assert(!ledger_index_matches(index, 2, sum - 1));
    ledger_index_free(index);
}
END_TEST

START_TEST(a_shard_reads_its_own_images_only)
{
    struct shard shards[3] = {{0, 3}, {1, 3}, {2, 3}};
    struct ledger *ledgers[3];
    for (int s = 0; s < 3; s++)
        ledgers[s] = open_ledger(shards[s]);
    struct ledger *old = open_ledger(ALL);
    uint64_t mine[3] = {0};
    for (int i = 0; i < 300; i++) {
        char key[32];
        snprintf(key, sizeof key, "%d.jpg", i);
        for (int s = 0; s < 3; s++)
            if (shard_has(&shards[s], key)) {
                append_done(i % 2 ? old : ledgers[s], key, 1, 0);
                mine[s]++;
            }
    }
    for (int s = 0; s < 3; s++)
        ledger_close(ledgers[s]);
    ledger_close(old);
    for (int s = 0; s < 3; s++) {
        struct ledger_index *index = read_index(&shards[s]);
        ck_assert_uint_eq(ledger_index_counts(index).done, mine[s]);
        ledger_index_free(index);
    }
}
END_TEST

/* A line for the image `key` in `tar`. */
static void append_member(struct ledger *ledger, const char *tar, const char *key, bool done,
                          double time)
{
    struct error error = {0};
    const struct ledger_line line = {.status = done ? LEDGER_DONE : LEDGER_FAILED,
                                     .key = key,
                                     .tar = tar,
                                     .bytes = done,
                                     .error = done ? NULL : "bad",
                                     .time = time};
    ck_assert_msg(ledger_append(ledger, &line, &error) == 0, "%s", error.text);
}

/* Names that are not UTF-8 decide as bytes, in the ledgers of any number of shards. */
START_TEST(the_images_in_a_tar_belong_to_the_shard_of_the_tar)
{
    enum { TARS = 8, MEMBERS = 30 };
    struct error error = {0};
    struct ledger_run_status status;
    uint64_t tars[3] = {0};
    uint64_t count;
    double now = (double)time(NULL);
    struct ledger *ledgers[3];
    struct ledger *old = open_ledger(ALL);
    for (uint32_t s = 0; s < 3; s++)
        ledgers[s] = open_ledger((struct shard){s, 3});
    append_done(old, "before.jpg", 1, now - 100);
    for (int t = 0; t < TARS; t++) {
        char tar[32];
        char key[32];
        snprintf(tar, sizeof tar, "\xfft%d.tar", t);
        size_t mine = hash_bytes(tar, strlen(tar)) % 3;
        tars[mine]++;
        for (int i = 0; i < MEMBERS; i++) {
            snprintf(key, sizeof key, "\xfft%d/%d.jpg", t, i);
            append_member(i % 2 ? old : ledgers[mine], tar, key, i > 0, now - (i % 2 ? 50 : 10));
        }
    }
    for (int s = 0; s < 3; s++)
        ledger_close(ledgers[s]);
    ledger_close(old);
    ck_assert_msg(ledger_status_read(run, &image_words, &status, &error) == 0, "%s", error.text);
    for (uint32_t s = 0; s < 3; s++) {
        const struct shard shard = {s, 3};
        uint64_t other = shard_has(&shard, "before.jpg");
        struct ledger_index *index = read_index(&shard);
        ck_assert_uint_eq(ledger_index_counts(index).done, tars[s] * (MEMBERS - 1) + other);
        ck_assert_uint_eq(ledger_index_counts(index).failed, tars[s]);
        ledger_index_free(index);
        ck_assert_uint_eq(status.shards[s].done, tars[s] * (MEMBERS - 1) + other);
        ck_assert_uint_eq(status.shards[s].failed, tars[s]);
        ck_assert_int_eq(ledger_write_failed(run, &shard, false, &count, &error), 0);
        ck_assert_uint_eq(count, tars[s]);
    }
    ledger_status_free(&status);
}
END_TEST

/* An index that grows keeps the shards of what is in it. */
START_TEST(images_of_many_tars_are_counted_in_their_shards)
{
    enum { IMAGES = 5000 };
    struct error error = {0};
    struct ledger_counts counts[2] = {{0}};
    struct ledger_index *index = ledger_index_new(&error);
    uint64_t mine = 0;
    for (int i = 0; i < IMAGES; i++) {
        char key[32];
        char tar[32];
        snprintf(key, sizeof key, "%d.jpg", i);
        snprintf(tar, sizeof tar, "%d.tar", i / 100);
        const struct ledger_line line = {
            .status = LEDGER_DONE, .key = key, .tar = i < 500 ? NULL : tar};
        mine += shard_has(&(struct shard){1, 2}, ledger_line_name(&line));
        ck_assert_int_eq(ledger_index_add(index, &line, &error), 0);
    }
    ledger_index_shards(index, 2, counts);
    ck_assert_uint_eq(counts[1].done, mine);
    ck_assert_uint_eq(counts[0].done, IMAGES - mine);
    ledger_index_free(index);
}
END_TEST

START_TEST(writers_of_this_shard_are_known)
{
    struct error error = {0};
    const struct shard halves[2] = {{0, 2}, {1, 2}};
    size_t count;
    for (int s = 0; s < 2; s++) {
        struct ledger *ledger = open_ledger(halves[s]);
        for (int start = 0; start <= s; start++)
            ck_assert_int_eq(ledger_append_start(ledger, &image_words, 1, &error), 0);
        ledger_close(ledger);
    }
    scratch_write(&scratch, ".maskmill/ledger-0-of-3.ndjson",
                  "{\"event\":\"start\",\"shard\":\"1/2\",\"writer\":\"no writer\"}\n"
                  "{\"event\":\"start\",\"shard\":\"1/2\"}\n");
    struct ledger_index *index = read_index(&halves[1]);
    const struct atomic_writer *writers = ledger_index_writers(index, &count);
    const struct atomic_writer self = atomic_writer_self();
    ck_assert_uint_eq(count, 2);
    ck_assert(atomic_writer_equal(&writers[1], &self));
    ledger_index_free(index);
}
END_TEST

START_TEST(status_adds_up_over_shards)
{
    struct error error = {0};
    struct ledger_run_status status;
    double now = (double)time(NULL);
    ck_assert_int_eq(ledger_status_read(run, &image_words, &status, &error), -1);
    /* No run has so many shards, so this is no ledger. */
    scratch_write(&scratch, ".maskmill/ledger-0-of-4294967295.ndjson",
                  "{\"event\":\"start\",\"time\":\"2100-01-01T00:00:00Z\",\"images\":1}\n");
    ck_assert_int_eq(ledger_status_read(run, &image_words, &status, &error), -1);
    /* Nor does a run write a shard's number like that: these would be counted as well. */
    static const char *const others[] = {"00-of-3", "+0-of-3", " 0-of-3", "0-of-03",
                                         "4294967296-of-3"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, ".maskmill/ledger-%s.ndjson", others[i]);
        scratch_write(&scratch, name, "{\"event\":\"start\",\"time\":1,\"images\":1}\n");
    }
    ck_assert_int_eq(ledger_status_read(run, &image_words, &status, &error), -1);
    uint64_t images[2] = {0};
    struct shard shards[2] = {{0, 3}, {2, 3}};
    struct ledger *old = open_ledger(ALL);
    for (int s = 0; s < 2; s++) {
        struct ledger *ledger = open_ledger(shards[s]);
        ck_assert_int_eq(ledger_append_start(ledger, &image_words, 50, &error), 0);
        for (int i = 0; i < 60; i++) {
            char key[32];
            snprintf(key, sizeof key, "%d.jpg", i);
            if (!shard_has(&shards[s], key))
                continue;
            images[s]++;
            if (i % 10 == 0)
                append_failed(ledger, key, "bad", now - 30 + i / 2.0);
            else
                append_done(i % 10 == 1 ? old : ledger, key, 1, now - 30 + i / 2.0);
        }
        if (s == 1)
            ck_assert_int_eq(ledger_append_end(ledger, "stopped", &error), 0);
        ledger_close(ledger);
    }
    ledger_close(old);
    ck_assert_msg(ledger_status_read(run, &image_words, &status, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(status.shard_count, 2);
    ck_assert_uint_eq(status.shards_expected, 3);
    ck_assert_uint_eq(status.items, 100);
    ck_assert_uint_eq(status.done + status.failed, images[0] + images[1]);
    ck_assert_uint_eq(status.left, 100 - images[0] - images[1]);
    ck_assert(status.shards[0].running);
    ck_assert(!status.shards[1].running);
    ck_assert_str_eq(status.shards[1].reason, "stopped");
    ck_assert_uint_eq(status.shards[1].index, 2);
    ck_assert(status.rate > 0.3 && status.rate < 2);
    ck_assert(fabs(status.time_left - (double)status.shards[0].left / status.rate) < 1e-9);

    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    ledger_status_print_json(&status, out);
    fclose(out);
    json_t *object = json_loads(text, 0, NULL);
    ck_assert_uint_eq(json_array_size(json_object_get(object, "shards")), 2);
    ck_assert_int_eq(json_integer_value(json_object_get(object, "images")), 100);
    json_decref(object);
    free(text);
    out = open_memstream(&text, &size);
    ledger_status_print(&status, out);
    fclose(out);
    ck_assert_ptr_nonnull(strstr(text, "1 of 3 shards have not started"));
    free(text);
    ledger_status_free(&status);
}
END_TEST

static void read_status(struct ledger_run_status *status)
{
    struct error error = {0};
    ck_assert_msg(ledger_status_read(run, &image_words, status, &error) == 0, "%s", error.text);
}

/* How often `text` stands in what `print` prints. */
static size_t count_printed(void (*print)(const struct ledger_run_status *, FILE *),
                            const struct ledger_run_status *status, const char *text)
{
    char *printed = NULL;
    size_t size;
    size_t count = 0;
    FILE *out = open_memstream(&printed, &size);
    print(status, out);
    fclose(out);
    for (const char *at = printed; (at = strstr(at, text)); at++)
        count++;
    free(printed);
    return count;
}

/* Shard 1 has tars: nobody knows what is left of it until it has ended. */
START_TEST(a_number_of_images_that_is_not_known)
{
    struct error error = {0};
    struct ledger_run_status status;
    struct ledger *ledgers[2];
    for (uint32_t s = 0; s < 2; s++) {
        ledgers[s] = open_ledger((struct shard){s, 2});
        ck_assert_int_eq(
            ledger_append_start(ledgers[s], &image_words, s ? ITEMS_UNKNOWN : 0, &error), 0);
    }
    append_member(ledgers[1], "1.tar", "1/a.jpg", true, 0);
    read_status(&status);
    ck_assert_uint_eq(status.shards[0].left, 0);
    ck_assert_uint_eq(status.shards[1].left, ITEMS_UNKNOWN);
    ck_assert_uint_eq(status.left, ITEMS_UNKNOWN);
    ck_assert(!ledger_status_over(&status));
    ck_assert_uint_eq(count_printed(ledger_status_print_json, &status, "\"left\":null"), 2);
    ck_assert_uint_eq(count_printed(ledger_status_print_json, &status, "\"images\":null"), 2);
    ck_assert_uint_eq(count_printed(ledger_status_print, &status, "          -      0.00"), 2);
    ledger_status_free(&status);

    ck_assert_int_eq(ledger_append_end(ledgers[1], "stopped", &error), 0);
    read_status(&status);
    ck_assert_uint_eq(status.left, ITEMS_UNKNOWN);
    ck_assert(ledger_status_over(&status));
    ledger_status_free(&status);

    ck_assert_int_eq(ledger_append_start(ledgers[1], &image_words, ITEMS_UNKNOWN, &error), 0);
    ck_assert_int_eq(ledger_append_end(ledgers[1], "done", &error), 0);
    read_status(&status);
    ck_assert_uint_eq(status.left, 0);
    ck_assert_uint_eq(status.items, ITEMS_UNKNOWN);
    ck_assert(ledger_status_over(&status));
    ledger_status_free(&status);
    for (int s = 0; s < 2; s++)
        ledger_close(ledgers[s]);
}
END_TEST

static size_t count_lines(const char *name)
{
    char *text = scratch_read(&scratch, name);
    size_t lines = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    free(text);
    return lines;
}

/* A line for a tar without fault. */
static void append_read(struct ledger *ledger, const char *key, double time)
{
    struct error error = {0};
    const struct ledger_line line = {.status = LEDGER_NONE, .key = key, .time = time};
    ck_assert_msg(ledger_append(ledger, &line, &error) == 0, "%s", error.text);
}

/* A tar counts while it is damaged, and neither as failed nor as done afterwards. */
START_TEST(failed_images_and_the_merged_ledger)
{
    struct error error = {0};
    struct ledger_run_status status;
    double t = 1767225600;
    uint64_t count = 99;
    struct shard half = {0, 2};
    struct ledger *ledger = open_ledger(half);
    struct ledger *old = open_ledger(ALL);
    append_failed(old, "again.jpg", "first", t);
    append_failed(old, "again.jpg", "second", t + 1);
    append_failed(old, "cured.jpg", "bad", t);
    append_done(ledger, "cured.jpg", 5, t + 2);
    append_done(old, "fine\xff.jpg", 6, t);
    append_failed(old, "mended.tar", "damaged", t);
    append_read(ledger, "mended.tar", t + 1);
    append_read(old, "damaged.tar", t);
    append_failed(ledger, "damaged.tar", "damaged", t + 1);
    ledger_close(ledger);
    ledger_close(old);
    ck_assert_int_eq(ledger_write_failed(run, NULL, false, &count, &error), 0);
    ck_assert_uint_eq(count, 2);
    char *text = scratch_read(&scratch, "failed.ndjson");
    ck_assert_ptr_nonnull(strstr(text, "\"path\":\"again.jpg\""));
    ck_assert_ptr_nonnull(strstr(text, "second"));
    free(text);
    ck_assert_int_eq(ledger_write_failed(run, &half, false, &count, &error), 0);
    ck_assert_uint_eq(count, shard_has(&half, "again.jpg") + shard_has(&half, "damaged.tar"));
    ck_assert_uint_eq(count_lines("failed-0-of-2.ndjson"), count);
    ck_assert_int_eq(ledger_write_failed(run, NULL, true, &count, &error), 0);
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_eq(count_lines("failed.ndjson"), 0);
    ck_assert_int_eq(ledger_merge(run, &image_words, &status, &error), 0);
    ck_assert_uint_eq(count_lines("ledger.ndjson"), 4);
    ck_assert_uint_eq(count_lines("failed.ndjson"), 2);
    struct ledger_index *index = read_index(NULL);
    ck_assert_uint_eq(ledger_index_counts(index).done, 2);
    ck_assert_uint_eq(ledger_index_counts(index).failed, 2);
    ck_assert_int_eq(ledger_index_find(index, "mended.tar").status, LEDGER_NONE);
    ledger_index_free(index);
    ledger_status_free(&status);
}
END_TEST

/* Of the processor, since other programs run beside a test. */
static double cpu_seconds(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           1e-6 * (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
}

START_TEST(a_hundred_thousand_lines_are_read_quickly_in_little_memory)
{
    struct rusage before;
    struct rusage after;
    struct ledger *ledger = open_ledger(ALL);
    char key[64];
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof key, "folder %d/some image of the run %d.jpg", i % 100, i);
        append_done(ledger, key, (uint64_t)i, 0);
    }
    ledger_close(ledger);
    getrusage(RUSAGE_SELF, &before);
    struct ledger_index *index = read_index(&ALL);
    getrusage(RUSAGE_SELF, &after);
    ck_assert_uint_eq(ledger_index_counts(index).done, 100000);
    ck_assert_uint_eq(ledger_index_find(index, key).bytes, 99999);
    ledger_index_free(index);
    double seconds = cpu_seconds(&after) - cpu_seconds(&before);
    long grown = after.ru_maxrss - before.ru_maxrss; /* KiB */
    ck_assert_msg(seconds < 20, "%.1f s", seconds);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* which keep what is freed */
    /* 20 bytes a slot, 2^18 slots, half of that for the table before it grew, and some air. */
    ck_assert_msg(grown < 24 * 1024, "%ld KiB", grown);
#else
    (void)grown;
#endif
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ledger");
    TCase *cases = tcase_create("ledger");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, every_name_comes_back_and_every_line_is_json);
    tcase_add_test(cases, torn_and_foreign_lines_are_left_out);
    tcase_add_test(cases, processes_that_append_at_once_do_not_mix_lines);
    tcase_add_test(cases, many_threads_append_to_one_ledger);
    tcase_add_test(cases, the_latest_line_counts_across_ledgers);
    tcase_add_test(cases, a_shard_reads_its_own_images_only);
    tcase_add_test(cases, the_images_in_a_tar_belong_to_the_shard_of_the_tar);
    tcase_add_test(cases, images_of_many_tars_are_counted_in_their_shards);
    tcase_add_test(cases, writers_of_this_shard_are_known);
    tcase_add_test(cases, status_adds_up_over_shards);
    tcase_add_test(cases, a_number_of_images_that_is_not_known);
    tcase_add_test(cases, failed_images_and_the_merged_ledger);
    tcase_add_test(cases, a_hundred_thousand_lines_are_read_quickly_in_little_memory);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
