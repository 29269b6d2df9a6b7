/* The model against the official code: embeddings, predicted IoU and low-resolution logits of the
 * committed dumps (make_dumps.py says what they hold), plain and fast. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/sam.h"

/* Differences allowed: norm of the difference over the norm, and absolute for the predicted IoU.
 * What is seen is about ten times smaller. */
static const double relative_tolerance = 1e-4;
static const double iou_tolerance = 1e-4;

static const float pixel_mean[3] = {123.675f, 116.28f, 103.53f};
static const float pixel_std[3] = {58.395f, 57.12f, 57.375f};

struct parity_case {
    const char *model, *dump;
};

static const struct parity_case committed[] = {
    {"tests/parity/models/vit_xs.safetensors", "tests/parity/dumps/vit_xs.safetensors"},
    {"tests/parity/models/tiny_xs.safetensors", "tests/parity/dumps/tiny_xs.safetensors"},
    {"model/builtin.safetensors", "tests/parity/dumps/builtin.safetensors"},
};
enum { COMMITTED = sizeof committed / sizeof committed[0] };

/* The cases of this run: those above, or the one named on the command line. */
static const struct parity_case *cases = committed;

/* A model with the answers that the official code gives. */
struct fixture {
    struct sam *sam;
    const struct sam_info *info;
    struct sam_image *image;
    struct sam_decoder *decoder;
    struct checkpoint *dump;
    struct error error;
};

/* Fails the test with the message unless `good`. */
static void require(const struct fixture *f, bool good)
{
    ck_assert_msg(good, "%s", f->error.text);
}

static void open_fixture(struct fixture *f, int number, bool plain)
{
    *f = (struct fixture){0};
    struct sam_options options = {.plain = plain};
    require(f, sam_load(&f->sam, cases[number].model, &options, &f->error) == 0);
    require(f, checkpoint_open(&f->dump, cases[number].dump, &f->error) == 0);
    f->info = sam_info(f->sam);
    f->image = sam_image_new(f->sam, &f->error);
    f->decoder = sam_decoder_new(f->sam, &f->error);
    require(f, f->image && f->decoder);
}

static void close_fixture(struct fixture *f)
{
    sam_decoder_free(f->decoder);
    sam_image_free(f->image);
    sam_free(f->sam);
    checkpoint_close(f->dump);
}

/* A tensor of the dump, whatever its shape; NULL where there is none. */
static const float *find(struct fixture *f, const char *set, const char *name, struct shape *shape)
{
    char full[64];
    snprintf(full, sizeof full, "%s%s", set, name);
    if (!checkpoint_shape(f->dump, full, shape))
        return NULL;
    const float *tensor = checkpoint_tensor(f->dump, full, *shape, &f->error);
    require(f, tensor != NULL);
    return tensor;
}

static const float *need(struct fixture *f, const char *set, const char *name, struct shape *shape)
{
    const float *tensor = find(f, set, name, shape);
    ck_assert_msg(tensor != NULL, "the dump has no tensor %s%s", set, name);
    return tensor;
}

static double relative_error(const float *is, const float *should, size_t count)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)is[i] - should[i]) * ((double)is[i] - should[i]);
        norm += (double)should[i] * should[i];
    }
    return sqrt(difference / norm);
}

/* The model's input[3][S][S] from the resized image of the dump. */
static float *input_of(struct fixture *f)
{
    struct shape shape;
    const float *rgb = need(f, "", "resized", &shape);
    size_t side = (size_t)f->info->image_size;
    size_t height = (size_t)shape.size[0], width = (size_t)shape.size[1];
    float *input = memory_new(3 * side * side, sizeof *input, "input", &f->error);
    require(f, input != NULL);
    for (size_t c = 0; c < 3; c++)
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++)
                input[(c * side + y) * side + x] =
                    (rgb[(y * width + x) * 3 + c] - pixel_mean[c]) / pixel_std[c];
    return input;
}

static void check_embedding(int number, bool plain)
{
    struct fixture f;
    open_fixture(&f, number, plain);
    struct shape shape;
    const float *should = need(&f, "", "embedding", &shape);
    size_t grid = (size_t)f.info->grid, count = (size_t)f.info->embed_dim * grid * grid;
    ck_assert_int_eq(shape.size[0] * shape.size[1] * shape.size[2], count);

    struct sam_encoder *encoder = sam_encoder_new(f.sam, 2, &f.error);
    float *embedding = memory_new(count, sizeof *embedding, "embedding", &f.error);
    float *input = input_of(&f);
    require(&f, encoder && embedding);
    ck_assert_int_eq(sam_encode(f.sam, encoder, input, 2, f.image, &f.error), 0);
    sam_embedding(f.sam, f.image, embedding);
    ck_assert_double_lt(relative_error(embedding, should, count), relative_tolerance);

    memory_free(input);
    memory_free(embedding);
    sam_encoder_free(encoder);
    close_fixture(&f);
}

