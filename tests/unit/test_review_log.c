/* The log of a review, written: what is confirmed is in it, and what makes no sense is not. */
#include "program/review/review_log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "records/review.h"
#include "sample_record.h"
#include "scratch.h"
#include "unit.h"

static struct scratch scratch;
static struct folder *run;
static struct record record;
static struct error error;

static void set_up(void)
{
    scratch = scratch_new();
    run = scratch_folder(&scratch);
    record = sample_two("a.jpg");
}

static void tear_down(void)
{
    record_free(&record);
    folder_close(run);
    scratch_free(&scratch);
}

/* Appends a request; the number of its event, or 0. */
static uint64_t append(struct review_log *log, const char *request, int64_t *mask)
{
    struct review_event event;
    struct review_confirmed confirmed = {0};
    json_t *object = json_loads(request, 0, NULL);
    ck_assert_msg(review_event_request(&event, object, &error) == 0, "%s: %s", request, error.text);
    json_decref(object);
    int status = review_log_append(log, &record, &event, &confirmed, &error);
    if (mask)
        *mask = confirmed.mask;
    return status ? 0 : confirmed.event;
}

static struct review_log *open_log(void)
{
    struct review_log *log = review_log_open(run, "anna", &error);
    ck_assert_msg(log, "%s", error.text);
    return log;
}

#define MASK "{\"segmentation\": {\"size\": [5, 7], \"counts\": \"01R1\"}, \"source\": \"point\"}"
#define WIDE "{\"segmentation\": {\"size\": [5, 8], \"counts\": [39, 1]}, \"source\": \"point\"}"

START_TEST(what_is_confirmed_is_read_back)
{
    int64_t mask;
    struct review_log *log = open_log();
    ck_assert_uint_eq(append(log, "{\"op\": \"reject\", \"mask\": 1}", &mask), 1);
    ck_assert_int_eq(mask, 1);
    ck_assert_uint_eq(append(log, "{\"op\": \"add\", \"annotation\": " MASK "}", &mask), 2);
    ck_assert_int_eq(mask, 2);
    ck_assert_uint_eq(append(log, "{\"op\": \"undo\", \"undoes\": 1}", NULL), 3);
    const struct review_image *image = review_of(review_log_hold(log), "a.jpg");
    ck_assert_uint_eq(image->last, 3);
    ck_assert_int_eq(review_mask_of(image, 1)->decision, REVIEW_UNDECIDED);
    ck_assert_ptr_nonnull(strstr(review_mask_of(image, 2)->annotation, "\"id\": 2,"));
    review_log_release(log);
    review_log_close(log);
    log = open_log();
    ck_assert_uint_eq(append(log, "{\"op\": \"add\", \"annotation\": " MASK "}", &mask), 4);
    ck_assert_int_eq(mask, 3);
    review_log_close(log);
    char *text = scratch_read(&scratch, REVIEW_FILE);
    ck_assert_ptr_eq(strstr(text, "{\"event\": 1, \"time\": "), text);
    ck_assert_ptr_nonnull(strstr(text, ", \"by\": \"anna\", \"image\": \"a.jpg\", \"record\": \""));
    ck_assert_ptr_nonnull(strstr(text, "\", \"op\": \"reject\", \"mask\": 1}\n{\"event\": 2, "));
    free(text);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    static const char *const bad[][2] = {
        {"{\"op\": \"accept\", \"mask\": 2}", "there is no mask 2"},
        {"{\"op\": \"accept\", \"mask\": 1}", "mask 1 was removed"},
        {"{\"op\": \"replace\", \"mask\": 0, \"annotation\": " WIDE "}", "8 x 5 pixels"},
        {"{\"op\": \"add\", \"annotation\": " WIDE "}", "8 x 5 pixels"},
        {"{\"op\": \"add\", \"mask\": 1, \"annotation\": " MASK "}", "mask 1 is not new"},
        {"{\"op\": \"undo\", \"undoes\": 9}", "event 9 is none of"},
        {"{\"op\": \"undo\", \"undoes\": 2}", "event 2 is undone already"},
    };
    struct review_log *log = open_log();
    ck_assert_uint_eq(append(log, "{\"op\": \"remove\", \"mask\": 1}", NULL), 1);
    ck_assert_uint_eq(append(log, "{\"op\": \"accept\", \"mask\": 0}", NULL), 2);
    ck_assert_uint_eq(append(log, "{\"op\": \"undo\", \"undoes\": 2}", NULL), 3);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_uint_eq(append(log, bad[i][0], NULL), 0);
        ck_assert_int_eq(error.code, ERROR_USAGE);
        ck_assert_msg(strstr(error.text, bad[i][1]), "%s: %s", bad[i][0], error.text);
    }
    ck_assert_uint_eq(review_last(review_log_hold(log)), 3);
    review_log_release(log);
    review_log_close(log);
}
END_TEST

