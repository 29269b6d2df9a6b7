/* Records: the exact bytes that Python writes, and a reader that believes nothing. */
#include <stdio.h>

#include "base/json_text.h"
#include "tests/unit/sample_record.h"
#include "tests/unit/unit.h"

/* Reads a record called "name". */
static int parse(struct record *record, const char *text, size_t length,
                 const struct record_faults *faults, struct error *error)
{
    const struct record_source source = {.bytes = text, .length = length, .name = "name"};
    return record_parse(record, &source, faults, error);
}

static struct error error;

/* What Python's json.dumps gives for sample_two with image id 12345; counts from pycocotools. */
static const char good[] =
    "{\"image\": {\"image_id\": 12345, \"width\": 7, \"height\": 5, \"file_name\": "
    "\"a/Gr\\u00fc\\u00dfe \\\"x\\\"\\\\\\n\\ud83d\\ude00\\u007f.jpg\"}, \"annotations\": ["
    "{\"segmentation\": {\"size\": [5, 7], \"counts\": \";32NO012004\"}, \"area\": 11, "
    "\"bbox\": [2, 1, 3, 2], \"predicted_iou\": 0.9300000071525574, "
    "\"point_coords\": [[3.0, 2.5]], \"stability_score\": 0.9750000238418579, "
    "\"crop_box\": [0, 0, 7, 5], \"id\": 0}, "
    "{\"segmentation\": {\"size\": [5, 7], \"counts\": \"01R1\"}, \"area\": 1, "
    "\"bbox\": [0, 0, 0, 0], \"predicted_iou\": 1.0, "
    "\"point_coords\": [[0.3333333333333333, 0.1]], \"stability_score\": 0.5, "
    "\"crop_box\": [0, 0, 4, 5], \"id\": 1}]}";
static const char good_name[] = "a/Grüße \"x\"\\\n😀\x7f.jpg";

static char *text_of(const struct record *record, unsigned fields)
{
    size_t length;
    char *text = record_text(record, fields, &length, &error);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_eq(strlen(text), length);
    return text;
}

START_TEST(writes_what_python_writes)
{
    struct record record = sample_two(good_name);
    record.image_id = 12345;
    char *text = text_of(&record, 0);
    ck_assert_str_eq(text, good);
    free(text);
    record_free(&record);
}
END_TEST

START_TEST(reads_what_it_wrote)
{
    struct record record;
    ck_assert_int_eq(parse(&record, good, strlen(good), NULL, &error), 0);
    ck_assert_str_eq(record.file_name, good_name);
    ck_assert_int_eq(record.image_id, 12345);
    ck_assert_uint_eq(record.masks.count, 2);
    ck_assert_uint_eq(record.masks.items[0].area, 11);
    ck_assert_int_eq(record.masks.items[0].box.x1, 5);
    ck_assert_int_eq(record.masks.items[1].crop.width, 4);
    ck_assert_int_eq(record.ids[1], 1);
    char *text = text_of(&record, 0);
    ck_assert_str_eq(text, good);
    free(text);
    record_free(&record);
}
END_TEST

START_TEST(no_masks_is_a_record)
{
    struct record record = sample_empty("x.jpg", 3, 2), read;
    record.image_id = 0;
    char *text = text_of(&record, 0);
    ck_assert_str_eq(text, "{\"image\": {\"image_id\": 0, \"width\": 3, \"height\": 2, "
                           "\"file_name\": \"x.jpg\"}, \"annotations\": []}");
    ck_assert_int_eq(parse(&read, text, strlen(text), NULL, &error), 0);
    ck_assert_uint_eq(read.masks.count, 0);
    free(text);
    record_free(&read);
    record_free(&record);
}
END_TEST

START_TEST(names_that_are_not_utf8_come_back)
{
    static const char *const names[] = {"\xff.jpg",         "a\xc3(.jpg", "\xed\xa0\x80.png",
                                        "\xf4\x90\x80\x80", "\xc0\xaf",   "tail\xe2\x82",
                                        "g\xc3\xbct\xfe"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct record record = sample_empty(names[i], 1, 1), read;
        char *text = text_of(&record, 0);
        for (const char *at = text; *at; at++)
            ck_assert_msg(*at >= 0x20 && *at < 0x7f, "byte %d in %s", *at, text);
        ck_assert_ptr_nonnull(strstr(text, "file_name_hex"));
        ck_assert_int_eq(parse(&read, text, strlen(text), NULL, &error), 0);
        ck_assert_str_eq(read.file_name, names[i]);
        free(text);
        record_free(&read);
        record_free(&record);
    }
}
END_TEST

