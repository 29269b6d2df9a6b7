/* The fast image encoders against their references, on small random models of awkward sizes.
 * Those in bfloat16 use AMX's tiles, too: by emulation where there is no AMX. */
#include <math.h>

#include "model/kernels/half16.h"
#include "tests/reference/amx_emulation.h"
#include "tests/unit/efficientvit_model.h"
#include "tests/unit/encoder_check.h"
#include "tests/unit/small_layers.h"
#include "tests/unit/unit.h"

struct vit_shape {
    int grid, patch, width, head_width, hidden, depth, channels;
    int windows[4];
};

/* One whole window and padded ones; grids of odd and even sides; heads that are no multiple of a
 * vector; a hidden layer of several parts, the last one odd; more tokens than one strip of rows. */
static const struct vit_shape vits[] = {
    {5, 4, 40, 20, 600, 2, 24, {3, 5}},
    {9, 2, 64, 32, 70, 3, 33, {9, 4, 7}},
    {1, 8, 16, 16, 16, 1, 8, {1}},
    {6, 4, 32, 16, 64, 2, 8, {6, 3}},
};

static void add_at(struct small_model *model, int block, const char *name, float middle,
                   float spread, int rows, int columns)
{
    char full[128];
    snprintf(full, sizeof full, "image_encoder.blocks.%d.%s", block, name);
    if (columns)
        small_model_add(model, full, middle, spread, 2, rows, columns);
    else
        small_model_add(model, full, middle, spread, 1, rows);
}

static void add_vit_block(struct small_model *model, const struct vit_shape *s, int b)
{
    int d = s->width, table = 2 * s->windows[b] - 1;
    float spread = 1.5f / sqrtf((float)d);
    add_at(model, b, "norm1.weight", 1, 0.3f, d, 0);
    add_at(model, b, "norm1.bias", 0, 0.3f, d, 0);
    add_at(model, b, "attn.qkv.weight", 0, 2 * spread, 3 * d, d);
    add_at(model, b, "attn.qkv.bias", 0, 0.5f, 3 * d, 0);
    add_at(model, b, "attn.rel_pos_h", 0, 0.5f, table, s->head_width);
    add_at(model, b, "attn.rel_pos_w", 0, 0.5f, table, s->head_width);
    add_at(model, b, "attn.proj.weight", 0, spread, d, d);
    add_at(model, b, "attn.proj.bias", 0, 0.5f, d, 0);
    add_at(model, b, "norm2.weight", 1, 0.3f, d, 0);
    add_at(model, b, "norm2.bias", 0, 0.3f, d, 0);
    add_at(model, b, "mlp.lin1.weight", 0, spread, s->hidden, d);
    add_at(model, b, "mlp.lin1.bias", 0, 0.5f, s->hidden, 0);
    add_at(model, b, "mlp.lin2.weight", 0, 1.5f / sqrtf((float)s->hidden), d, s->hidden);
    add_at(model, b, "mlp.lin2.bias", 0, 0.5f, d, 0);
}

static unsigned char *make_vit(const struct vit_shape *s, size_t *size)
{
    struct small_model model;
    small_model_begin(&model, 11);
    small_model_add(&model, "image_encoder.pos_embed", 0, 0.5f, 4, 1, s->grid, s->grid, s->width);
    small_model_add(&model, "image_encoder.patch_embed.proj.weight", 0, 0.3f, 4, s->width, 3,
                    s->patch, s->patch);
    small_model_add(&model, "image_encoder.patch_embed.proj.bias", 0, 0.3f, 1, s->width);
    for (int b = 0; b < s->depth; b++)
        add_vit_block(&model, s, b);
    add_neck(&model, s->width, s->channels);
    return small_model_end(&model, size);
}

struct tinyvit_shape {
    int image_size, channels, expanded;
    int widths[4], depths[4], heads[4], windows[4];
};

/* Planes smaller than a window and padded windows; heads that are no multiple of a vector; more
 * columns than a strip of an MBConv; a stage whose window is its whole plane; windows wider than
 * a strip of queries, whose biases go by distance. */
static const struct tinyvit_shape tinyvits[] = {
    {48, 24, 30, {12, 20, 40, 320}, {2, 1, 2, 1}, {0, 2, 4, 10}, {0, 5, 7, 2}},
    {272, 16, 9, {6, 8, 12, 320}, {1, 1, 1, 1}, {0, 1, 3, 20}, {0, 33, 14, 17}},
};

