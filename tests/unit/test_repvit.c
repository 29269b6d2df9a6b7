/* The image encoders of RepViT-SAM and EdgeTAM against their references, on small random models of
 * awkward sizes; and squeeze-excite alone. */
#include <math.h>

#include "model/kernels/squeeze.h"
#include "tests/unit/encoder_check.h"
#include "tests/unit/small_layers.h"
#include "tests/unit/unit.h"

enum { BLOCKS_MAX = 8, REDUCED = 5 };

static void add_numbers(struct small_model *model, const char *prefix, const char *name,
                        float spread, int out, int in)
{
    char full[128];
    snprintf(full, sizeof full, "image_encoder.%s.%s", prefix, name);
    if (in)
        small_model_add(model, full, 0, spread, 4, out, in, 1, 1);
    else
        small_model_add(model, full, 0, spread, 1, out);
}

static void add_part(struct small_model *model, const char *prefix, const char *part, int out,
                     int in, int kernel)
{
    char full[128];
    snprintf(full, sizeof full, "%s.%s", prefix, part);
    add_conv(model, full, out, in, kernel);
}

static void add_batch_norm(struct small_model *model, const char *prefix, int width)
{
    add_numbers(model, prefix, "bn.weight", 1, width, 0);
    add_numbers(model, prefix, "bn.bias", 0.3f, width, 0);
    add_numbers(model, prefix, "bn.running_mean", 0.3f, width, 0);
    char full[128];
    snprintf(full, sizeof full, "image_encoder.%s.bn.running_var", prefix);
    small_model_add(model, full, 1, 0.5f, 1, width);
}

/* The branches of a depthwise convolution: a BatchNorm behind each, or one around all. */
static void add_branches(struct small_model *model, const char *prefix, int width, bool each)
{
    add_part(model, prefix, "conv", width, 1, 3);
    if (each) {
        add_part(model, prefix, "conv1", width, 1, 1);
        return;
    }
    add_numbers(model, prefix, "conv1.weight", 1, width, 1);
    add_numbers(model, prefix, "conv1.bias", 0.3f, width, 0);
    add_batch_norm(model, prefix, width);
}

static void add_squeeze(struct small_model *model, const char *prefix, int width)
{
    float spread = 3 / sqrtf((float)width);
    add_numbers(model, prefix, "fc1.weight", spread, REDUCED, width);
    add_numbers(model, prefix, "fc1.bias", 0.5f, REDUCED, 0);
    add_numbers(model, prefix, "fc2.weight", 1, width, REDUCED);
    add_numbers(model, prefix, "fc2.bias", 0.5f, width, 0);
}

struct sam_shape {
    int image_size, channels;
    int stem;                 /* width */
    int widths[BLOCKS_MAX];   /* another width than before: a block that widens; 0 ends them */
    bool squeeze[BLOCKS_MAX]; /* in the others */
    bool hq;                  /* with a token of SAM-HQ's mask decoder */
};

/* Strips that end within a row, and rows longer than a strip; sides that are no power of two; a
 * width behind which the resolution stays; squeeze-excite in the first and the last block. */
static const struct sam_shape sams[] = {
    {48, 24, 10, {10, 10, 18, 18, 33, 33}, {true, false, false, true, false, true}, false},
    {272, 16, 6, {6, 12, 320, 8, 8}, {true, false, false, false, false}, false},
};

static void add_sam_block(struct small_model *model, int number, int in, int out, bool squeeze)
{
    char base[32], prefix[64];
    snprintf(base, sizeof base, "features.%d", number);
    snprintf(prefix, sizeof prefix, "%s.token_mixer.1", base);
    if (squeeze)
        add_squeeze(model, prefix, in);
    snprintf(prefix, sizeof prefix, "%s.token_mixer.0", base);
    if (in == out)
        add_branches(model, prefix, in, false);
    else
        add_conv(model, prefix, in, 1, 3);
    if (in != out)
        add_part(model, base, "token_mixer.2", out, in, 1);
    add_part(model, base, "channel_mixer.m.0", 2 * out, out, 1);
    add_part(model, base, "channel_mixer.m.2", out, 2 * out, 1);
}

static unsigned char *make_sam(const struct sam_shape *s, size_t *size)
{
    struct small_model model;
    small_model_begin(&model, 21);
    add_conv(&model, "features.0.0", s->stem / 2, 3, 3);
    add_conv(&model, "features.0.2", s->stem, s->stem / 2, 3);
    int width = s->stem;
    for (int i = 0; i < BLOCKS_MAX && s->widths[i]; i++) {
        add_sam_block(&model, i + 1, width, s->widths[i], s->squeeze[i]);
        width = s->widths[i];
    }
    add_neck(&model, width, s->channels);
    if (s->hq)
        small_model_add(&model, "mask_decoder.hf_token.weight", 0, 1, 2, 1, s->channels);
    return small_model_end(&model, size);
}