/* The prompts of a set, all in one batch; *labels must be freed by memory_free. */
static struct sam_prompts prompts_of(struct fixture *f, const char *set, int **labels, double **xy)
{
    struct shape shape;
    struct sam_prompts prompts = {0};
    need(f, set, ".iou", &shape);
    prompts.count = (int)shape.size[0];
    prompts.boxes = find(f, set, ".boxes", &shape);
    if (strstr(set, "mask"))
        prompts.masks = need(f, "", "masks", &shape);
    *labels = NULL;
    *xy = NULL;
    const float *points = find(f, set, ".xy", &shape);
    if (points) {
        const float *kinds = need(f, set, ".labels", &shape);
        prompts.points = (int)shape.size[1];
        size_t count = (size_t)(shape.size[0] * shape.size[1]);
        *labels = memory_new(count, sizeof **labels, "labels", &f->error);
        *xy = memory_new(2 * count, sizeof **xy, "points", &f->error);
        require(f, *labels && *xy);
        for (size_t i = 0; i < count; i++)
            (*labels)[i] = (int)kinds[i];
        for (size_t i = 0; i < 2 * count; i++)
            (*xy)[i] = points[i];
        prompts.labels = *labels;
        prompts.xy = *xy;
    }
    return prompts;
}

static void check_answers(struct fixture *f, const char *set, const struct sam_prompts *prompts)
{
    struct shape shape;
    const float *iou_should = need(f, set, ".iou", &shape);
    const float *logits_should = need(f, set, ".logits", &shape);
    size_t side = (size_t)f->info->low_size, rows = (size_t)shape.size[2], kept = rows * side;
    ck_assert_int_ge(rows, 32);
    ck_assert_int_eq(shape.size[3], side);

    float iou[SAM_BATCH * SAM_MASKS];
    const int which[SAM_MASKS] = {0, 1, 2, 3};
    float *logits = memory_new(SAM_MASKS * side * side, sizeof *logits, "logits", &f->error);
    require(f, logits != NULL);
    sam_decode(f->sam, f->decoder, f->image, prompts, iou);
    for (int p = 0; p < prompts->count; p++) {
        for (int m = 0; m < SAM_MASKS; m++)
            ck_assert_msg(fabs((double)iou[p * SAM_MASKS + m] - iou_should[p * SAM_MASKS + m]) <
                              iou_tolerance,
                          "%s: prompt %d, mask %d: IoU %g, expected %g", set, p, m,
                          iou[p * SAM_MASKS + m], iou_should[p * SAM_MASKS + m]);
        sam_logits(f->sam, f->decoder, f->image, p, which, SAM_MASKS, logits);
        for (size_t m = 0; m < SAM_MASKS; m++) {
            float *mask = logits + m * side * side;
            for (size_t y = 1; y < rows; y++) /* the dump has every n-th row, n = side / rows */
                memcpy(mask + y * side, mask + side / rows * y * side, side * sizeof *mask);
            double off =
                relative_error(mask, logits_should + ((size_t)p * SAM_MASKS + m) * kept, kept);
            ck_assert_msg(off < relative_tolerance, "%s: prompt %d, mask %zu: logits off by %g",
                          set, p, m, off);
        }
    }
    memory_free(logits);
}

static void check_decoder(int number, bool plain)
{
    static const char *const sets[] = {"points",         "clicks",         "boxes",
                                       "box_and_points", "point_and_mask", "box_and_mask"};
    struct fixture f;
    open_fixture(&f, number, plain);
    struct shape shape;
    sam_set_embedding(f.sam, need(&f, "", "embedding", &shape), 2, f.image);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        int *labels;
        double *xy;
        struct sam_prompts prompts = prompts_of(&f, sets[i], &labels, &xy);
        check_answers(&f, sets[i], &prompts);
        memory_free(labels);
        memory_free(xy);
    }
    close_fixture(&f);
}

START_TEST(embedding_plain)
{
    check_embedding(_i, true);
}
END_TEST

START_TEST(embedding_fast)
{
    check_embedding(_i, false);
}
END_TEST

START_TEST(decoder_plain)
{
    check_decoder(_i, true);
}
END_TEST

START_TEST(decoder_fast)
{
    check_decoder(_i, false);
}
END_TEST

/* test_model [MODEL DUMP]: with arguments, the fast paths alone on that model. */
int main(int argc, char **argv)
{
    static struct parity_case named; /* outlives main: `cases` points to it */
    int count = COMMITTED;
    if (argc == 3) {
        named = (struct parity_case){argv[1], argv[2]};
        cases = &named;
        count = 1;
    }
    Suite *suite = suite_create("parity of the model");
    TCase *tests = tcase_create("model");
    if (cases == committed) {
        tcase_add_loop_test(tests, embedding_plain, 0, count);
        tcase_add_loop_test(tests, decoder_plain, 0, count);
    }
    tcase_add_loop_test(tests, embedding_fast, 0, count);
    tcase_add_loop_test(tests, decoder_fast, 0, count);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
