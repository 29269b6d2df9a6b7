/* SAM 2's Hiera against its reference, on small random models of awkward sizes. */
#include "model/encoders/hiera.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/isa.h"
#include "model/checkpoint/checkpoint.h"
#include "tests/reference/hiera_reference.h"
#include "tests/unit/small_model.h"
#include "tests/unit/unit.h"

struct hiera_shape {
    int image_size, width, channels, background;
    int depths[4], windows[4];
    const char *heads, *globals, *spec; /* as metadata; spec are the windows */
};

/* Windows that are runs of tokens, whole and padded ones, larger than the grid; windows of one
 * position; pooling within each kind and over the whole grid; heads that are no multiple of a
 * vector; a grid of an odd number of units; more hidden columns than are kept at a time. */
static const struct hiera_shape hieras[] = {
    {96, 12, 16, 3, {2, 3, 2, 1}, {8, 4, 6, 3}, "1", "5", "8,4,6,3"},
    {64, 18, 24, 5, {1, 1, 3, 2}, {4, 8, 14, 7}, "3", "", "4,8,14,7"},
    {160, 40, 8, 7, {1, 2, 1, 1}, {2, 2, 4, 1}, "2", "1,3,4", "2,2,4,1"},
    {32, 20, 8, 1, {1, 1, 1, 1}, {8, 6, 2, 1}, "1", "0,1,2,3", "8,6,2,1"},
};

static void add(struct small_model *model, const char *prefix, const char *name, float middle,
                float spread, int rows, int columns)
{
    char full[128];
    snprintf(full, sizeof full, "%s%s", prefix, name);
    if (columns)
        small_model_add(model, full, middle, spread, 2, rows, columns);
    else
        small_model_add(model, full, middle, spread, 1, rows);
}

static void add_block(struct small_model *model, int b, int in, int out)
{
    char prefix[80];
    int hidden = 3 * out + 1;
    float before = 1.5f / sqrtf((float)in), after = 1.5f / sqrtf((float)out);
    snprintf(prefix, sizeof prefix, "image_encoder.trunk.blocks.%d.", b);
    add(model, prefix, "norm1.weight", 1, 0.3f, in, 0);
    add(model, prefix, "norm1.bias", 0, 0.3f, in, 0);
    add(model, prefix, "attn.qkv.weight", 0, 2 * before, 3 * out, in);
    add(model, prefix, "attn.qkv.bias", 0, 0.5f, 3 * out, 0);
    add(model, prefix, "attn.proj.weight", 0, after, out, out);
    add(model, prefix, "attn.proj.bias", 0, 0.5f, out, 0);
    add(model, prefix, "norm2.weight", 1, 0.3f, out, 0);
    add(model, prefix, "norm2.bias", 0, 0.3f, out, 0);
    add(model, prefix, "mlp.layers.0.weight", 0, after, hidden, out);
    add(model, prefix, "mlp.layers.0.bias", 0, 0.5f, hidden, 0);
    add(model, prefix, "mlp.layers.1.weight", 0, 1.5f / sqrtf((float)hidden), out, hidden);
    add(model, prefix, "mlp.layers.1.bias", 0, 0.5f, out, 0);
    if (in == out)
        return;
    add(model, prefix, "proj.weight", 0, before, out, in);
    add(model, prefix, "proj.bias", 0, 0.5f, out, 0);
}

/* A 1x1 convolution. */
static void add_conv(struct small_model *model, const char *name, int out, int in)
{
    char full[128];
    snprintf(full, sizeof full, "%s.weight", name);
    small_model_add(model, full, 0, 1.5f / sqrtf((float)in), 4, out, in, 1, 1);
    add(model, name, ".bias", 0, 0.3f, out, 0);
}

static void add_neck(struct small_model *model, const struct hiera_shape *s)
{
    char name[80];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "image_encoder.neck.convs.%d.conv", i);
        add_conv(model, name, s->channels, s->width << (3 - i));
    }
    add_conv(model, "mask_decoder.conv_s0", s->channels / 8, s->channels);
    add_conv(model, "mask_decoder.conv_s1", s->channels / 4, s->channels);
    small_model_add(model, "no_mem_embed", 0, 0.5f, 3, 1, 1, s->channels);
}

