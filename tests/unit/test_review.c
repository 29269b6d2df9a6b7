/* The log of a review, read and replayed. */
#include "records/review.h"

#include <errno.h>
#include <stdio.h>

#include "sample_record.h"
#include "scratch.h"
#include "unit.h"

static struct scratch scratch;
static struct folder *run;
static struct error error;

/* A mask of an image of 7 x 5 pixels, the first of sample_two, and one of other pixels. */
#define MASK_A                                                                                     \
    "{\"segmentation\": {\"size\": [5, 7], \"counts\": \";32NO012004\"}, \"source\": \"point\"}"
#define MASK_B "{\"segmentation\": {\"size\": [5, 7], \"counts\": \"01R1\"}, \"source\": \"box\"}"

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

/* Reads a log of these events, each without event, time, by and image; the image is "a.jpg". */
static struct review *replay(const char *const *events)
{
    char *text = calloc(1, 1 << 16);
    for (int i = 0; events[i]; i++)
        sprintf(text + strlen(text),
                "{\"event\": %d, \"time\": %d.5, \"by\": \"anna\", \"image\": \"a.jpg\", %s}\n",
                i + 1, 1767225600 + i, events[i]);
    scratch_write(&scratch, REVIEW_FILE, text);
    free(text);
    return review_read(run, NULL, &error);
}

/* The state of one mask, in a letter: accepted, rejected, undecided, removed. */
static char letter(const struct review_mask *mask)
{
    return mask->removed                       ? 'x'
           : mask->decision == REVIEW_ACCEPTED ? 'a'
           : mask->decision == REVIEW_REJECTED ? 'r'
                                               : 'u';
}

/* Checks the states of all masks: "1a 2r". */
static void check_states(const char *const *events, const char *states)
{
    char found[256] = "";
    struct review *review = replay(events);
    ck_assert_msg(review, "%s", error.text);
    const struct review_image *image = review_of(review, "a.jpg");
    for (size_t i = 0; i < image->mask_count; i++)
        sprintf(found + strlen(found), "%s%d%c", i ? " " : "", (int)image->masks[i].id,
                letter(&image->masks[i]));
    ck_assert_str_eq(found, states);
    review_free(review);
}

#define EVENTS(...)                                                                                \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

START_TEST(the_last_decision_counts)
{
    check_states(EVENTS("\"op\": \"accept\", \"mask\": 2", "\"op\": \"reject\", \"mask\": 1",
                        "\"op\": \"reject\", \"mask\": 2"),
                 "1r 2r");
    check_states(EVENTS("\"op\": \"accept\", \"mask\": 2", "\"op\": \"reopen\", \"mask\": 2"),
                 "2u");
    check_states(EVENTS("\"op\": \"remove\", \"mask\": 2", "\"op\": \"accept\", \"mask\": 2"),
                 "2x");
    check_states(EVENTS("\"op\": \"add\", \"mask\": 7, \"annotation\": " MASK_A), "7a");
    check_states(EVENTS("\"op\": \"add\", \"mask\": 7, \"annotation\": " MASK_A,
                        "\"op\": \"reject\", \"mask\": 7",
                        "\"op\": \"replace\", \"mask\": 7, \"annotation\": " MASK_B),
                 "7a");
}
END_TEST

START_TEST(undo_takes_an_event_back_and_can_be_undone)
{
    check_states(EVENTS("\"op\": \"accept\", \"mask\": 1", "\"op\": \"reject\", \"mask\": 1",
                        "\"op\": \"undo\", \"undoes\": 2"),
                 "1a");
    check_states(EVENTS("\"op\": \"accept\", \"mask\": 1", "\"op\": \"reject\", \"mask\": 1",
                        "\"op\": \"undo\", \"undoes\": 2", "\"op\": \"undo\", \"undoes\": 3"),
                 "1r");
    check_states(EVENTS("\"op\": \"accept\", \"mask\": 1", "\"op\": \"undo\", \"undoes\": 1",
                        "\"op\": \"undo\", \"undoes\": 2", "\"op\": \"undo\", \"undoes\": 3"),
                 "1u");
    /* Of two that undo an event, one is enough. */
    check_states(EVENTS("\"op\": \"accept\", \"mask\": 1", "\"op\": \"undo\", \"undoes\": 1",
                        "\"op\": \"undo\", \"undoes\": 1", "\"op\": \"undo\", \"undoes\": 3"),
                 "1u");
    /* An added mask goes with its adding, whatever was done to it. */
    check_states(EVENTS("\"op\": \"add\", \"mask\": 7, \"annotation\": " MASK_A,
                        "\"op\": \"accept\", \"mask\": 7", "\"op\": \"undo\", \"undoes\": 1"),
                 "7x");
    check_states(EVENTS("\"op\": \"add\", \"mask\": 7, \"annotation\": " MASK_A,
                        "\"op\": \"remove\", \"mask\": 7", "\"op\": \"undo\", \"undoes\": 2"),
                 "7a");
}
END_TEST

