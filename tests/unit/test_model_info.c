/* What `maskmill info` finds out about the built-in model, and that it refuses what cannot be used.
 */
#include "unit.h"

#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "program/model_info.h"

static struct settings settings;
static struct error error;

static void begin(void)
{
    error = (struct error){0};
    ck_assert_int_eq(settings_init(&settings, FOR_INFO, &error), 0);
}

static void end(void)
{
    settings_free(&settings);
}

static json_t *model_info_as_json(const char *path)
{
    struct model_info info;
    struct json_text text = {0};
    ck_assert_msg(!model_info_read(&info, path, &settings, &error), "%s", error.text);
    model_info_json(&info, &text);
    model_info_free(&info);
    char *made = json_text_take(&text, NULL, &error);
    ck_assert_ptr_nonnull(made);
    json_t *json = json_loads(made, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_msg(json != NULL, "%s", made);
    free(made);
    return json;
}

START_TEST(the_built_in_model_is_described)
{
    json_t *json = model_info_as_json(NULL);
    const char *metadata =
        json_string_value(json_object_get(json_object_get(json, "metadata"), "image_size"));
    ck_assert_ptr_nonnull(metadata);
    ck_assert_int_eq(json_integer_value(json_object_get(json, "image_size")), atoi(metadata));
    ck_assert_int_eq(json_integer_value(json_object_get(json, "grid")), atoi(metadata) / 16);
    ck_assert_int_gt(json_integer_value(json_object_get(json, "parameters")), 1000000);
    ck_assert_uint_eq(strlen(json_string_value(json_object_get(json, "sha256"))), 64);
    ck_assert(json_is_null(json_object_get(json, "official")));
    const json_t *own = json_object_get(json, "own_defaults");
    const json_t *threshold = json_object_get(own, "pred_iou_thresh");
    ck_assert(json_is_number(threshold));
    ck_assert(json_equal(threshold,
                         json_object_get(json_object_get(json, "defaults"), "pred_iou_thresh")));
    json_decref(json);
}
END_TEST

START_TEST(a_file_is_described_as_the_same_bytes_in_the_program)
{
    json_t *inside = model_info_as_json(NULL);
    end();
    begin();
    json_t *file = model_info_as_json("model/builtin.safetensors");
    ck_assert_str_eq(json_string_value(json_object_get(file, "model")),
                     "model/builtin.safetensors");
    json_object_set(file, "model", json_object_get(inside, "model"));
    ck_assert(json_equal(inside, file));
    json_decref(inside);
    json_decref(file);
}
END_TEST

START_TEST(the_text_names_the_model_and_its_hash)
{
    struct model_info info;
    char text[4096] = "";
    ck_assert(!model_info_read(&info, NULL, &settings, &error));
    FILE *file = fmemopen(text, sizeof text, "w");
    model_info_print(&info, file);
    fclose(file);
    ck_assert_ptr_nonnull(strstr(text, "model           built-in model\n"));
    ck_assert_ptr_nonnull(strstr(text, info.sha256));
    ck_assert_ptr_nonnull(strstr(text, " (the model's own)\n"));
    model_info_free(&info);
}
END_TEST

START_TEST(what_cannot_be_used_is_refused)
{
    static const char *const paths[] = {"tests/data/checkpoint/zip.pth",
                                        "tests/data/checkpoint/bad-command.pth", "VERSION",
                                        "/nonexistent"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct model_info info;
        ck_assert_int_eq(model_info_read(&info, paths[i], &settings, &error), -1);
        ck_assert_msg(strstr(error.text, paths[i]) == error.text, "%s", error.text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_info");
    TCase *tests = tcase_create("model_info");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, the_built_in_model_is_described);
    tcase_add_test(tests, a_file_is_described_as_the_same_bytes_in_the_program);
    tcase_add_test(tests, the_text_names_the_model_and_its_hash);
    tcase_add_test(tests, what_cannot_be_used_is_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