static void add_metadata(struct small_model *model, const struct hiera_shape *s)
{
    if (!s->heads)
        return;
    int room = SMALL_HEADER_MAX - (int)model->header_length;
    int written = snprintf(model->header + model->header_length, (size_t)room,
                           "\"__metadata__\":{\"num_heads\":\"%s\",\"global_att_blocks\":\"%s\","
                           "\"window_spec\":\"%s\"},",
                           s->heads, s->globals, s->spec);
    ck_assert(written > 0 && written < room);
    model->header_length += (size_t)written;
}

static unsigned char *make_hiera(const struct hiera_shape *s, size_t *size)
{
    struct small_model model;
    int width = s->width, b = 0;
    small_model_begin(&model, 13);
    add_metadata(&model, s);
    small_model_add(&model, "image_encoder.trunk.pos_embed", 0, 0.5f, 4, 1, width, s->background,
                    s->background);
    small_model_add(&model, "image_encoder.trunk.pos_embed_window", 0, 0.5f, 4, 1, width,
                    s->windows[0], s->windows[0]);
    small_model_add(&model, "image_encoder.trunk.patch_embed.proj.weight", 0, 0.2f, 4, width, 3, 7,
                    7);
    small_model_add(&model, "image_encoder.trunk.patch_embed.proj.bias", 0, 0.3f, 1, width);
    for (int stage = 0; stage < 4; stage++)
        for (int i = 0; i < s->depths[stage]; i++, b++)
            add_block(&model, b, stage > 0 && i == 0 ? width << (stage - 1) : width << stage,
                      width << stage);
    add_neck(&model, s);
    return small_model_end(&model, size);
}

/* The three arrays in one. */
struct result {
    float *numbers;
    size_t count;
    struct encoding to;
};

static struct result make_result(size_t grid, size_t channels)
{
    size_t n = grid * grid;
    struct result result = {.count = n * channels + 16 * n * channels / 8 + 4 * n * channels / 4};
    result.numbers = calloc(result.count, sizeof(float));
    ck_assert_ptr_nonnull(result.numbers);
    result.to.embedding = result.numbers;
    result.to.high[0] = result.to.embedding + n * channels;
    result.to.high[1] = result.to.high[0] + 2 * n * channels;
    return result;
}

/* A fixed random image[3][S][S]. */
static float *make_input(int image_size)
{
    size_t pixels = 3 * (size_t)image_size * (size_t)image_size;
    float *input = malloc(pixels * sizeof *input);
    ck_assert_ptr_nonnull(input);
    struct small_model random = {.state = 3};
    for (size_t i = 0; i < pixels; i++)
        input[i] = 2 * small_model_random(&random);
    return input;
}

static struct checkpoint *open_bytes(const unsigned char *bytes, size_t size)
{
    struct error error;
    struct checkpoint *checkpoint;
    int status = checkpoint_open_memory(&checkpoint, bytes, size, "small", &error);
    ck_assert_msg(status == 0, "%s", error.text);
    return checkpoint;
}

struct reference {
    struct hiera_weights weights;
    struct hiera_reference_scratch scratch;
};

static void lay_out_reference(void *context, struct arena *arena)
{
    struct reference *reference = context;
    hiera_reference_layout(&reference->scratch, &reference->weights, arena);
}

