/* CLIP's towers: what straight loops give, the same bits however the work is cut, and refusals of other files. */
#include "tests/unit/unit.h"

#include <math.h>

#include "base/error.h"
#include "base/isa.h"
#include "model/checkpoint/checkpoint.h"
#include "model/clip/clip.h"
#include "model/sam.h"
#include "tests/reference/clip_reference.h"
#include "tests/unit/clip_model.h"
#include "tests/unit/scratch.h"

/* Awkward sizes: 37 tokens of an image, texts longer than a chunk of the attention's keys. */
static const struct clip_sizes awkward = {.embedding = 40,
                                          .patch = 6,
                                          .grid = 6,
                                          .image_width = 128,
                                          .image_depth = 2,
                                          .context = 170,
                                          .vocabulary = 60,
                                          .text_width = 64,
                                          .text_depth = 2};

enum { IMAGES = 5, TEXTS = 6 };

/* A model, its file, inputs and their embeddings. */
struct fixture {
    struct scratch folder;
    char *path;
    struct clip *clip;
    const struct clip_info *info;
    struct error error;
    size_t pixels; /* floats of an image */
    float *inputs; /* [IMAGES][pixels] */
    int32_t *tokens;
    float *images, *texts; /* [IMAGES][E], [TEXTS][E] */
};

/* Texts of several lengths, the last of which fills the context. */
static void fill_tokens(struct fixture *f)
{
    static const size_t lengths[TEXTS] = {1, 2, 9, 33, 150, 168};
    size_t context = (size_t)f->info->context;
    for (size_t t = 0; t < TEXTS; t++) {
        int32_t *row = f->tokens + t * context;
        row[0] = f->info->vocabulary - 2;
        for (size_t i = 1; i <= lengths[t]; i++)
            row[i] = (int32_t)((7 * i + 11 * t) % (size_t)(f->info->vocabulary - 2));
        row[lengths[t] + 1] = f->info->vocabulary - 1;
    }
}

static void embed(struct fixture *f, int images, int threads, float *to_images, float *to_texts)
{
    struct clip_scratch *scratch = clip_scratch_new(f->clip, images, threads, &f->error);
    ck_assert_msg(scratch != NULL, "%s", f->error.text);
    ck_assert_msg(!clip_embed_images(f->clip, scratch, f->inputs, IMAGES, to_images, &f->error),
                  "%s", f->error.text);
    ck_assert_msg(!clip_embed_texts(f->clip, scratch, f->tokens, TEXTS, to_texts, &f->error), "%s",
                  f->error.text);
    clip_scratch_free(scratch);
}

static void open_fixture(struct fixture *f, enum clip_naming naming)
{
    *f = (struct fixture){.folder = scratch_new()};
    f->path = scratch_path(&f->folder, "clip.safetensors");
    clip_model_write(f->path, &awkward, naming);
    ck_assert_msg(!clip_load(&f->clip, f->path, &f->error), "%s", f->error.text);
    f->info = clip_info(f->clip);
    f->pixels = 3 * (size_t)f->info->image_size * (size_t)f->info->image_size;
    f->inputs = calloc(IMAGES * f->pixels, sizeof *f->inputs);
    f->tokens = calloc(TEXTS * awkward.context, sizeof *f->tokens);
    f->images = calloc(IMAGES * awkward.embedding, sizeof *f->images);
    f->texts = calloc(TEXTS * awkward.embedding, sizeof *f->texts);
    ck_assert(f->inputs && f->tokens && f->images && f->texts);
    clip_fill_inputs(f->inputs, IMAGES * f->pixels);
    fill_tokens(f);
    embed(f, 1, 1, f->images, f->texts);
}

static void close_fixture(struct fixture *f)
{
    clip_free(f->clip);
    free(f->path);
    free(f->inputs);
    free(f->tokens);
    free(f->images);
    free(f->texts);
    scratch_free(&f->folder);
}

static void check_near(const char *what, const float *is, const float *should)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < awkward.embedding; i++) {
        difference += pow((double)is[i] - should[i], 2);
        norm += pow((double)should[i], 2);
    }
    ck_assert_msg(sqrt(difference / norm) < 1e-5, "%s: off by %g", what, sqrt(difference / norm));
}

