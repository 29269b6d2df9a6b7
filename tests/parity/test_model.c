/* The model against the official code: embeddings, predicted IoU and low-resolution logits of the
 * committed dumps (make_dumps.py describes their layout), reference and fast. The embedding is
 * compared at some of its positions only; errors elsewhere show in the logits, which are decoded
 * from the embedding computed here. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"
#include "images/resize.h"
#include "images/resize_square.h"
#include "model/checkpoint/checkpoint.h"
#include "model/decoder/decoder_reference.h"
#include "model/sam.h"
#include "tests/reference/encoder_reference.h"

/* Differences allowed: norm of the difference over the norm, and absolute for the predicted IoU.
 * What is seen is about ten times smaller. */
static const double relative_tolerance = 1e-4;
static const double iou_tolerance = 1e-4;

struct parity_case {
    const char *model, *dump, *image;
    bool fast_only; /* the references in tests/ do not know all of this model */
};

#define CASE(name, model_path, only)                                                               \
    {                                                                                              \
        .model = model_path, .dump = "tests/parity/dumps/" name ".safetensors",                    \
        .image = "tests/parity/images/enlarged.png", .fast_only = only                             \
    }
#define SMALL(name, only) CASE(name, "tests/parity/models/" name ".safetensors", only)

static const struct parity_case committed[] = {
    SMALL("vit_xs", false),          SMALL("tiny_xs", false),
    SMALL("slim_xs", false),         SMALL("hq_xs", true),
    SMALL("repvit_xs", false),       SMALL("hiera_xs", false),
    SMALL("edgetam_xs", false),      SMALL("efficientvit_xs", false),
    SMALL("efficientsam_xs", false), CASE("builtin", "model/builtin.safetensors", false),
};
enum { COMMITTED = sizeof committed / sizeof committed[0] };

/* The cases of this run: those above, or the one named on the command line. */
static const struct parity_case *cases = committed;

/* A model with an encoded image, and the answers that the official code gives. */
struct fixture {
    struct sam *sam;
    const struct sam_info *info;
    struct sam_image *image;
    struct sam_decoder *decoder;
    struct checkpoint *dump;
    float *masks; /* [2][L][L] mask prompts, made by make_mask_prompts */
    struct error error;
    /* Where the reference is tested, its decoder; otherwise NULL. */
    struct checkpoint *checkpoint;
    struct decoder_tensors tensors;
    struct decoder_reference *reference;
    struct encoding encoding; /* what the reference decodes; arrays of memory_new */
};

/* Fails the test with the message unless `good`. */
static void require(const struct fixture *f, bool good)
{
    ck_assert_msg(good, "%s", f->error.text);
}

static void open_fixture(struct fixture *f, int number)
{
    *f = (struct fixture){0};
    struct sam_options options = {0};
    require(f, sam_load(&f->sam, cases[number].model, &options, &f->error) == 0);
    require(f, checkpoint_open(&f->dump, cases[number].dump, &f->error) == 0);
    f->info = sam_info(f->sam);
    f->image = sam_image_new(f->sam, &f->error);
    f->decoder = sam_decoder_new(f->sam, &f->error);
    require(f, f->image && f->decoder);
}

static void open_reference(struct fixture *f, int number)
{
    require(f, checkpoint_open(&f->checkpoint, cases[number].model, &f->error) == 0);
    const struct decoder_frame frame = {.grid = f->info->grid, .prompt_size = f->info->prompt_size};
    require(f,
            decoder_tensors_load(&f->tensors, f->checkpoint, &frame, isa_best(), &f->error) == 0);
    f->reference = decoder_reference_new(&f->tensors, NULL, &f->error);
    size_t size = (size_t)f->tensors.positions * (size_t)f->tensors.embed_dim;
    f->encoding.embedding = memory_new(size, sizeof(float), "embedding", &f->error);
    require(f, f->reference && f->encoding.embedding);
    for (int i = 0; f->tensors.has_high && i < 2; i++) /* 16 N x C/8 and 4 N x C/4 */
        f->encoding.high[i] = memory_new(i ? size : 2 * size, sizeof(float), "features", &f->error);
}