struct edgetam_shape {
    int image_size, channels;
    int widths[5], depths[5]; /* of each stage; 0 ends them */
    bool each;                /* a BatchNorm behind each branch */
};

/* timm's models have either form of the branches. */
static const struct edgetam_shape edgetams[] = {
    {64, 16, {6, 10, 17, 12}, {2, 1, 3, 1}, true},
    {96, 8, {8, 6, 20, 5}, {1, 2, 1, 2}, false},
};

static void add_timm_block(struct small_model *model, const char *base, int width, bool squeeze,
                           bool each)
{
    char prefix[128];
    snprintf(prefix, sizeof prefix, "%s.token_mixer", base);
    add_branches(model, prefix, width, each);
    snprintf(prefix, sizeof prefix, "%s.se", base);
    if (squeeze)
        add_squeeze(model, prefix, width);
    add_part(model, base, "channel_mixer.conv1", 2 * width, width, 1);
    add_part(model, base, "channel_mixer.conv2", width, 2 * width, 1);
}

static void add_timm_stage(struct small_model *model, const struct edgetam_shape *s, int stage)
{
    char base[64];
    int width = s->widths[stage];
    if (stage > 0) {
        int before = s->widths[stage - 1];
        snprintf(base, sizeof base, "trunk.body.stages_%d.downsample.pre_block", stage);
        add_timm_block(model, base, before, false, s->each);
        snprintf(base, sizeof base, "trunk.body.stages_%d.downsample", stage);
        add_part(model, base, "spatial_downsample", before, 1, 3);
        add_part(model, base, "channel_downsample", width, before, 1);
        add_part(model, base, "ffn.conv1", 2 * width, width, 1);
        add_part(model, base, "ffn.conv2", width, 2 * width, 1);
    }
    for (int b = 0; b < s->depths[stage]; b++) {
        snprintf(base, sizeof base, "trunk.body.stages_%d.blocks.%d", stage, b);
        add_timm_block(model, base, width, b % 2 == 0, s->each);
    }
}

static void add_pair(struct small_model *model, const char *prefix, int out, int in)
{
    char name[128];
    snprintf(name, sizeof name, "%s.weight", prefix);
    small_model_add(model, name, 0, 1 / sqrtf((float)in), 4, out, in, 1, 1);
    snprintf(name, sizeof name, "%s.bias", prefix);
    small_model_add(model, name, 0, 0.5f, 1, out);
}

static unsigned char *make_edgetam(const struct edgetam_shape *s, size_t *size)
{
    struct small_model model;
    small_model_begin(&model, 22);
    add_conv(&model, "trunk.body.stem.conv1", s->widths[0] / 2, 3, 3);
    add_conv(&model, "trunk.body.stem.conv2", s->widths[0], s->widths[0] / 2, 3);
    for (int i = 0; i < 5 && s->widths[i]; i++)
        add_timm_stage(&model, s, i);
    for (int i = 0; i < 4; i++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "image_encoder.neck.convs.%d.conv", i);
        add_pair(&model, prefix, s->channels, s->widths[3 - i]);
    }
    add_pair(&model, "mask_decoder.conv_s0", s->channels / 8, s->channels);
    add_pair(&model, "mask_decoder.conv_s1", s->channels / 4, s->channels);
    small_model_add(&model, "no_mem_embed", 0, 1, 3, 1, 1, s->channels);
    return small_model_end(&model, size);
}

START_TEST(repvit_sam_matches_the_reference)
{
    size_t size;
    unsigned char *bytes = make_sam(&sams[_i], &size);
    expect_reference(bytes, size, sams[_i].image_size);
    free(bytes);
}
END_TEST

START_TEST(edgetam_matches_the_reference)
{
    size_t size;
    unsigned char *bytes = make_edgetam(&edgetams[_i], &size);
    expect_reference(bytes, size, edgetams[_i].image_size);
    free(bytes);
}
END_TEST

/* What the encoder makes of a model whose names are replaced, pair by pair, is the same. */
static void expect_same_renamed(const char *const (*names)[2], size_t pairs)
{
    const struct sam_options options = {.image_size = edgetams[0].image_size};
    size_t size;
    unsigned char *bytes = make_edgetam(&edgetams[0], &size);
    struct result official = encode(bytes, size, &options, 1);
    for (size_t i = 0; i < pairs; i++)
        bytes = small_model_renamed(bytes, &size, names[i][0], names[i][1]);
    struct result theirs = encode(bytes, size, &options, 1);
    ck_assert_int_eq(memcmp(official.block, theirs.block, 4 * theirs.part * sizeof(float)), 0);
    free(official.block);
    free(theirs.block);
    free(bytes);
}