START_TEST(embeddings_equal_the_reference)
{
    static const struct clip_reference_sizes sizes = {40, 6, 6, 128, 2, 170, 64, 2};
    struct fixture f;
    struct checkpoint *checkpoint;
    float should[64];
    open_fixture(&f, CLIP_OPENAI);
    ck_assert_msg(!checkpoint_open(&checkpoint, f.path, &f.error), "%s", f.error.text);
    for (size_t i = 0; i < IMAGES; i++) {
        clip_reference_image(checkpoint, &sizes, f.inputs + i * f.pixels, should);
        check_near("image", f.images + i * awkward.embedding, should);
    }
    for (size_t t = 0; t < TEXTS; t++) {
        clip_reference_text(checkpoint, &sizes, f.tokens + t * awkward.context, should);
        check_near("text", f.texts + t * awkward.embedding, should);
    }
    checkpoint_close(checkpoint);
    close_fixture(&f);
}
END_TEST

/* Images and texts one at a time and together, on one thread and on five, under either naming. */
START_TEST(bits_do_not_depend_on_how_work_is_cut)
{
    struct fixture f, other;
    size_t images = IMAGES * awkward.embedding * sizeof(float);
    size_t texts = TEXTS * awkward.embedding * sizeof(float);
    float *is = malloc(images), *is_texts = malloc(texts);
    ck_assert(is && is_texts);
    open_fixture(&f, CLIP_OPENAI);
    for (int batch = 1; batch <= IMAGES + 1; batch += 2)
        for (int threads = 1; threads <= 5; threads += 4) {
            embed(&f, batch, threads, is, is_texts);
            ck_assert_mem_eq(is, f.images, images);
            ck_assert_mem_eq(is_texts, f.texts, texts);
        }
    struct clip_scratch *scratch = clip_scratch_new(f.clip, 1, 1, &f.error);
    for (size_t t = 0; t < TEXTS; t++) {
        ck_assert_int_eq(
            clip_embed_text(f.clip, scratch, f.tokens + t * awkward.context, is_texts, &f.error),
            0);
        ck_assert_mem_eq(is_texts, f.texts + t * awkward.embedding, texts / TEXTS);
    }
    clip_scratch_free(scratch);
    open_fixture(&other, CLIP_TRANSFORMERS);
    ck_assert_mem_eq(other.images, f.images, images);
    ck_assert_mem_eq(other.texts, f.texts, texts);
    close_fixture(&other);
    close_fixture(&f);
    free(is);
    free(is_texts);
}
END_TEST

/* The classes of an image fit in none of the scratch's batches: each text's rows are kept apart. */
START_TEST(many_texts_are_embedded_in_parts)
{
    enum { MANY = 9 };
    struct fixture f;
    size_t context = awkward.context, e = awkward.embedding;
    open_fixture(&f, CLIP_OPENAI);
    int32_t *tokens = malloc(MANY * context * sizeof *tokens);
    float *is = malloc(MANY * e * sizeof *is);
    ck_assert(tokens && is);
    for (size_t i = 0; i < MANY; i++) /* the longest: 9 * 170 tokens are more than a part */
        memcpy(tokens + i * context, f.tokens + (TEXTS - 1 - i % 2) * context,
               context * sizeof *tokens);
    struct clip_scratch *scratch = clip_scratch_new(f.clip, 1, 2, &f.error);
    ck_assert_int_eq(clip_embed_texts(f.clip, scratch, tokens, MANY, is, &f.error), 0);
    for (size_t i = 0; i < MANY; i++)
        ck_assert_mem_eq(is + i * e, f.texts + (TEXTS - 1 - i % 2) * e, e * sizeof(float));
    clip_scratch_free(scratch);
    close_fixture(&f);
    free(tokens);
    free(is);
}
END_TEST

START_TEST(info_tells_the_sizes)
{
    struct fixture f;
    open_fixture(&f, CLIP_TRANSFORMERS);
    ck_assert_str_eq(f.info->name, "ViT/6@36px");
    ck_assert_int_eq(f.info->image_size, 36);
    ck_assert_int_eq(f.info->width, 40);
    ck_assert_int_eq(f.info->context, 170);
    ck_assert_int_eq(f.info->vocabulary, 60);
    ck_assert_int_eq(f.info->image.heads, 2);
    ck_assert_int_eq(f.info->text.layers, 2);
    ck_assert_float_eq_tol(f.info->logit_scale, 20.0855f, 1e-3f);
    close_fixture(&f);
}
END_TEST