static void close_fixture(struct fixture *f)
{
    memory_free(f->masks);
    memory_free(f->encoding.embedding);
    memory_free(f->encoding.high[0]);
    memory_free(f->encoding.high[1]);
    decoder_reference_free(f->reference);
    decoder_tensors_free(&f->tensors);
    checkpoint_close(f->checkpoint);
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

/* The model's input[3][S][S] from the case's image; test_input.c compares such inputs with the
 * reference's. The caller frees it by memory_free. */
static float *input_of(struct fixture *f, int number)
{
    int32_t side = f->info->image_size;
    struct image image = {0};
    require(f, image_read(cases[number].image, NULL, &image, &f->error) == 0);
    struct rect whole = {0, 0, image.width, image.height};
    struct resize *resize = resize_new(&f->error);
    float *input = memory_new(3 * (size_t)side * (size_t)side, sizeof *input, "input", &f->error);
    require(f, resize && input);
    const struct image_view view = image_view_of(&image, whole);
    struct size filled;
    int status = f->info->resize == SAM_RESIZE_SQUARE
                     ? resize_square(&view, side, input, &f->error)
                     : resize_tensor(resize, &view, side, input, &filled, &f->error);
    require(f, status == 0);
    resize_free(resize);
    image_free(&image);
    return input;
}

/* embedding[C][G][G] of the image, which later calls decode. */
static void encode(struct fixture *f, const float *input, float *embedding)
{
    if (f->reference) {
        require(f, encoder_reference(f->checkpoint, f->info->image_size, input, &f->encoding,
                                     &f->error) == 0);
        memcpy(embedding, f->encoding.embedding,
               (size_t)f->tensors.positions * f->tensors.embed_dim * sizeof(float));
        return;
    }
    struct sam_encoder *encoder = sam_encoder_new(f->sam, 2, &f->error);
    require(f, encoder != NULL);
    require(f, sam_encode(f->sam, encoder, input, 2, f->image, &f->error) == 0);
    sam_embedding(f->image, embedding);
    sam_encoder_free(encoder);
}

static struct decoder_input decoder_input_of(const struct fixture *f)
{
    return (struct decoder_input){f->encoding.embedding,
                                  {f->encoding.high[0], f->encoding.high[1]}};
}

static void decode(struct fixture *f, const struct sam_prompts *prompts, float *iou)
{
    const struct decoder_input input = decoder_input_of(f);
    if (f->reference)
        decoder_reference_run(f->reference, &input, prompts, iou);
    else
        sam_decode(f->decoder, f->image, prompts, iou);
}

/* The logits of mask `mask` of a prompt. */
static void get_logits(struct fixture *f, size_t prompt, int mask, float *logits)
{
    const struct decoder_input input = decoder_input_of(f);
    if (f->reference)
        decoder_reference_logits(f->reference, &input, (int)prompt, &mask, 1, logits);
    else
        sam_logits(f->decoder, f->image, (int)prompt, &mask, 1, logits);
}

/* The dump has every n-th position of the embedding, down and across, n = G / 12 rounded up to an
 * odd number: [C][K][K], K = ceil(G / n). */
static void check_embedding(struct fixture *f, int number)
{
    struct shape shape;
    const float *should = need(f, "", "embedding", &shape);
    size_t grid = (size_t)f->info->grid, step = grid / 12 | 1, kept = (grid + step - 1) / step;
    size_t channels = (size_t)f->info->embed_dim;
    ck_assert_int_eq(shape.size[0], channels);
    ck_assert_int_eq(shape.size[1], kept);
    ck_assert_int_eq(shape.size[2], kept);

    float *embedding =
        memory_new(channels * grid * grid, sizeof *embedding, "embedding", &f->error);
    require(f, embedding != NULL);
    float *input = input_of(f, number);
    encode(f, input, embedding);
    memory_free(input);
    float *to = embedding; /* never ahead of what is still to be read */
    for (size_t c = 0; c < channels; c++)
        for (size_t y = 0; y < grid; y += step)
            for (size_t x = 0; x < grid; x += step)
                *to++ = embedding[(c * grid + y) * grid + x];
    ck_assert_double_lt(relative_error(embedding, should, channels * kept * kept),
                        relative_tolerance);
    memory_free(embedding);
}

/* f->masks: the logits of mask 1 for a click at 0.4 of the side, and the same mirrored left to
 * right and clamped to -6..6. */
static void make_mask_prompts(struct fixture *f)
{
    double middle = 0.4 * f->info->prompt_size;
    const double xy[2] = {middle, middle};
    const struct sam_prompts click = {.count = 1, .points = 1, .xy = xy};
    size_t side = (size_t)f->info->low_size;
    f->masks = memory_new(2 * side * side, sizeof *f->masks, "mask prompts", &f->error);
    require(f, f->masks != NULL);
    float iou[SAM_MASKS];
    decode(f, &click, iou);
    get_logits(f, 0, 1, f->masks);
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++) {
            float logit = f->masks[y * side + side - 1 - x];
            f->masks[(side + y) * side + x] = fminf(fmaxf(logit, -6), 6);
        }
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
        prompts.masks = f->masks;
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

/* Compares the logits[L][L] of one mask with what the dump has of them, should[rows][columns]:
 * 32 rows L / 32 apart, and columns n apart, n = L / 32 rounded up to an odd number. */
static double logits_error(const struct fixture *f, float *logits, const float *should,
                           const struct shape *shape)
{
    size_t side = (size_t)f->info->low_size, row = side / 32, column = side / 32 | 1;
    ck_assert_int_eq(shape->size[2], 32);
    ck_assert_int_eq(shape->size[3], (side + column - 1) / column);
    float *to = logits;
    for (size_t y = 0; y < 32; y++)
        for (size_t x = 0; x < side; x += column)
            *to++ = logits[y * row * side + x];
    return relative_error(logits, should, (size_t)(to - logits));
}

static void check_answers(struct fixture *f, const char *set, const struct sam_prompts *prompts)
{
    struct shape shape;
    const float *iou_should = need(f, set, ".iou", &shape);
    const float *logits_should = need(f, set, ".logits", &shape);
    size_t side = (size_t)f->info->low_size, kept = (size_t)(shape.size[2] * shape.size[3]);

    float iou[SAM_BATCH * SAM_MASKS];
    float *logits = memory_new(side * side, sizeof *logits, "logits", &f->error);
    require(f, logits != NULL);
    decode(f, prompts, iou);
    for (size_t p = 0; p < (size_t)prompts->count; p++) {
        for (size_t m = 0; m < SAM_MASKS; m++) {
            size_t mask = p * SAM_MASKS + m;
            ck_assert_msg(fabs((double)iou[mask] - iou_should[mask]) < iou_tolerance,
                          "%s: prompt %zu, mask %zu: IoU %g, expected %g", set, p, m, iou[mask],
                          iou_should[mask]);
            get_logits(f, p, (int)m, logits);
            double off = logits_error(f, logits, logits_should + mask * kept, &shape);
            ck_assert_msg(off < relative_tolerance, "%s: prompt %zu, mask %zu: logits off by %g",
                          set, p, m, off);
        }
    }
    memory_free(logits);
}

static void check_model(int number, bool reference)
{
    static const char *const sets[] = {"points",         "clicks",         "boxes",
                                       "box_and_points", "point_and_mask", "box_and_mask"};
    struct fixture f;
    open_fixture(&f, number);
    if (reference)
        open_reference(&f, number);
    check_embedding(&f, number);
    make_mask_prompts(&f);
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        if (strstr(sets[i], "mask") && !f.info->takes_masks)
            continue;
        int *labels;
        double *xy;
        struct sam_prompts prompts = prompts_of(&f, sets[i], &labels, &xy);
        check_answers(&f, sets[i], &prompts);
        memory_free(labels);
        memory_free(xy);
    }
    close_fixture(&f);
}

START_TEST(reference_equals_the_official_code)
{
    if (!cases[_i].fast_only)
        check_model(_i, true);
}
END_TEST

START_TEST(fast_equals_the_official_code)
{
    check_model(_i, false);
}
END_TEST

/* test_model [MODEL DUMP IMAGE]: with arguments, the fast paths alone on that model and image. */
int main(int argc, char **argv)
{
    static struct parity_case named; /* outlives main: `cases` points to it */
    int count = COMMITTED;
    if (argc == 4) {
        named = (struct parity_case){.model = argv[1], .dump = argv[2], .image = argv[3]};
        cases = &named;
        count = 1;
    }
    struct error error;
    if (image_library_start(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("parity of the model");
    TCase *tests = tcase_create("model");
    if (cases == committed)
        tcase_add_loop_test(tests, reference_equals_the_official_code, 0, count);
    tcase_add_loop_test(tests, fast_equals_the_official_code, 0, count);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_library_stop();
    return status;
}