static struct result encode_by_reference(const unsigned char *bytes, size_t size, int image_size)
{
    struct error error;
    struct reference reference;
    struct arena arena;
    struct checkpoint *checkpoint = open_bytes(bytes, size);
    int status = hiera_weights_read(&reference.weights, checkpoint, image_size, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    ck_assert_int_eq(arena_make(&arena, lay_out_reference, &reference, "reference", &error), 0);
    struct result result = make_result(reference.weights.fpn.grid, reference.weights.fpn.channels);
    float *input = make_input(image_size);
    hiera_reference_run(&reference.weights, &reference.scratch, input, &result.to);
    free(input);
    arena_free(&arena);
    hiera_weights_free(&reference.weights);
    checkpoint_close(checkpoint);
    return result;
}

struct layout {
    const struct hiera *hiera;
    struct hiera_scratch scratch;
};

static void lay_out(void *context, struct arena *arena)
{
    struct layout *layout = context;
    hiera_layout(&layout->scratch, layout->hiera, 5, arena);
}

static struct result encode(const unsigned char *bytes, size_t size, int image_size, int threads)
{
    struct error error;
    struct hiera hiera;
    struct arena arena;
    struct checkpoint *checkpoint = open_bytes(bytes, size);
    int status = hiera_load(&hiera, checkpoint, isa_best(), image_size, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    struct layout layout = {.hiera = &hiera};
    ck_assert_int_eq(arena_make(&arena, lay_out, &layout, "scratch", &error), 0);
    struct result result = make_result(hiera.fpn.weights.grid, hiera.fpn.weights.channels);
    float *input = make_input(image_size);
    for (int run = 0; run < 2; run++) /* the second finds what the first left in the scratch */
        hiera_encode(&hiera, &layout.scratch, input, threads, &result.to);
    free(input);
    arena_free(&arena);
    hiera_free(&hiera);
    checkpoint_close(checkpoint);
    return result;
}

/* The relative difference of some numbers. */
static double difference(size_t count, const float *a, const float *b)
{
    double apart = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        apart += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        norm += (double)b[i] * b[i];
    }
    return sqrt(apart / norm);
}

/* One thread and five give the same bits, and each of the three arrays is near `want`. */
static void expect_near(const unsigned char *bytes, size_t size, int image_size,
                        const struct result *want)
{
    struct result one = encode(bytes, size, image_size, 1);
    struct result five = encode(bytes, size, image_size, 5);
    ck_assert_int_eq(memcmp(one.numbers, five.numbers, one.count * sizeof(float)), 0);
    size_t starts[] = {0, (size_t)(want->to.high[0] - want->numbers),
                       (size_t)(want->to.high[1] - want->numbers), want->count};
    for (int i = 0; i < 3; i++) {
        double apart = difference(starts[i + 1] - starts[i], one.numbers + starts[i],
                                  want->numbers + starts[i]);
        ck_assert_msg(apart < 3e-6, "array %d: relative difference %g", i, apart);
    }
    free(one.numbers);
    free(five.numbers);
}

START_TEST(hiera_matches_the_reference)
{
    size_t size;
    const struct hiera_shape *s = &hieras[_i];
    unsigned char *bytes = make_hiera(s, &size);
    struct result want = encode_by_reference(bytes, size, s->image_size);
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        setenv("MASKMILL_ISA", isa_name(isa), 1);
        expect_near(bytes, size, s->image_size, &want);
        unsetenv("MASKMILL_ISA");
    }
    free(want.numbers);
    free(bytes);
}
END_TEST

static void expect_refused(const struct hiera_shape *s, int image_size, const char *text)
{
    size_t size;
    struct error error;
    struct hiera_weights weights;
    unsigned char *bytes = make_hiera(s, &size);
    struct checkpoint *checkpoint = open_bytes(bytes, size);
    ck_assert_int_eq(hiera_weights_read(&weights, checkpoint, image_size, &error), -1);
    ck_assert_int_eq(error.code, ERROR_MODEL);
    ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
    hiera_weights_free(&weights);
    checkpoint_close(checkpoint);
    free(bytes);
}

START_TEST(sizes_that_do_not_fit_are_refused)
{
    struct hiera_shape heads = hieras[0], odd = hieras[0], channels = hieras[0];
    struct hiera_shape tile = hieras[0];
    heads.heads = "5";
    odd.spec = "7,4,6,3";
    channels.channels = 12;
    tile.windows[0] = 5;
    expect_refused(&heads, 96, "5 heads of width 12");
    expect_refused(&odd, 96, "pools windows of the odd side 7");
    expect_refused(&channels, 96, "12 channels");
    expect_refused(&tile, 96, "no multiple of the 5");
    expect_refused(&hieras[0], 100, "image size 100, expected a multiple of 32");
    expect_refused(&hieras[0], 1 << 15, "image size 32768, expected");
}
END_TEST

START_TEST(an_unknown_hiera_needs_metadata)
{
    struct hiera_shape none = hieras[0], few = hieras[0], many = hieras[0], word = hieras[0];
    struct hiera_shape far = hieras[0];
    none.heads = NULL;
    few.spec = "8,4,6";
    many.heads = "1,2";
    word.globals = "5,";
    far.globals = "5,8"; /* there are 8 blocks */
    expect_refused(&none, 96, "width 12 with 2, 3, 2 and 1 blocks, is none of SAM 2's");
    expect_refused(&few, 96, "window_spec must be 4");
    expect_refused(&many, 96, "num_heads must be a whole number");
    expect_refused(&word, 96, "global_att_blocks must be");
    expect_refused(&far, 96, "numbers of blocks, 0 to 7");
}
END_TEST