static void add_tinyvit_block(struct small_model *model, const struct tinyvit_shape *s, int stage,
                              int b)
{
    int d = s->widths[stage], keys = s->windows[stage] * s->windows[stage];
    float spread = 1.5f / sqrtf((float)d);
    const struct {
        const char *name;
        float middle, spread;
        int rows, columns;
    } tensors[] = {
        {"attn.norm.weight", 1, 0.3f, d, 0},
        {"attn.norm.bias", 0, 0.3f, d, 0},
        {"attn.qkv.weight", 0, 2 * spread, 3 * d, d},
        {"attn.qkv.bias", 0, 0.5f, 3 * d, 0},
        {"attn.proj.weight", 0, spread, d, d},
        {"attn.proj.bias", 0, 0.5f, d, 0},
        {"attn.attention_biases", 0, 1, s->heads[stage], keys},
        {"mlp.norm.weight", 1, 0.3f, d, 0},
        {"mlp.norm.bias", 0, 0.3f, d, 0},
        {"mlp.fc1.weight", 0, spread, 2 * d, d},
        {"mlp.fc1.bias", 0, 0.5f, 2 * d, 0},
        {"mlp.fc2.weight", 0, spread, d, 2 * d},
        {"mlp.fc2.bias", 0, 0.5f, d, 0},
    };
    char name[128];
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        snprintf(name, sizeof name, "image_encoder.layers.%d.blocks.%d.%s", stage, b,
                 tensors[i].name);
        small_model_add(model, name, tensors[i].middle, tensors[i].spread,
                        tensors[i].columns ? 2 : 1, tensors[i].rows, tensors[i].columns);
    }
    snprintf(name, sizeof name, "layers.%d.blocks.%d.local_conv", stage, b);
    add_conv(model, name, d, 1, 3);
}

static void add_mbconv(struct small_model *model, const char *prefix, int in, int expanded, int out)
{
    char name[128];
    snprintf(name, sizeof name, "%s.conv1", prefix);
    add_conv(model, name, expanded, in, 1);
    snprintf(name, sizeof name, "%s.conv2", prefix);
    add_conv(model, name, expanded, 1, 3);
    snprintf(name, sizeof name, "%s.conv3", prefix);
    add_conv(model, name, out, expanded, 1);
}

static unsigned char *make_tinyvit(const struct tinyvit_shape *s, size_t *size)
{
    struct small_model model;
    char prefix[64];
    small_model_begin(&model, 12);
    add_conv(&model, "patch_embed.seq.0", s->widths[0] / 2, 3, 3);
    add_conv(&model, "patch_embed.seq.2", s->widths[0], s->widths[0] / 2, 3);
    for (int stage = 0; stage < 4; stage++) {
        for (int b = 0; b < s->depths[stage]; b++) {
            snprintf(prefix, sizeof prefix, "layers.0.blocks.%d", b);
            if (stage == 0)
                add_mbconv(&model, prefix, s->widths[0], s->expanded, s->widths[0]);
            else
                add_tinyvit_block(&model, s, stage, b);
        }
        snprintf(prefix, sizeof prefix, "layers.%d.downsample", stage);
        if (stage < 3)
            add_mbconv(&model, prefix, s->widths[stage], s->widths[stage + 1],
                       s->widths[stage + 1]);
    }
    add_neck(&model, s->widths[3], s->channels);
    return small_model_end(&model, size);
}

#if defined(HAVE_AMX)

/* The library's calls of amx_bf16_allowed come to __wrap_amx_bf16_allowed (Makefile). */
bool __real_amx_bf16_allowed(void);
bool __wrap_amx_bf16_allowed(void);

bool __wrap_amx_bf16_allowed(void)
{
    return true;
}

static void begin_tiles(void)
{
    if (!__real_amx_bf16_allowed())
        amx_emulation_begin();
}

static void expect_no_fault_of_tiles(void)
{
    const char *fault = amx_emulation_fault();
    ck_assert_msg(!fault, "%s", fault);
}

#else

static void begin_tiles(void)
{
}

static void expect_no_fault_of_tiles(void)
{
}

#endif

static void expect_half16_near(const unsigned char *bytes, size_t size, const float *want)
{
    static const char *const ways[] = {"pairs", "singles", "halves", "tiles"};
    struct sam_options bf16 = {.precision = SAM_BF16}, f16 = {.precision = SAM_F16};
    for (enum half16_way way = HALF16_BF16_PAIRS; way <= HALF16_BF16_TILES; way++) {
        setenv("MASKMILL_BF16", ways[way], 1);
        if (half16_kernel(way))
            expect_near(bytes, size, &bf16, want, 2e-2);
        unsetenv("MASKMILL_BF16");
    }
    if (half16_kernel(HALF16_F16))
        expect_near(bytes, size, &f16, want, 4e-3);
    expect_no_fault_of_tiles();
}

START_TEST(vit_matches_the_reference)
{
    size_t size;
    unsigned char *bytes = make_vit(&vits[_i], &size);
    expect_reference(bytes, size, 0);
    struct result want = encode_by_reference(bytes, size, 0);
    expect_half16_near(bytes, size, want.block);
    free(want.block);
    free(bytes);
}
END_TEST