START_TEST(what_cannot_be_embedded_is_refused)
{
    struct fixture f;
    open_fixture(&f, CLIP_OPENAI);
    struct clip_scratch *scratch = clip_scratch_new(f.clip, 2, 1, &f.error);
    f.inputs[f.pixels + 5] = NAN;
    ck_assert_int_eq(clip_embed_images(f.clip, scratch, f.inputs, 2, f.images, &f.error), -1);
    ck_assert_int_eq(f.error.code, ERROR_IMAGE);
    f.tokens[3] = f.info->vocabulary;
    ck_assert_int_eq(clip_embed_text(f.clip, scratch, f.tokens, f.texts, &f.error), -1);
    ck_assert_int_eq(f.error.code, ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(f.error.text, "token 60 is not in CLIP's vocabulary of 60"));
    f.tokens[3] = -1;
    ck_assert_int_eq(clip_embed_text(f.clip, scratch, f.tokens, f.texts, &f.error), -1);
    clip_scratch_free(scratch);
    close_fixture(&f);
}
END_TEST

/* Writes a model that lacks something or has too much. */
static void write_bad(const char *path, const char *extra, size_t rows, size_t columns)
{
    struct clip_file file;
    const struct clip_numbers numbers = {"extra", 0, 1, 0, false};
    clip_file_begin(&file, CLIP_OPENAI);
    clip_add_image(&file, &awkward);
    if (extra)
        clip_add_text(&file, &awkward);
    clip_add(&file, extra ? extra : "text_projection", rows, columns, NULL, &numbers);
    clip_file_end(&file, path);
}

static void check_refused(const char *path, const char *text)
{
    struct error error = {0};
    struct clip *clip;
    ck_assert_int_eq(clip_load(&clip, path, &error), -1);
    ck_assert_ptr_null(clip);
    ck_assert_int_eq(error.code, ERROR_MODEL);
    ck_assert_msg(strstr(error.text, path) == error.text && strstr(error.text, text), "%s",
                  error.text);
}

START_TEST(other_files_are_refused)
{
    struct scratch folder = scratch_new();
    char *path = scratch_path(&folder, "clip.safetensors");
    write_bad(path, NULL, 64, 40);
    check_refused(path, "tensor token_embedding.weight is missing");
    write_bad(path, "visual.extra", 3, 0);
    check_refused(path, "1 unknown tensors, first visual.extra");
    write_bad(path, "visual.layer1.0.conv1.weight", 3, 0);
    check_refused(path, "a CLIP whose image tower is a ResNet");
    write_bad(path, "logit_bias", 1, 0);
    check_refused(path, "a SigLIP model");
    write_bad(path, "visual.transformer.resblocks.2.ln_1.weight", 128, 0);
    check_refused(path, "tensor visual.transformer.resblocks.2.");
    struct clip_sizes narrow = awkward;
    narrow.text_width = 96;
    clip_model_write(path, &narrow, CLIP_TRANSFORMERS);
    check_refused(path, "no multiple of its heads' width 64");
    check_refused("model/builtin.safetensors", "a model that finds masks, no CLIP");
    free(path);
    scratch_free(&folder);
}
END_TEST

START_TEST(buffers_are_passed_over)
{
    struct scratch folder = scratch_new();
    char *path = scratch_path(&folder, "clip.safetensors");
    struct error error;
    struct clip *clip;
    write_bad(path, "input_resolution", 0, 0);
    ck_assert_msg(!clip_load(&clip, path, &error), "%s", error.text);
    clip_free(clip);
    free(path);
    scratch_free(&folder);
}
END_TEST

START_TEST(sam_says_that_a_clip_is_one)
{
    struct scratch folder = scratch_new();
    char *path = scratch_path(&folder, "clip.safetensors");
    for (int naming = CLIP_OPENAI; naming <= CLIP_TRANSFORMERS; naming++) {
        const struct sam_options options = {0};
        struct error error = {0};
        struct sam *sam;
        clip_model_write(path, &awkward, (enum clip_naming)naming);
        ck_assert_int_eq(sam_load(&sam, path, &options, &error), -1);
        ck_assert_msg(strstr(error.text, "a CLIP model, which tells what masks show"), "%s",
                      error.text);
    }
    free(path);
    scratch_free(&folder);
}
END_TEST

/* Loads the model beside a config.json. Returns what clip_load does. */
static int load_beside(struct fixture *f, const char *config, struct clip **clip)
{
    scratch_write(&f->folder, "config.json", config);
    return clip_load(clip, f->path, &f->error);
}