START_TEST(numbers_as_repr)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {{0.1, "0.1"},
                 {1.0 / 3, "0.3333333333333333"},
                 {1e-5, "1e-05"},
                 {0.0001, "0.0001"},
                 {123456789.125, "123456789.125"},
                 {9.313225746154785e-10, "9.313225746154785e-10"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {-0.0, "-0.0"},
                 {100.0, "100.0"},
                 {999999999999999.0, "999999999999999.0"},
                 {(double)0.1f, "0.10000000149011612"},
                 {(double)0.9999999f, "0.9999998807907104"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_text text = {0};
        json_text_double(&text, cases[i].number);
        char *made = json_text_take(&text, NULL, &error);
        ck_assert_str_eq(made, cases[i].text);
        free(made);
    }
    struct json_text text = {0};
    json_text_double(&text, 0.0 / 0.0);
    ck_assert_ptr_null(json_text_take(&text, NULL, &error));
    ck_assert_int_eq(error.code, ERROR_RECORD);
}
END_TEST

START_TEST(image_ids_never_change)
{
    ck_assert_int_eq(record_image_id("a.jpg"), INT64_C(1546212761947200));
    ck_assert_int_eq(record_image_id("a/b.jpg"), INT64_C(949472874259208));
    ck_assert_int_ne(record_image_id("b.jpg"), INT64_C(1546212761947200));
    ck_assert_int_lt(record_image_id("a.jpg"), INT64_C(1) << 52);
}
END_TEST

START_TEST(extra_fields_where_asked)
{
    unsigned fields;
    struct record record = sample_two("x.jpg"), read;
    ck_assert_int_eq(record_fields_parse(&fields, "runs,centroid,bbox_coco,area_fraction", &error),
                     0);
    char *text = text_of(&record, fields);
    ck_assert_ptr_nonnull(strstr(text, "\"id\": 1, \"area_fraction\": 0.02857142857142857, "
                                       "\"centroid\": [0.0, 0.0], \"bbox_coco\": [0, 0, 1, 1], "
                                       "\"runs\": [0, 1, 34]}"));
    ck_assert_int_eq(parse(&read, text, strlen(text), NULL, &error), 0);
    free(text);
    text = text_of(&record, RECORD_AS_RUNS);
    ck_assert_ptr_nonnull(strstr(text, "\"segmentation\": {\"size\": [5, 7], "
                                       "\"counts\": [0, 1, 34]}, \"area\": 1"));
    free(text);
    record_free(&read);
    record_free(&record);
    ck_assert_int_eq(record_fields_parse(&fields, "", &error), 0);
    ck_assert_uint_eq(fields, 0);
    ck_assert_int_eq(record_fields_parse(&fields, "centroid,centre", &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_str_eq(error.text, "unknown field \"centre\"; known are area_fraction centroid "
                                 "bbox_coco runs");
}
END_TEST

/* The good text with the first `from` replaced by `to`; NULL `to`: cut off before `from`. */
static char *damaged(const char *from, const char *to)
{
    const char *at = strstr(good, from);
    ck_assert_msg(at != NULL, "%s", from);
    size_t room = sizeof good + (to ? strlen(to) : 0);
    char *text = malloc(room);
    snprintf(text, room, "%.*s%s%s", (int)(at - good), good, to ? to : "",
             to ? at + strlen(from) : "");
    return text;
}

static const struct damage {
    const char *from, *to, *reason;
} damages[] = {
    {"\"id\": 1}", NULL, "JSON, line 1"},
    {"{\"image\"", "[1, 2]{\"image\"", "JSON, line 1"},
    {"\"width\": 7", "\"width\": 7, \"width\": 7", "duplicate object key"},
    {"{\"image_id\"", "7, \"picture\": {\"image_id\"", "image is not an object"},
    {"\"annotations\":", "\"masks\":", "there is no list of annotations"},
    {"\"width\": 7", "\"width\": 0", "width is 0, outside 1 to"},
    {"\"width\": 7", "\"width\": \"7\"", "width is not an integer"},
    {"\"width\": 7", "\"width\": 2147483647", "are more than 2^32 - 1"},
    {"12345", "9007199254740992", "image_id is 9007199254740992, outside"},
    {"12345", "-1", "image_id is -1, outside"},
    {"\"width\": 7", "\"width\": 8", "annotation 0: size is [5, 7], the image's is [5, 8]"},
    {"[5, 7]", "[7, 5]", "annotation 0: size is [7, 5], the image's is [5, 7]"},
    {"[5, 7]", "[5.5, 7]", "annotation 0: size is not a list of 2 sides in pixels"},
    {"012004", "01200", "annotation 0: "},
    {"012004", "0120040", "annotation 0: "},
    {"012004", "01200o", "annotation 0: "},
    {"012004", "0120o", "annotation 0: "},
    {"012004", "01\\u0001004", "annotation 0: "},
    {"\"01R1\"", "\"01R100\"", "annotation 1: "},
    {"\"01R1\"", "\"1O1R1\"", "annotation 1: "},
    {"\"01R1\"", "\"Po01R1\"", "annotation 1: "},
    {"\"01R1\"", "\"R1\"", "annotation 1: "},
    {"\"01R1\"", "\"S1\"", "annotation 1: area is 1, the runs have 0"},
    {"\"01R1\"", "7", "annotation 1: counts are neither a string nor a list"},
    {"\"01R1\"", "[0, 1, 33]", "annotation 1: the runs sum to 34 pixels, the image has 35"},
    {"\"01R1\"", "[0, 1, 35]", "annotation 1: counts[2] is not a run of pixels"},
    {"\"area\": 11", "\"area\": 12", "annotation 0: area is 12, the runs have 11"},
    {"\"area\": 11", "\"area\": 11.0", "annotation 0: area is not an integer"},
    {"[2, 1, 3, 2]", "[2, 1, 4, 2]", "annotation 0: bbox is [2, 1, 4, 2], the runs have [2, 1"},
    {"[2, 1, 3, 2]", "[2, 1, 3]", "annotation 0: bbox is not a list of 4 numbers"},
    {"0.9300000071525574", "null", "annotation 0: predicted_iou is not a number"},
    {"0.9300000071525574", "1e39", "annotation 0: predicted_iou is out of range"},
    {"0.9300000071525574", "1e999", "JSON, line 1"},
    {"0.9300000071525574", "NaN", "annotation 0: predicted_iou is not a number"},
    {"0.9300000071525574", "NaN0", "JSON, line 1"},
    {"0.9750000238418579", "1.5", "annotation 0: stability_score is 1.5, outside 0 to 1"},
    {"[[3.0, 2.5]]", "[[3.0, 5.5]]", "annotation 0: point_coords [3, 5.5] lie outside"},
    {"[[3.0, 2.5]]", "[3.0, 2.5]", "annotation 0: point_coords is not a list of one [x, y]"},
    {"[0, 0, 4, 5]", "[4, 0, 4, 5]", "annotation 1: crop_box [4, 0, 4, 5] lies outside"},
    {"[0, 0, 4, 5]", "[0, 0, 0, 5]", "annotation 1: crop_box [0, 0, 0, 5] lies outside"},
    {"\"id\": 1", "\"id\": 0", "id 0 stands in more than one annotation"},
    {"\"id\": 1", "\"id\": -1", "annotation 1: id is -1, outside"},
    {".jpg\"", ".jpg\", \"file_name_hex\": \"6x\"", "file_name_hex is not a list of bytes"},
    {"{\"segmentation\"", "7, {\"segmentation\"", "annotation 0: not an object"},
};

START_TEST(refuses_damage)
{
    const struct damage *damage = &damages[_i];
    struct record record;
    char *text = damaged(damage->from, damage->to);
    ck_assert_int_eq(parse(&record, text, strlen(text), NULL, &error), -1);
    ck_assert_int_eq(error.code, ERROR_RECORD);
    ck_assert_msg(strstr(error.text, damage->reason), "%s -> %s: %s", damage->from,
                  damage->to ? damage->to : "(cut)", error.text);
    ck_assert_ptr_null(record.file_name);
    free(text);
}
END_TEST

START_TEST(every_cut_is_refused)
{
    struct record record;
    for (size_t length = 0; length + 1 < sizeof good; length++)
        ck_assert_int_eq(parse(&record, good, length, NULL, &error), -1);
}
END_TEST

static void note(void *context, long annotation, const char *reason)
{
    char *heard = context;
    snprintf(heard + strlen(heard), 1000 - strlen(heard), "%ld: %s\n", annotation, reason);
}

START_TEST(tells_every_fault)
{
    char heard[1000] = "";
    const struct record_faults faults = {note, heard};
    struct record record;
    char *text =
        damaged("\"area\": 11, \"bbox\": [2, 1, 3, 2], \"predicted_iou\": 0.9300000071525574",
                "\"area\": 10, \"bbox\": [2, 1, 3, 4], \"predicted_iou\": -1e40");
    ck_assert_int_eq(parse(&record, text, strlen(text), &faults, &error), 0);
    ck_assert_str_eq(heard, "0: area is 10, the runs have 11\n"
                            "0: bbox is [2, 1, 3, 4], the runs have [2, 1, 3, 2]\n"
                            "0: predicted_iou is out of range\n");
    ck_assert_uint_eq(record.masks.count, 1);
    ck_assert_uint_eq(record.masks.items[0].area, 1);
    record_free(&record);
    free(text);
}
END_TEST

/* What a record says of who made a mask comes back; a word of others' says that it comes from elsewhere. */
START_TEST(sources_come_back)
{
    struct record record;
    char *text = damaged("\"id\": 1", "\"id\": 1, \"source\": \"grid\"");
    ck_assert_int_eq(parse(&record, text, strlen(text), NULL, &error), 0);
    ck_assert_int_eq(record.masks.items[0].source, MASK_SOURCE_NONE);
    ck_assert_int_eq(record.masks.items[1].source, MASK_SOURCE_GRID);
    char *again = text_of(&record, 0);
    ck_assert_str_eq(again, text);
    free(again);
    free(text);
    record_free(&record);
    text = damaged("\"id\": 1", "\"id\": 1, \"source\": \"flickr\"");
    ck_assert_int_eq(parse(&record, text, strlen(text), NULL, &error), 0);
    ck_assert_int_eq(record.masks.items[1].source, MASK_SOURCE_KNOWN);
    free(text);
    record_free(&record);
}
END_TEST

/* A class comes back; what can be none is passed over. */
START_TEST(categories_come_back)
{
    static const char *const none[] = {"\"\"", "7", "null", "{}", "\"a\\tb\"", "\"a\\u202eb\""};
    struct record record;
    char *text = damaged("\"id\": 1", "\"id\": 1, \"category\": \"M\\u00fccke\"");
    ck_assert_int_eq(parse(&record, text, strlen(text), NULL, &error), 0);
    ck_assert_ptr_null(record_category(&record, 0));
    ck_assert_str_eq(record_category(&record, 1), "Mücke");
    char *again = text_of(&record, 0);
    ck_assert_str_eq(again, text);
    free(again);
    free(text);
    ck_assert_int_eq(record_set_category(&record, 1, NULL, &error), 0);
    ck_assert_ptr_null(record_category(&record, 1));
    record_free(&record);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char with[64];
        snprintf(with, sizeof with, "\"id\": 1, \"category\": %s", none[i]);
        text = damaged("\"id\": 1", with);
        ck_assert_int_eq(parse(&record, text, strlen(text), NULL, &error), 0);
        ck_assert_ptr_null(record_category(&record, 1));
        free(text);
        record_free(&record);
    }
}
END_TEST

START_TEST(scores_of_categories_come_back)
{
    static const char *const scores[] = {"0.25", "1.0", "0.0", "-1", "1.5", "\"a\"", "null"};
    for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
        struct record record;
        char with[80];
        snprintf(with, sizeof with, "\"id\": 1, \"category\": \"a\", \"category_score\": %s",
                 scores[i]);
        char *text = damaged("\"id\": 1", with);
        ck_assert_int_eq(parse(&record, text, strlen(text), NULL, &error), 0);
        char *again = text_of(&record, 0);
        ck_assert_int_eq(strcmp(again, text) == 0, i < 2);
        ck_assert_float_eq(record_category_score(&record, 1), i == 0 ? 0.25F : i == 1 ? 1 : 0);
        ck_assert_int_eq(record_set_category(&record, 1, "b", &error), 0);
        ck_assert_float_eq(record_category_score(&record, 1), 0);
        free(again);
        free(text);
        record_free(&record);
    }
}
END_TEST

START_TEST(many_masks_have_categories)
{
    char name[32];
    struct record record = sample_empty("a.jpg", 1, 1);
    for (int i = 0; i < 100; i++) {
        sample_draw(&record, "#");
        sprintf(name, "class %d", i);
        ck_assert_int_eq(record_set_category(&record, (size_t)i, i % 3 ? name : NULL, &error), 0);
    }
    for (int i = 0; i < 100; i++) {
        sprintf(name, "class %d", i);
        if (i % 3)
            ck_assert_str_eq(record_category(&record, (size_t)i), name);
        else
            ck_assert_ptr_null(record_category(&record, (size_t)i));
    }
    record_free(&record);
}
END_TEST

/* A known mask has what its maker wrote. Of a box's there is no point. */
START_TEST(known_masks_may_lack_scores)
{
    char heard[1000] = "";
    const struct record_faults faults = {note, heard};
    struct record record;
    static const char *const made[] = {"flickr", "box", "grid"};
    static const char *const said[] = {"", "", "0: point_coords is missing\n"};
    char *text =
        damaged("\"area\": 11, \"bbox\": [2, 1, 3, 2], \"predicted_iou\": 0.9300000071525574, "
                "\"point_coords\": [[3.0, 2.5]], \"stability_score\": 0.9750000238418579, "
                "\"crop_box\": [0, 0, 7, 5], ",
                "\"area\": 11.5, \"bbox\": [2.5, 1, 3, 2], \"source\": \"known\", ");
    ck_assert_int_eq(parse(&record, text, strlen(text), &faults, &error), 0);
    ck_assert_str_eq(heard, "");
    ck_assert_uint_eq(record.masks.items[0].area, 11);
    ck_assert_uint_eq(record_absent(&record, 0),
                      RECORD_NO_IOU | RECORD_NO_STABILITY | RECORD_NO_POINT | RECORD_NO_CROP);
    free(text);
    record_free(&record);
    for (int i = 0; i < 3; i++) {
        char with[64];
        heard[0] = '\0';
        snprintf(with, sizeof with, "\"source\": \"%s\"", made[i]);
        text = damaged("\"point_coords\": [[3.0, 2.5]]", with);
        ck_assert_int_eq(parse(&record, text, strlen(text), &faults, &error), 0);
        ck_assert_str_eq(heard, i == 0 ? "" : said[i]);
        free(text);
        record_free(&record);
    }
}
END_TEST

/* An annotation's own text is written as it is, but not where the runs are asked for. */
START_TEST(own_texts_stay)
{
    struct record record = sample_two("a.jpg");
    record.extras = calloc(1, sizeof *record.extras);
    record.extra_count = 1;
    record.extras[0].own = strdup("{ \"mine\":1e0 }");
    char *text = text_of(&record, 0);
    ck_assert_ptr_nonnull(strstr(text, "\"annotations\": [{ \"mine\":1e0 }, {\"segmentation\""));
    free(text);
    text = text_of(&record, RECORD_AS_RUNS);
    ck_assert_ptr_null(strstr(text, "mine"));
    free(text);
    free(record.extras[0].own);
    record.extras[0].own = NULL;
    record.extras[0].more = strdup(", \"score\": 0.5");
    text = text_of(&record, 0);
    ck_assert_ptr_nonnull(strstr(text, "\"id\": 0, \"score\": 0.5}, {"));
    free(text);
    record_free(&record);
}
END_TEST

START_TEST(many_annotations_take_linear_time)
{
    enum { COUNT = 50000 };
    struct record record = sample_empty("many.png", 2, 2), read;
    for (int i = 0; i < COUNT; i++)
        sample_draw(&record, i % 2 ? "##.." : ".###");
    char *text = text_of(&record, 0);
    ck_assert_int_eq(parse(&read, text, strlen(text), NULL, &error), 0);
    ck_assert_uint_eq(read.masks.count, COUNT);
    free(text);
    record_free(&read);
    record_free(&record);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("record");
    tcase_add_test(tests, writes_what_python_writes);
    tcase_add_test(tests, reads_what_it_wrote);
    tcase_add_test(tests, no_masks_is_a_record);
    tcase_add_test(tests, names_that_are_not_utf8_come_back);
    tcase_add_test(tests, numbers_as_repr);
    tcase_add_test(tests, image_ids_never_change);
    tcase_add_test(tests, extra_fields_where_asked);
    tcase_add_loop_test(tests, refuses_damage, 0, (int)(sizeof damages / sizeof damages[0]));
    tcase_add_test(tests, every_cut_is_refused);
    tcase_add_test(tests, tells_every_fault);
    tcase_add_test(tests, sources_come_back);
    tcase_add_test(tests, categories_come_back);
    tcase_add_test(tests, scores_of_categories_come_back);
    tcase_add_test(tests, many_masks_have_categories);
    tcase_add_test(tests, known_masks_may_lack_scores);
    tcase_add_test(tests, own_texts_stay);
    tcase_add_test(tests, many_annotations_take_linear_time);
    Suite *suite = suite_create("record");
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