START_TEST(tinyvit_matches_the_reference)
{
    size_t size;
    unsigned char *bytes = make_tinyvit(&tinyvits[_i], &size);
    expect_reference(bytes, size, tinyvits[_i].image_size);
    free(bytes);
}
END_TEST

START_TEST(efficientvit_matches_the_reference)
{
    size_t size;
    unsigned char *bytes = efficientvit_make(&efficientvits[_i], &size);
    expect_reference(bytes, size, efficientvits[_i].image_size);
    free(bytes);
}
END_TEST

static void expect_vit_refused(const struct vit_shape *s, int image_size, const char *text)
{
    size_t size;
    unsigned char *bytes = make_vit(s, &size);
    expect_bytes_refused(bytes, size, image_size, text);
}

static void expect_tinyvit_refused(const struct tinyvit_shape *s, int image_size, const char *text)
{
    size_t size;
    unsigned char *bytes = make_tinyvit(s, &size);
    expect_bytes_refused(bytes, size, image_size, text);
}

static void expect_efficientvit_refused(const struct efficientvit_shape *s, int image_size,
                                        const char *text)
{
    size_t size;
    unsigned char *bytes = efficientvit_make(s, &size);
    expect_bytes_refused(bytes, size, image_size, text);
}

START_TEST(efficientvits_that_do_not_fit_are_refused)
{
    struct efficientvit_shape short_one = efficientvits[0], kernel = efficientvits[0];
    short_one.stages = 4;
    kernel.kernel = 7;
    expect_efficientvit_refused(&efficientvits[0], 100, "expected a multiple of 128");
    expect_efficientvit_refused(&efficientvits[0], -128, "image size -128");
    expect_efficientvit_refused(&short_one, 128, "has 4 stages");
    expect_efficientvit_refused(&kernel, 128, "heads of 12 and a kernel of 7");
}
END_TEST

START_TEST(half16_products_are_refused_without_the_cpu)
{
    size_t size;
    struct error error;
    struct checkpoint *checkpoint;
    struct encoder *encoder = NULL;
    unsigned char *bytes = make_vit(&vits[0], &size);
    ck_assert_int_eq(checkpoint_open_memory(&checkpoint, bytes, size, "small", &error), 0);
    setenv("MASKMILL_ISA", "generic", 1);
    for (enum sam_precision precision = SAM_BF16; precision <= SAM_F16; precision++) {
        struct sam_options options = {.precision = precision};
        ck_assert_int_eq(encoder_load(&encoder, checkpoint, &options, &error), -1);
        ck_assert_int_eq(error.code, ERROR_UNSUPPORTED);
    }
    unsetenv("MASKMILL_ISA");
    checkpoint_close(checkpoint);
    free(bytes);
}
END_TEST

START_TEST(sizes_that_do_not_fit_are_refused)
{
    struct vit_shape wide_window = {5, 4, 40, 20, 60, 1, 24, {6}};
    struct vit_shape odd_heads = {5, 4, 40, 30, 60, 1, 24, {5}};
    expect_vit_refused(&wide_window, 0, "odd number up to 9");
    expect_vit_refused(&odd_heads, 0, "no multiple of its heads' width 30");
    expect_vit_refused(&vits[0], 64, "image size 64 asked for");
    struct tinyvit_shape thin = tinyvits[0], early = tinyvits[0], heads = tinyvits[0];
    thin.widths[3] = 64;
    thin.heads[3] = 2;
    early.widths[2] = 320;
    heads.heads[1] = 3;
    expect_tinyvit_refused(&tinyvits[0], 50, "multiple of 16");
    expect_tinyvit_refused(&thin, 48, "stage 3 of the image encoder is 64 wide");
    expect_tinyvit_refused(&early, 48, "stage 2 of the image encoder is 320 wide");
    expect_tinyvit_refused(&heads, 48, "3 heads of width 20");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("encoder");
    TCase *encoders = tcase_create("encoders");
    tcase_add_loop_test(encoders, vit_matches_the_reference, 0, sizeof vits / sizeof *vits);
    tcase_add_loop_test(encoders, tinyvit_matches_the_reference, 0,
                        sizeof tinyvits / sizeof *tinyvits);
    tcase_add_loop_test(encoders, efficientvit_matches_the_reference, 0, EFFICIENTVITS);
    tcase_add_test(encoders, efficientvits_that_do_not_fit_are_refused);
    tcase_add_test(encoders, half16_products_are_refused_without_the_cpu);
    tcase_add_test(encoders, sizes_that_do_not_fit_are_refused);
    tcase_set_timeout(encoders, 120);
    begin_tiles();
    suite_add_tcase(suite, encoders);
    return unit_run(suite);
}