START_TEST(a_record_made_anew_takes_no_decision_until_the_old_ones_are_undone)
{
    struct review_log *log = open_log();
    ck_assert_uint_eq(append(log, "{\"op\": \"accept\", \"mask\": 1}", NULL), 1);
    record.masks.items[1].rle.counts[1]++;
    record.masks.items[1].rle.counts[2]--;
    ck_assert_uint_eq(append(log, "{\"op\": \"accept\", \"mask\": 0}", NULL), 0);
    ck_assert_ptr_nonnull(strstr(error.text, "made anew"));
    ck_assert_uint_eq(append(log, "{\"op\": \"undo\", \"undoes\": 1}", NULL), 2);
    ck_assert_uint_eq(append(log, "{\"op\": \"accept\", \"mask\": 0}", NULL), 3);
    review_log_close(log);
}
END_TEST

START_TEST(a_torn_line_is_cut_off)
{
    struct review_log *log = open_log();
    append(log, "{\"op\": \"accept\", \"mask\": 1}", NULL);
    review_log_close(log);
    char *text = scratch_read(&scratch, REVIEW_FILE);
    size_t length = strlen(text);
    char *torn;
    ck_assert_int_gt(asprintf(&torn, "%s{\"event\": 2, \"ti", text), 0);
    scratch_write(&scratch, REVIEW_FILE, torn);
    free(torn);
    log = open_log();
    ck_assert_uint_eq(append(log, "{\"op\": \"accept\", \"mask\": 0}", NULL), 2);
    review_log_close(log);
    char *now = scratch_read(&scratch, REVIEW_FILE);
    ck_assert_int_eq(strncmp(text, now, length), 0);
    ck_assert_ptr_eq(strstr(now + length, "{\"event\": 2, \"time\""), now + length);
    free(text);
    free(now);
}
END_TEST

START_TEST(a_full_disk_costs_only_what_was_not_confirmed)
{
    struct rlimit before, tight;
    struct review_log *log = open_log();
    append(log, "{\"op\": \"accept\", \"mask\": 1}", NULL);
    char *text = scratch_read(&scratch, REVIEW_FILE);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    tight = before;
    tight.rlim_cur = strlen(text) + 10; /* a part of the next line fits */
    setrlimit(RLIMIT_FSIZE, &tight);
    for (int i = 0; i < 2; i++) {
        ck_assert_uint_eq(append(log, "{\"op\": \"reject\", \"mask\": 1}", NULL), 0);
        ck_assert_int_eq(error.code, ERROR_IO);
    }
    setrlimit(RLIMIT_FSIZE, &before);
    char *same = scratch_read(&scratch, REVIEW_FILE);
    ck_assert_str_eq(same, text);
    const struct review_image *image = review_of(review_log_hold(log), "a.jpg");
    ck_assert_int_eq(review_mask_of(image, 1)->decision, REVIEW_ACCEPTED);
    review_log_release(log);
    ck_assert_uint_eq(append(log, "{\"op\": \"reject\", \"mask\": 1}", NULL), 2);
    review_log_close(log);
    free(text);
    free(same);
}
END_TEST