START_TEST(the_latest_pixels_count)
{
    struct review *review =
        replay(EVENTS("\"op\": \"replace\", \"mask\": 1, \"annotation\": " MASK_A,
                      "\"op\": \"replace\", \"mask\": 1, \"annotation\": " MASK_B,
                      "\"op\": \"accept\", \"mask\": 2", "\"op\": \"undo\", \"undoes\": 2"));
    ck_assert_msg(review, "%s", error.text);
    const struct review_image *image = review_of(review, "a.jpg");
    ck_assert_str_eq(review_mask_of(image, 1)->annotation,
                     "{\"segmentation\": {\"size\": [5, 7], \"counts\": \";32NO012004\"}, "
                     "\"area\": 11, \"bbox\": [2, 1, 3, 2], \"crop_box\": [0, 0, 7, 5], \"id\": 1, "
                     "\"source\": \"point\"}");
    ck_assert(!review_mask_of(image, 1)->added);
    ck_assert_ptr_null(review_mask_of(image, 2)->annotation);
    ck_assert_ptr_null(review_mask_of(image, 3));
    ck_assert_uint_eq(image->last, 4);
    review_free(review);
}
END_TEST

START_TEST(classes_and_the_image_have_a_last_word)
{
    struct review *review = replay(EVENTS("\"op\": \"class\", \"mask\": 1, \"class\": \"cat\"",
                                          "\"op\": \"class\", \"mask\": 2, \"class\": \"dog\"",
                                          "\"op\": \"class\", \"mask\": 2, \"class\": null",
                                          "\"op\": \"image\", \"status\": \"rejected\"",
                                          "\"op\": \"image\", \"status\": \"done\"",
                                          "\"op\": \"accept\", \"mask\": 3"));
    ck_assert_msg(review, "%s", error.text);
    const struct review_image *image = review_of(review, "a.jpg");
    ck_assert_str_eq(review_mask_of(image, 1)->class_name, "cat");
    ck_assert_int_eq(review_mask_of(image, 1)->decision, REVIEW_UNDECIDED);
    ck_assert(review_mask_of(image, 2)->classed);
    ck_assert_ptr_null(review_mask_of(image, 2)->class_name);
    ck_assert(!review_mask_of(image, 3)->classed);
    ck_assert_int_eq(image->status, REVIEW_DONE);
    ck_assert_ptr_null(review_of(review, "b.jpg"));
    review_free(review);
}
END_TEST