START_TEST(the_configuration_tells_the_activation)
{
    struct fixture f;
    struct clip *clip;
    open_fixture(&f, CLIP_TRANSFORMERS);
    static const char gelu[] = "{\"x\": [{}], \"vision_config\": {\"hidden_act\": \"gelu\", "
                               "\"num_attention_heads\": 2}, \"model_type\": \"clip\"}";
    ck_assert_msg(!load_beside(&f, gelu, &clip), "%s", f.error.text);
    ck_assert_str_eq(clip_info(clip)->image.activation, "GELU");
    ck_assert_str_eq(clip_info(clip)->text.activation, "QuickGELU");
    struct clip_scratch *scratch = clip_scratch_new(clip, 1, 1, &f.error);
    float is[64];
    ck_assert_int_eq(clip_embed_images(clip, scratch, f.inputs, 1, is, &f.error), 0);
    ck_assert_mem_ne(is, f.images, awkward.embedding * sizeof *is);
    ck_assert_int_eq(clip_embed_text(clip, scratch, f.tokens, is, &f.error), 0);
    ck_assert_mem_eq(is, f.texts, awkward.embedding * sizeof *is);
    clip_scratch_free(scratch);
    clip_free(clip);
    /* what belongs to another model changes nothing */
    ck_assert_int_eq(load_beside(&f,
                                 "{\"model_type\": \"sam\", \"vision_config\": "
                                 "{\"hidden_act\": \"gelu\"}}",
                                 &clip),
                     0);
    ck_assert_str_eq(clip_info(clip)->image.activation, "QuickGELU");
    clip_free(clip);
    close_fixture(&f);
}
END_TEST

START_TEST(configurations_that_do_not_fit_are_refused)
{
    static const char *const bad[][2] = {
        {"{\"model_type\": \"clip\", \"text_config\": {\"hidden_act\": \"relu\"}}",
         "config.json: hidden_act is neither quick_gelu nor gelu"},
        {"{\"model_type\": \"clip\", \"vision_config\": {\"num_attention_heads\": 4}}",
         "config.json: num_attention_heads is 4 for a width of 128"},
        {"{\"model_type\": \"clip\", \"vision_config\": {\"hidden_act\": \"gelu\"",
         "config.json: line 1: "},
    };
    struct fixture f;
    struct clip *clip;
    open_fixture(&f, CLIP_TRANSFORMERS);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(load_beside(&f, bad[i][0], &clip), -1);
        ck_assert_int_eq(f.error.code, ERROR_MODEL);
        ck_assert_msg(strstr(f.error.text, bad[i][1]) != NULL, "%s", f.error.text);
    }
    close_fixture(&f);
}
END_TEST

START_TEST(heads_of_a_wide_tower_are_not_guessed)
{
    static const struct clip_sizes wide = {16, 2, 1, 1088, 1, 12, 50, 64, 1};
    struct scratch folder = scratch_new();
    char *path = scratch_path(&folder, "clip.safetensors");
    struct error error;
    struct clip *clip;
    clip_model_write(path, &wide, CLIP_TRANSFORMERS);
    check_refused(path, "the image tower is 1088 wide: only heads of 64 are read");
    scratch_write(&folder, "config.json",
                  "{\"model_type\": \"clip\", \"vision_config\": {\"num_attention_heads\": 16}}");
    check_refused(path, "num_attention_heads is 16 for a width of 1088");
    scratch_write(&folder, "config.json",
                  "{\"model_type\": \"clip\", \"vision_config\": {\"num_attention_heads\": 17}}");
    ck_assert_msg(!clip_load(&clip, path, &error), "%s", error.text);
    ck_assert_int_eq(clip_info(clip)->image.heads, 17);
    clip_free(clip);
    free(path);
    scratch_free(&folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("CLIP");
    TCase *tests = tcase_create("towers");
    tcase_add_test(tests, embeddings_equal_the_reference);
    tcase_add_test(tests, bits_do_not_depend_on_how_work_is_cut);
    tcase_add_test(tests, many_texts_are_embedded_in_parts);
    tcase_add_test(tests, info_tells_the_sizes);
    tcase_add_test(tests, what_cannot_be_embedded_is_refused);
    tcase_add_test(tests, other_files_are_refused);
    tcase_add_test(tests, buffers_are_passed_over);
    tcase_add_test(tests, sam_says_that_a_clip_is_one);
    tcase_add_test(tests, the_configuration_tells_the_activation);
    tcase_add_test(tests, configurations_that_do_not_fit_are_refused);
    tcase_add_test(tests, heads_of_a_wide_tower_are_not_guessed);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
