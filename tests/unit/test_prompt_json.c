/* Prompts from JSON: what is read, what is refused and how, and the check against their image. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "program/prompts/prompt_json.h"
#include "program/prompts/prompt_set.h"

static struct error error;

static struct prompt_set read_good(const char *text)
{
    struct prompt_set set = {0};
    error = (struct error){0};
    ck_assert_msg(prompt_json_read(&set, text, strlen(text), &error) == 0, "%s: %s", text,
                  error.text);
    return set;
}

static void refuse(const char *text, const char *wanted)
{
    struct prompt_set set = {0};
    error = (struct error){0};
    ck_assert_msg(prompt_json_read(&set, text, strlen(text), &error) == -1, "%s", text);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_msg(strstr(error.text, wanted) != NULL, "%s: %s", text, error.text);
    ck_assert_ptr_null(set.items);
    ck_assert_uint_eq(set.count, 0);
}

START_TEST(points_are_one_prompt)
{
    struct prompt_set set = read_good("{\"points\": [[3, 4.5], [7, 8, 0], [1, 2, 1.0]]}");
    const struct prompt *prompt = &set.items[0];
    ck_assert_uint_eq(set.count, 1);
    ck_assert(!set.multimask && !prompt->has_box && prompt->mask.width == 0);
    ck_assert_int_eq(prompt->point_count, 3);
    ck_assert_double_eq(prompt->points[0][1], 4.5);
    ck_assert_double_eq(prompt->points[1][0], 7);
    ck_assert_int_eq(prompt->labels[0], 1);
    ck_assert_int_eq(prompt->labels[1], 0);
    ck_assert_int_eq(prompt->labels[2], 1);
    ck_assert_int_eq(prompt_source(prompt), MASK_SOURCE_POINT);
    prompt_set_free(&set);
    set = read_good("\xef\xbb\xbf{\"points\": [[3, 4.5]]}"); /* a byte order mark */
    ck_assert_uint_eq(set.count, 1);
    prompt_set_free(&set);
}
END_TEST

START_TEST(boxes_are_a_prompt_each)
{
    struct prompt_set set =
        read_good("{\"boxes\": [[1, 2, 3, 4], [5, 6, 7, 8.5]], \"multimask\": true}");
    ck_assert_uint_eq(set.count, 2);
    ck_assert(set.multimask);
    ck_assert_double_eq(set.items[1].box[3], 8.5);
    ck_assert_int_eq(prompt_source(&set.items[1]), MASK_SOURCE_BOX);
    prompt_set_free(&set);
    set = read_good("{\"boxes\": [[1, 2, 3, 4]], \"points\": [[2, 3]], "
                    "\"mask\": {\"size\": [2, 3], \"counts\": [1, 5]}}");
    ck_assert_uint_eq(set.count, 1);
    ck_assert(set.items[0].has_box && set.items[0].point_count == 1);
    ck_assert_uint_eq(set.items[0].mask.width, 3);
    ck_assert_uint_eq(set.masks, 1);
    prompt_set_free(&set);
}
END_TEST

START_TEST(prompts_have_their_own_parts)
{
    struct prompt_set set =
        read_good("{\"prompts\": [{\"points\": [[1, 1]], \"box\": [0, 0, 5, 5]},"
                  " {\"mask\": {\"size\": [1, 2], \"counts\": [0, 2]}}]}");
    ck_assert_uint_eq(set.count, 2);
    ck_assert(set.items[0].has_box && set.items[0].point_count == 1);
    ck_assert_int_eq(prompt_source(&set.items[1]), MASK_SOURCE_MASK);
    prompt_set_free(&set);
}
END_TEST

