/* The fast image encoders against their plain twins, on small random models of awkward sizes. */
#include "model/encoder.h"

#include <math.h>

#include "base/error.h"
#include "base/isa.h"
#include "model/checkpoint.h"
#include "tests/unit/small_model.h"
#include "tests/unit/unit.h"

struct vit_shape {
    int grid, patch, width, head_width, hidden, depth, channels;
    int windows[4];
};

/* One whole window and padded ones; heads that are no multiple of a vector; a hidden layer of
 * several parts, the last one odd; more tokens than one tile of rows. */
static const struct vit_shape vits[] = {
    {5, 4, 40, 20, 600, 2, 24, {3, 5}},
    {9, 2, 64, 32, 70, 3, 33, {9, 4, 7}},
    {1, 8, 16, 16, 16, 1, 8, {1}},
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

static void add_neck(struct small_model *model, int width, int channels)
{
    static const char *const norms[] = {"image_encoder.neck.1.weight", "image_encoder.neck.1.bias",
                                        "image_encoder.neck.3.weight", "image_encoder.neck.3.bias"};
    small_model_add(model, "image_encoder.neck.0.weight", 0, 1.5f / sqrtf((float)width), 4,
                    channels, width, 1, 1);
    small_model_add(model, "image_encoder.neck.2.weight", 0, 0.5f / sqrtf((float)channels), 4,
                    channels, channels, 3, 3);
    for (int i = 0; i < 4; i++)
        small_model_add(model, norms[i], i % 2 ? 0 : 1, 0.3f, 1, channels);
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

struct result {
    float *embedding;
    size_t count;
};

/* The embedding of a fixed random image. */
static struct result encode(const unsigned char *bytes, size_t size, bool plain, int threads)
{
    struct error error;
    struct checkpoint *checkpoint;
    struct encoder *encoder = NULL;
    struct sam_options options = {.plain = plain};
    ck_assert_int_eq(checkpoint_open_memory(&checkpoint, bytes, size, "small", &error), 0);
    ck_assert_msg(encoder_load(&encoder, checkpoint, &options, &error) == 0, "%s", error.text);
    struct sam_info info = encoder_info(encoder);
    size_t pixels = 3 * (size_t)info.image_size * (size_t)info.image_size;
    struct result result = {.count =
                                (size_t)info.embed_dim * (size_t)info.grid * (size_t)info.grid};
    float *input = malloc(pixels * sizeof *input);
    result.embedding = malloc(result.count * sizeof *result.embedding);
    ck_assert(input && result.embedding);
    struct small_model random = {.state = 3};
    for (size_t i = 0; i < pixels; i++)
        input[i] = 2 * small_model_random(&random);
    struct encoder_scratch *scratch = encoder_scratch_new(encoder, &error);
    ck_assert_ptr_nonnull(scratch);
    for (int run = 0; run < 2; run++) /* the second finds what the first left in the scratch */
        encoder_run(encoder, scratch, input, threads, result.embedding);
    encoder_scratch_free(scratch);
    encoder_free(encoder);
    checkpoint_close(checkpoint);
    free(input);
    return result;
}

static void expect_twins(const unsigned char *bytes, size_t size)
{
    struct result want = encode(bytes, size, true, 1);
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        setenv("MASKMILL_ISA", isa_name(isa), 1);
        struct result one = encode(bytes, size, false, 1), three = encode(bytes, size, false, 3);
        unsetenv("MASKMILL_ISA");
        ck_assert_int_eq(memcmp(one.embedding, three.embedding, one.count * sizeof(float)), 0);
        double difference = 0, norm = 0;
        for (size_t i = 0; i < want.count; i++) {
            double d = one.embedding[i] - want.embedding[i];
            difference += d * d;
            norm += (double)want.embedding[i] * want.embedding[i];
        }
        ck_assert_msg(sqrt(difference / norm) < 3e-6, "%s: relative difference %g", isa_name(isa),
                      sqrt(difference / norm));
        free(one.embedding);
        free(three.embedding);
    }
    free(want.embedding);
}

START_TEST(vit_matches_its_twin)
{
    size_t size;
    unsigned char *bytes = make_vit(&vits[_i], &size);
    expect_twins(bytes, size);
    free(bytes);
}
END_TEST

static void expect_refusal(const struct vit_shape *s, int image_size, const char *text)
{
    size_t size;
    struct error error;
    struct checkpoint *checkpoint;
    struct encoder *encoder = NULL;
    struct sam_options options = {.image_size = image_size};
    unsigned char *bytes = make_vit(s, &size);
    ck_assert_int_eq(checkpoint_open_memory(&checkpoint, bytes, size, "small", &error), 0);
    ck_assert_int_eq(encoder_load(&encoder, checkpoint, &options, &error), -1);
    ck_assert_int_eq(error.code, ERROR_MODEL);
    ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
    ck_assert_ptr_null(encoder);
    checkpoint_close(checkpoint);
    free(bytes);
}

START_TEST(sizes_that_do_not_fit_are_refused)
{
    struct vit_shape wide_window = {5, 4, 40, 20, 60, 1, 24, {6}};
    struct vit_shape odd_heads = {5, 4, 40, 30, 60, 1, 24, {5}};
    expect_refusal(&wide_window, 0, "odd number up to 9");
    expect_refusal(&odd_heads, 0, "no multiple of its heads' width 30");
    expect_refusal(&vits[0], 64, "image size 64 asked for");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("encoder");
    TCase *twins = tcase_create("twins");
    tcase_add_loop_test(twins, vit_matches_its_twin, 0, sizeof vits / sizeof *vits);
    tcase_add_test(twins, sizes_that_do_not_fit_are_refused);
    tcase_set_timeout(twins, 120);
    suite_add_tcase(suite, twins);
    return unit_run(suite);
}
