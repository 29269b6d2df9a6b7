/* What the sum of a CLIP in run.json depends on. */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/error.h"
#include "program/digest.h"
#include "program/label/labels.h"
#include "program/settings.h"
#include "tests/unit/clip_model.h"
#include "tests/unit/scratch.h"

static void sum_of(const char *path, char text[DIGEST_TEXT])
{
    const struct settings settings = {.embeddings = "clip", .clip = (char *)path};
    struct labels *labels;
    struct error error;
    ck_assert_msg(!labels_open_classes(&labels, &settings, &error), "%s", error.text);
    ck_assert_msg(!labels_clip_digest(labels, text, &error), "%s", error.text);
    labels_free(labels);
}

START_TEST(an_activation_of_the_configuration_changes_the_sum)
{
    struct scratch folder = scratch_new();
    char *path = scratch_path(&folder, "clip.safetensors");
    char alone[DIGEST_TEXT], quick[DIGEST_TEXT], image[DIGEST_TEXT], text[DIGEST_TEXT];
    clip_model_write(path, &clip_xs, CLIP_TRANSFORMERS);
    sum_of(path, alone);
    scratch_write(
        &folder, "config.json",
        "{\"model_type\": \"clip\", \"vision_config\": {\"hidden_act\": \"quick_gelu\"}}");
    sum_of(path, quick);
    scratch_write(&folder, "config.json",
                  "{\"model_type\": \"clip\", \"vision_config\": {\"hidden_act\": \"gelu\"}}");
    sum_of(path, image);
    scratch_write(&folder, "config.json",
                  "{\"model_type\": \"clip\", \"text_config\": {\"hidden_act\": \"gelu\"}}");
    sum_of(path, text);
    ck_assert_str_eq(alone, quick);
    ck_assert_str_ne(alone, image);
    ck_assert_str_ne(alone, text);
    ck_assert_str_ne(image, text);
    free(path);
    scratch_free(&folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("Labels");
    TCase *tests = tcase_create("sums");
    tcase_add_test(tests, an_activation_of_the_configuration_changes_the_sum);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