static unsigned char *with_names_of_transformers(unsigned char *bytes, size_t *size)
{
    static const char *const names[][2] = {
        {"trunk.patch_embed.proj.", "trunk.patch_embed.projection."},
        {".norm1.", ".layer_norm1."},
        {".norm2.", ".layer_norm2."},
        {"mlp.layers.0.", "mlp.proj_in."},
        {"mlp.layers.1.", "mlp.proj_out."},
        {"image_encoder.trunk.", "vision_encoder.backbone."},
        {"image_encoder.neck.", "vision_encoder.neck."},
        {".conv.weight", ".weight"},
        {".conv.bias", ".bias"},
        {"no_mem_embed", "no_memory_embedding"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        bytes = small_model_renamed(bytes, size, names[i][0], names[i][1]);
    return bytes;
}

START_TEST(names_of_transformers_give_the_same_bits)
{
    size_t size, other_size;
    unsigned char *bytes = make_hiera(&hieras[0], &size);
    struct result official = encode(bytes, size, hieras[0].image_size, 1);
    unsigned char *other = malloc(size);
    ck_assert_ptr_nonnull(other);
    memcpy(other, bytes, size);
    other_size = size;
    other = with_names_of_transformers(other, &other_size);
    struct result theirs = encode(other, other_size, hieras[0].image_size, 1);
    ck_assert_int_eq(memcmp(official.numbers, theirs.numbers, theirs.count * sizeof(float)), 0);
    free(official.numbers);
    free(theirs.numbers);
    free(bytes);
    free(other);
}
END_TEST

/* transformers has the four embeddings of points in one tensor, SAM in four. */
START_TEST(a_stack_of_tensors_is_cut)
{
    struct error error;
    struct small_model model;
    size_t size;
    small_model_begin(&model, 5);
    small_model_add(&model, "vision_encoder.backbone.pos_embed", 0, 1, 1, 1);
    small_model_add(&model, "prompt_encoder.point_embed.weight", 0, 1, 2, 4, 6);
    float *numbers = malloc(24 * sizeof *numbers);
    ck_assert_ptr_nonnull(numbers);
    memcpy(numbers, model.numbers + 1, 24 * sizeof *numbers);
    unsigned char *bytes = small_model_end(&model, &size);
    struct checkpoint *checkpoint = open_bytes(bytes, size);
    for (int i = 0; i < 4; i++) {
        char name[80], expected[80], own[CHECKPOINT_NAME_SIZE];
        snprintf(name, sizeof name, "prompt_encoder.point_embeddings.%d.weight", i);
        const float *slice = checkpoint_tensor(checkpoint, name, shape_2d(1, 6), &error);
        ck_assert_msg(slice != NULL, "%s", error.text);
        for (int j = 0; j < 6; j++)
            ck_assert(slice[j] == numbers[6 * i + j]);
        snprintf(expected, sizeof expected, "prompt_encoder.point_embed.weight[%d]", i);
        ck_assert_str_eq(checkpoint_own_name(checkpoint, name, own), expected);
    }
    ck_assert(!checkpoint_shape(checkpoint, "prompt_encoder.point_embed.weight", NULL));
    checkpoint_close(checkpoint);
    free(numbers);
    free(bytes);
}
END_TEST

START_TEST(tokens_are_in_units)
{
    struct hiera_grid grid = {24, 8}, last = {3, 1};
    size_t row, column, tokens[16];
    for (size_t i = 0; i < 24 * 24; i++) {
        hiera_position(&grid, i, &row, &column);
        ck_assert_uint_eq(hiera_token(&grid, row, column), i);
    }
    ck_assert_uint_eq(hiera_token(&last, 1, 2), 5);
    /* A window whose side is a power of two is one run. */
    struct hiera_window window = {12, 4, 4};
    ck_assert_uint_eq(hiera_window_tokens(&grid, &window, tokens), 16);
    size_t low = tokens[0];
    for (size_t i = 0; i < 16; i++)
        ck_assert(tokens[i] >= low && tokens[i] < low + 16);
    /* Only what lies within the grid. */
    struct hiera_window corner = {22, 21, 4};
    ck_assert_uint_eq(hiera_window_tokens(&grid, &corner, tokens), 6);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hiera");
    TCase *tests = tcase_create("hiera");
    tcase_add_loop_test(tests, hiera_matches_the_reference, 0, sizeof hieras / sizeof *hieras);
    tcase_add_test(tests, sizes_that_do_not_fit_are_refused);
    tcase_add_test(tests, an_unknown_hiera_needs_metadata);
    tcase_add_test(tests, names_of_transformers_give_the_same_bits);
    tcase_add_test(tests, a_stack_of_tensors_is_cut);
    tcase_add_test(tests, tokens_are_in_units);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