START_TEST(what_is_wrong_is_named)
{
    refuse("", "not valid JSON");
    refuse("[]", "must be a JSON object");
    refuse("{}", "needs a point, a box or a mask");
    refuse("{\"points\": []}", "needs a point, a box or a mask");
    refuse("{\"point\": [[1, 2]]}", "unknown member \"point\"; known are points boxes");
    refuse("{\"points\": [[1, 2]], \"points\": [[1, 2]]}", "not valid JSON");
    refuse("{\"points\": 3}", "\"points\" must be a list");
    refuse("{\"points\": [[1, 2], [1]]}", "points[1]: a point must be [x, y]");
    refuse("{\"points\": [[1, \"2\"]]}", "points[0]: a point's x, y and label must be numbers");
    refuse("{\"points\": [[1, 2, 2]]}", "label must be 1 (foreground) or 0");
    refuse("{\"points\": [[1e7, 2]]}", "expected pixels of the image");
    refuse("{\"points\": [[1e999, 2]]}", "not valid JSON");
    refuse("{\"points\": [[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1],"
           "[1,1],[1,1],[1,1],[1,1],[1,1]]}",
           "points[16]: more than 16 points");
    refuse("{\"boxes\": {}}", "\"boxes\" must be a list");
    refuse("{\"boxes\": [[1, 2, 3]]}", "boxes[0]: a box must be [x0, y0, x1, y1]");
    refuse("{\"boxes\": [[1, 2, 3, 4], [3, 2, 3, 4]]}", "boxes[1]: box 3,2,3,4 is empty");
    refuse("{\"boxes\": [[1, 2, 3, 4], [1, 2, 3, 4]], \"points\": [[1, 2]]}", "several boxes");
    refuse("{\"boxes\": [[1, 2, 3, 4], [1, 2, 3, 4]], \"mask\": {}}", "several boxes");
    refuse("{\"mask\": [[1, 2, 3, 4, 5, 6]]}", "mask: segmentation is a polygon");
    refuse("{\"mask\": {\"size\": [2, 2], \"counts\": [5]}}", "mask: counts[0]");
    refuse("{\"points\": [[1, 2]], \"multimask\": 1}", "\"multimask\" must be true or false");
    refuse("{\"prompts\": []}", "\"prompts\" is empty");
    refuse("{\"prompts\": [{\"points\": [[1, 2]]}], \"points\": [[1, 2]]}", "excludes");
    refuse("{\"prompts\": [{\"points\": [[1, 2]]}, {\"boxes\": []}]}",
           "prompts[1]: unknown member \"boxes\"");
    refuse("{\"prompts\": [7]}", "prompts[0]: a prompt must be an object");
}
END_TEST

START_TEST(there_are_limits)
{
    enum { MANY = PROMPT_SET_MAX + 1 };
    static char text[MANY * 12 + 100];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"boxes\": [");
    for (int i = 0; i < MANY; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s[0,0,1,1]", i ? "," : "");
    snprintf(text + used, sizeof text - used, "]}");
    refuse(text, "boxes[16384]: more than 16384 prompts");
    used = (size_t)snprintf(text, sizeof text, "{\"prompts\": [");
    for (int i = 0; i <= PROMPT_MASKS_MAX; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%s{\"mask\":{\"size\":[1,1],\"counts\":[0,1]}}", i ? "," : "");
    snprintf(text + used, sizeof text - used, "]}");
    refuse(text, "prompts[64]: more than 64 masks");
}
END_TEST

START_TEST(other_members_are_the_callers)
{
    static const char *const others[] = {"image", NULL};
    struct prompt_set set;
    json_t *object = json_pack("{s:s, s:[[i,i]]}", "image", "a.jpg", "points", 1, 2);
    ck_assert_int_eq(prompt_json_take(&set, object, others, &error), 0);
    ck_assert_uint_eq(set.count, 1);
    prompt_set_free(&set);
    ck_assert_int_eq(prompt_json_take(&set, object, NULL, &error), -1);
    json_decref(object);
}
END_TEST

static void check(const char *text, const char *wanted)
{
    const struct prompt_frame_size frame = {20, 10, 4};
    struct prompt_set set = read_good(text);
    error.text[0] = '\0';
    int status = prompt_set_check(&set, &frame, &error);
    ck_assert_msg(wanted ? status == -1 && strstr(error.text, wanted) : status == 0, "%s: %s", text,
                  error.text);
    prompt_set_free(&set);
}

START_TEST(prompts_lie_in_their_image)
{
    check("{\"points\": [[0, 0], [20, 10]]}", NULL);
    check("{\"points\": [[1, 1], [20.1, 10]]}", "point 20.1,10 is outside the image of 20 x 10");
    check("{\"points\": [[-1, 1]]}", "outside");
    check("{\"boxes\": [[-5, -5, 1, 1], [19, 9, 400, 400]]}", NULL);
    check("{\"boxes\": [[1, 1, 2, 2], [20, 1, 21, 2]]}", "prompt 1: box 20,1,21,2 is outside");
    check("{\"boxes\": [[-5, 1, 0, 2]]}", "outside");
    check("{\"mask\": {\"size\": [10, 20], \"counts\": [200]}}", NULL);
    check("{\"mask\": {\"size\": [4, 4], \"counts\": [16]}}", NULL);
    check("{\"mask\": {\"size\": [20, 10], \"counts\": [200]}}",
          "10 x 20 pixels: expected the image's 20 x 10, or 4 x 4");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prompt_json");
    TCase *tests = tcase_create("prompt_json");
    tcase_add_test(tests, points_are_one_prompt);
    tcase_add_test(tests, boxes_are_a_prompt_each);
    tcase_add_test(tests, prompts_have_their_own_parts);
    tcase_add_test(tests, what_is_wrong_is_named);
    tcase_add_test(tests, there_are_limits);
    tcase_add_test(tests, other_members_are_the_callers);
    tcase_add_test(tests, prompts_lie_in_their_image);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