/* Texts of events that are none, and what is said about them. */
START_TEST(what_is_no_event_is_refused_with_its_line)
{
    static const char *const bad[][2] = {
        {"\"op\": \"approve\", \"mask\": 1", "op is none of accept"},
        {"\"op\": \"accept\"", "mask is missing"},
        {"\"op\": \"accept\", \"mask\": -1", "mask is missing or not a whole number"},
        {"\"op\": \"accept\", \"mask\": 1.5", "mask is missing or not a whole number"},
        {"\"op\": \"accept\", \"mask\": 1, \"mask\": 2", "JSON: duplicate"},
        {"\"op\": \"accept\", \"mask\": 1, \"record\": \"12\"", "record is not 16"},
        {"\"op\": \"accept\", \"mask\": 1, \"image_hex\": \"zz\"", "image_hex is not"},
        {"\"op\": \"class\", \"mask\": 1", "class is missing"},
        {"\"op\": \"class\", \"mask\": 1, \"class\": \"\"", "class does not have 1 to 256"},
        {"\"op\": \"class\", \"mask\": 1, \"class\": \"a\\nb\"", "class has a control"},
        {"\"op\": \"image\"", "status is none of"},
        {"\"op\": \"image\", \"status\": \"open\"", "status is none of"},
        {"\"op\": \"undo\", \"undoes\": 2", "it undoes 2, which is no earlier event"},
        {"\"op\": \"undo\", \"undoes\": 0", "undoes is missing"},
        {"\"op\": \"add\", \"annotation\": " MASK_A, "mask is missing"},
        {"\"op\": \"add\", \"mask\": 1, \"annotation\": " MASK_A, "it adds a mask that was there"},
        {"\"op\": \"add\", \"mask\": 9007199254740992, \"annotation\": " MASK_A, "above 2^53"},
        {"\"op\": \"replace\", \"mask\": 1", "annotation is missing"},
        {"\"op\": \"replace\", \"mask\": 1, \"annotation\": {\"source\": \"grid\", "
         "\"segmentation\": {\"size\": [5, 7], \"counts\": \"01R1\"}}",
         "source is none"},
        {"\"op\": \"replace\", \"mask\": 1, \"annotation\": {\"source\": \"box\"}",
         "segmentation is missing"},
        {"\"op\": \"replace\", \"mask\": 1, \"annotation\": {\"source\": \"box\", "
         "\"segmentation\": "
         "{\"size\": [5, 7], \"counts\": \"01\"}}",
         "annotation: "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct review *review = replay(EVENTS("\"op\": \"accept\", \"mask\": 1", bad[i][0]));
        ck_assert_msg(!review, "%s", bad[i][0]);
        ck_assert_int_eq(error.code, ERROR_RECORD);
        ck_assert_msg(strstr(error.text, ".maskmill/review.ndjson, line 2: not an event: "), "%s",
                      error.text);
        ck_assert_msg(strstr(error.text, bad[i][1]), "%s: %s", bad[i][0], error.text);
    }
}
END_TEST

#define LINE(NUMBER, IMAGE)                                                                        \
    "{\"event\": " #NUMBER ", \"time\": 1, \"by\": \"a\", \"image\": \"" IMAGE                     \
    "\", \"op\": \"accept\", \"mask\": 0}"

START_TEST(only_a_last_line_without_newline_is_ignored)
{
    uint64_t size;
    scratch_write(&scratch, REVIEW_FILE, LINE(1, "a") "\n" LINE(2, "b"));
    struct review *review = review_read(run, &size, &error);
    ck_assert_uint_eq(review_last(review), 1);
    ck_assert_uint_eq(size, strlen(LINE(1, "a")) + 1);
    ck_assert_uint_eq(review_count(review), 1);
    ck_assert_str_eq(review_at(review, 0)->name, "a");
    review_free(review);
    static const char *const bad[] = {LINE(1, "a") "\n\n" LINE(2, "a") "\n",
                                      "{}\n",
                                      "\n",
                                      LINE(2, "a") "\n",
                                      LINE(1, "a") "\n" LINE(1, "a") "\n",
                                      "[]\n",
                                      "x\n" LINE(1, "a") "\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scratch_write(&scratch, REVIEW_FILE, bad[i]);
        ck_assert_ptr_null(review_read(run, NULL, &error));
        ck_assert_int_eq(error.code, ERROR_RECORD);
    }
    scratch_write(&scratch, REVIEW_FILE, "");
    review = review_read(run, &size, &error);
    ck_assert_uint_eq(size, 0);
    review_free(review);
}
END_TEST

START_TEST(a_run_without_a_log_has_no_review)
{
    ck_assert_ptr_null(review_read(run, NULL, &error));
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_int_eq(error.system, ENOENT);
}
END_TEST

START_TEST(many_images_are_found_by_name)
{
    char name[32];
    struct review *review = review_new(&error);
    for (uint64_t i = 0; i < 1000; i++) {
        sprintf(name, "%d.jpg", (int)i % 500);
        struct review_event event = {
            .number = i + 1, .by = strdup("a"), .image = strdup(name), .mask = (int64_t)i};
        ck_assert_int_eq(review_add(review, &event, &error), 0);
        review_event_free(&event);
    }
    ck_assert_uint_eq(review_count(review), 500);
    for (uint64_t i = 0; i < 500; i++) {
        sprintf(name, "%d.jpg", (int)i);
        const struct review_image *image = review_of(review, name);
        ck_assert_uint_eq(image->mask_count, 2);
        ck_assert_uint_eq(image->last, 501 + i);
        ck_assert_ptr_eq(review_at(review, image->index), image);
    }
    review_free(review);
}
END_TEST

START_TEST(events_are_written_as_they_are_read)
{
    static const char *const lines[] = {
        "{\"event\": 1, \"time\": 1767225600.123, \"by\": \"J\\u00fcrgen\", \"image\": "
        "\"a/b.jpg\", \"op\": \"reject\", \"mask\": 12}\n",
        "{\"event\": 2, \"time\": 5.0, \"by\": \"a\", \"image\": \"\\ufffd.jpg\", \"image_hex\": "
        "\"ff2e6a7067\", \"record\": \"00c1f2b3a4d5e6f7\", \"op\": \"image\", \"status\": null}\n",
        "{\"event\": 3, \"time\": 5.0, \"by\": \"a\", \"image\": \"a\", \"op\": \"class\", "
        "\"mask\": "
        "0, \"class\": null}\n",
        "{\"event\": 4, \"time\": 5.0, \"by\": \"a\", \"image\": \"a\", \"op\": \"undo\", "
        "\"undoes\": 3}\n",
        "{\"event\": 5, \"time\": 5.0, \"by\": \"a\", \"image\": \"a\", \"op\": \"add\", \"mask\": "
        "7, "
        "\"annotation\": {\"segmentation\": {\"size\": [5, 7], \"counts\": \"01R1\"}, \"area\": 1, "
        "\"bbox\": [0, 0, 0, 0], \"predicted_iou\": 1.0, \"point_coords\": [[0.5, 0.25]], "
        "\"stability_score\": 0.5, \"crop_box\": [0, 0, 4, 5], \"id\": 7, \"source\": "
        "\"mask\"}}\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct review_event event;
        size_t length;
        ck_assert_msg(review_event_line(&event, lines[i], strlen(lines[i]) - 1, &error) == 0, "%s",
                      error.text);
        char *text = review_event_text(&event, &length, &error);
        ck_assert_str_eq(text, lines[i]);
        ck_assert_uint_eq(length, strlen(lines[i]));
        free(text);
        review_event_free(&event);
    }
}
END_TEST

START_TEST(of_several_clicks_the_first_is_kept)
{
    static const char line[] =
        "{\"event\": 1, \"time\": 5.0, \"by\": \"a\", \"image\": \"a\", \"op\": \"add\", \"mask\": "
        "7, "
        "\"annotation\": {\"segmentation\": {\"size\": [5, 7], \"counts\": \"01R1\"}, "
        "\"point_coords\": [[1, 2], [3, 4]], \"source\": \"point\"}}";
    struct review_event event;
    ck_assert_int_eq(review_event_line(&event, line, strlen(line), &error), 0);
    ck_assert_ptr_nonnull(strstr(event.annotation, "\"point_coords\": [[1.0, 2.0]], "));
    review_event_free(&event);
}
END_TEST

START_TEST(a_hash_tells_records_apart)
{
    struct record one = sample_two("a.jpg"), other = sample_two("b.jpg");
    int64_t ids[2] = {0, 1};
    uint64_t hash, same;
    ck_assert_int_eq(review_record_hash(&one, &hash, &error), 0);
    ck_assert_int_eq(review_record_hash(&other, &same, &error), 0);
    ck_assert_uint_eq(hash, same);
    other.ids = ids;
    review_record_hash(&other, &same, &error);
    ck_assert_uint_eq(hash, same);
    ids[1] = 2;
    review_record_hash(&other, &same, &error);
    ck_assert_uint_ne(hash, same);
    ids[1] = 1;
    other.masks.items[1].rle.counts[0]++;
    review_record_hash(&other, &same, &error);
    ck_assert_uint_ne(hash, same);
    other.ids = NULL;
    record_free(&one);
    record_free(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("review");
    TCase *tests = tcase_create("log");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_last_decision_counts);
    tcase_add_test(tests, undo_takes_an_event_back_and_can_be_undone);
    tcase_add_test(tests, the_latest_pixels_count);
    tcase_add_test(tests, classes_and_the_image_have_a_last_word);
    tcase_add_test(tests, what_is_no_event_is_refused_with_its_line);
    tcase_add_test(tests, only_a_last_line_without_newline_is_ignored);
    tcase_add_test(tests, a_run_without_a_log_has_no_review);
    tcase_add_test(tests, many_images_are_found_by_name);
    tcase_add_test(tests, events_are_written_as_they_are_read);
    tcase_add_test(tests, of_several_clicks_the_first_is_kept);
    tcase_add_test(tests, a_hash_tells_records_apart);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