START_TEST(edgetam_is_read_with_its_own_names_and_those_of_transformers)
{
    static const char *const own[][2] = {{"mask_decoder.", "sam_mask_decoder."}};
    static const char *const transformers[][2] = {
        {"image_encoder.trunk.body.", "vision_encoder.backbone.timm_model."},
        {"image_encoder.neck.", "vision_encoder.neck."},
        {".conv.weight", ".weight"},
        {".conv.bias", ".bias"},
        {"no_mem_embed", "no_memory_embedding"},
    };
    expect_same_renamed(own, sizeof own / sizeof *own);
    expect_same_renamed(transformers, sizeof transformers / sizeof *transformers);
}
END_TEST

static void expect_sam_refused(const struct sam_shape *s, int image_size, const char *text)
{
    size_t size;
    unsigned char *bytes = make_sam(s, &size);
    expect_bytes_refused(bytes, size, image_size, text);
}

static void expect_edgetam_refused(const struct edgetam_shape *s, int image_size, const char *text)
{
    size_t size;
    unsigned char *bytes = make_edgetam(s, &size);
    expect_bytes_refused(bytes, size, image_size, text);
}

START_TEST(sizes_that_do_not_fit_are_refused)
{
    struct sam_shape flat = sams[0];
    struct sam_shape stem = sams[0], hq = sams[0];
    struct edgetam_shape three = edgetams[0], five = edgetams[0], hollow = edgetams[0];
    stem.widths[0] = 0;
    hq.hq = true;
    hollow.depths[0] = 0;
    flat.widths[4] = flat.widths[5] = 18;
    three.widths[3] = 0;
    five.widths[4] = 9;
    expect_sam_refused(&sams[0], 50, "image size 50, expected a multiple of 4");
    expect_sam_refused(&sams[0], 40, "halves a side of 5 positions");
    expect_sam_refused(&flat, 48, "6 x 6 positions of 48 pixels");
    expect_edgetam_refused(&edgetams[0], 48, "multiple of 32");
    expect_edgetam_refused(&three, 64, "3 stages, expected 4");
    expect_edgetam_refused(&five, 64, "more than 4 stages");
    expect_sam_refused(&hq, 48, "needs early features");
    expect_sam_refused(&stem, 48, "features.1.channel_mixer.m.0.c.weight is missing");
    expect_edgetam_refused(&hollow, 64,
                           "stages_0.blocks.0.channel_mixer.conv1.c.weight is missing");
}
END_TEST

/* gate = sigmoid(W2 relu(W1 mean + b1) + b2) for 2 channels and 2 reduced ones, by hand. */
START_TEST(squeeze_follows_its_formula)
{
    const float x[3 * 2] = {1, 2, 3, 4, 5, -3}, reduce[] = {1, 0.5f, -1, -1};
    const float reduce_bias[] = {0.25f, 1}, restore[] = {0.5f, 7, -1, 7},
                restore_bias[] = {-1, 0.5f};
    const struct squeeze squeeze = {2, 2, reduce, reduce_bias, restore, restore_bias};
    float sums[4], hidden[2], gate[2], scaled[2] = {2, 10};
    squeeze_sum(2, 2, x, sums);
    squeeze_sum(1, 2, x + 4, sums + 2);
    squeeze_gate(&squeeze, 2, 3, sums, hidden, gate);
    /* means 3 and 1; hidden 3.75 and max(-3, 0) */
    ck_assert_double_eq_tol(gate[0], 1 / (1 + exp(-0.875)), 1e-7);
    ck_assert_double_eq_tol(gate[1], 1 / (1 + exp(3.25)), 1e-7);
    squeeze_scale(1, 2, gate, scaled);
    ck_assert_float_eq(scaled[0], 2 * gate[0]);
    ck_assert_float_eq(scaled[1], 10 * gate[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("repvit");
    TCase *encoders = tcase_create("encoders");
    tcase_add_loop_test(encoders, repvit_sam_matches_the_reference, 0, sizeof sams / sizeof *sams);
    tcase_add_loop_test(encoders, edgetam_matches_the_reference, 0,
                        sizeof edgetams / sizeof *edgetams);
    tcase_add_test(encoders, edgetam_is_read_with_its_own_names_and_those_of_transformers);
    tcase_add_test(encoders, sizes_that_do_not_fit_are_refused);
    tcase_add_test(encoders, squeeze_follows_its_formula);
    tcase_set_timeout(encoders, 120);
    suite_add_tcase(suite, encoders);
    return unit_run(suite);
}