START_TEST(a_second_writer_is_refused_and_a_reader_is_not)
{
    struct review_log *log = open_log();
    append(log, "{\"op\": \"accept\", \"mask\": 1}", NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(review_log_open(run, "ben", &error) == NULL && error.code == ERROR_STOPPED ? 0 : 1);
    int status;
    waitpid(child, &status, 0);
    ck_assert_int_eq(status, 0);
    struct review_log *reader = review_log_look(run, &error);
    ck_assert_uint_eq(review_last(review_log_hold(reader)), 1);
    review_log_release(reader);
    ck_assert_uint_eq(append(reader, "{\"op\": \"accept\", \"mask\": 1}", NULL), 0);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    review_log_close(reader);
    review_log_close(log);
}
END_TEST

enum { THREADS = 4, EACH = 50 };

/* Names a class again and again, and looks at what holds in between. */
static void *append_many(void *context)
{
    struct review_log *log = context;
    uint64_t last = 0;
    for (int i = 0; i < EACH; i++) {
        struct error own;
        struct review_event event = {.op = REVIEW_CLASS, .mask = 1, .class_name = strdup("cat")};
        struct review_confirmed confirmed;
        if (review_log_append(log, &record, &event, &confirmed, &own))
            return "not appended";
        const struct review_image *image = review_of(review_log_hold(log), "a.jpg");
        bool known = confirmed.event > last && image->last >= confirmed.event &&
                     strcmp(review_mask_of(image, 1)->class_name, "cat") == 0;
        review_log_release(log);
        if (!known)
            return "not known";
        last = confirmed.event;
    }
    return NULL;
}

START_TEST(threads_take_turns)
{
    pthread_t threads[THREADS];
    void *fault;
    struct review_log *log = open_log();
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, append_many, log), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &fault);
        ck_assert_msg(!fault, "%s", (const char *)fault);
    }
    review_log_close(log);
    struct review *review = review_read(run, NULL, &error);
    ck_assert_msg(review, "%s", error.text);
    ck_assert_uint_eq(review_last(review), THREADS * EACH);
    review_free(review);
}
END_TEST

START_TEST(a_name_that_is_none_writes_nothing)
{
    static const char *const bad[] = {"", "a\nb", "a\xff", "\xe2\x80\xae"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_ptr_null(review_log_open(run, bad[i], &error));
        ck_assert_int_eq(error.code, ERROR_USAGE);
    }
    /* An image that a reader would refuse. */
    struct review_log *log = open_log();
    free(record.file_name);
    record.file_name = calloc(1, REVIEW_NAME_MAX + 2);
    memset(record.file_name, 'a', REVIEW_NAME_MAX + 1);
    ck_assert_uint_eq(append(log, "{\"op\": \"accept\", \"mask\": 1}", NULL), 0);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    record.file_name[REVIEW_NAME_MAX] = '\0';
    ck_assert_uint_eq(append(log, "{\"op\": \"accept\", \"mask\": 1}", NULL), 1);
    review_log_close(log);
}
END_TEST

START_TEST(a_damaged_log_is_not_written_on)
{
    scratch_write(&scratch, REVIEW_FILE, "{}\n");
    ck_assert_ptr_null(review_log_open(run, "anna", &error));
    ck_assert_int_eq(error.code, ERROR_RECORD);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("review_log");
    TCase *tests = tcase_create("append");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_confirmed_is_read_back);
    tcase_add_test(tests, what_makes_no_sense_is_refused);
    tcase_add_test(tests, a_record_made_anew_takes_no_decision_until_the_old_ones_are_undone);
    tcase_add_test(tests, a_torn_line_is_cut_off);
    tcase_add_test(tests, a_full_disk_costs_only_what_was_not_confirmed);
    tcase_add_test(tests, a_second_writer_is_refused_and_a_reader_is_not);
    tcase_add_test(tests, threads_take_turns);
    tcase_add_test(tests, a_name_that_is_none_writes_nothing);
    tcase_add_test(tests, a_damaged_log_is_not_written_on);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
