/* The scan against its reference, on every instruction set, and against torch. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/isa.h"
#include "filters/mask.h"
#include "filters/scan/scan.h"
#include "filters/scan/scan_kernel.h"
#include "mask_tables.h"
#include "random.h"
#include "rle/coco.h"
#include "tests/reference/scan_reference.h"

/* What random logits look like. */
enum kind { NOISE, CELLS, DISC, EDGE, FLAT, KINDS };

static float logit(struct random *random, enum kind kind, int size, int row, int column)
{
    float noise = ((float)random_below(random, 2001) - 1000) / 1000;
    float dy = (float)row - (float)size / 3, dx = (float)column - (float)size / 2;
    switch (kind) {
    case NOISE:
        return 8 * noise;
    case CELLS:
        return (float)((row / 4 ^ column / 5) % 2 * 12 - 6) + noise;
    case DISC:
        return (float)size / 4 - sqrtf(dx * dx + dy * dy) + noise / 8;
    case EDGE: /* as near to the thresholds as floats come */
        return (float)((int)random_below(random, 3) - 1) * (1 + 0x1p-22f * noise);
    default:
        return -20;
    }
}

static float *random_logits(uint64_t seed, enum kind kind, int size)
{
    struct random random = {seed};
    float *logits = malloc((size_t)size * (size_t)size * sizeof *logits);
    for (int r = 0; r < size; r++)
        for (int c = 0; c < size; c++)
            logits[r * size + c] = logit(&random, kind, size, r, c);
    return logits;
}

static void expect_same(const struct scan_size *size, const float *logits,
                        const struct scan_options *options, struct scan_scratch *scratch)
{
    struct error error = {0};
    struct mask reference = {0}, fast = {0};
    bool reference_kept, fast_kept;
    struct scan_geometry *geometry = scan_geometry_new(size, &error);
    ck_assert_ptr_nonnull(geometry);
    ck_assert_int_eq(scan_reference(size, logits, options, &reference, &reference_kept, &error), 0);
    int fast_status = scan_mask(geometry, scratch, logits, options, &fast, &error);
    ck_assert_int_ge(fast_status, 0);
    fast_kept = fast_status == 1;
    ck_assert_int_eq(reference_kept, fast_kept);
    if (reference_kept) {
        ck_assert_float_eq(reference.stability_score, fast.stability_score);
        ck_assert_uint_eq(reference.area, fast.area);
        ck_assert_mem_eq(&reference.box, &fast.box, sizeof reference.box);
        ck_assert_uint_eq(reference.rle.length, fast.rle.length);
        ck_assert_mem_eq(reference.rle.counts, fast.rle.counts,
                         reference.rle.length * sizeof *reference.rle.counts);
        ck_assert_int_eq(rle_check(&fast.rle, &error), 0);
    }
    rle_free(&reference.rle);
    rle_free(&fast.rle);
    scan_geometry_free(geometry);
}

static const struct scan_size sizes[] = {
    {16, 64, 64, 64, 64, 64},   /* nothing to enlarge the second time */
    {16, 64, 43, 64, 120, 180}, /* wide */
    {16, 64, 64, 43, 251, 171}, /* tall */
    {16, 64, 64, 64, 40, 40},   /* smaller than the model's input */
    {16, 64, 64, 64, 5, 3},     /* far smaller */
    {16, 64, 64, 64, 1, 1},     /* one pixel */
    {16, 64, 43, 64, 300, 447}, /* several times as large: cells */
    {16, 64, 64, 47, 1300, 975},
    {16, 16, 16, 9, 777, 431}, /* the same, and the first enlargement
                                                                 does nothing */
    {16, 16, 16, 16, 700, 500},
    {64, 64, 64, 64, 77, 300},
    {32, 32, 32, 32, 20, 31}, /* SAM 2's */
    {7, 28, 1, 1, 40, 30},    /* one cell */
    {16, 64, 1, 64, 1, 8000}, /* a line */
    {16, 64, 64, 1, 8000, 1}, /* a column */
    {16, 64, 64, 48, 66, 50}, /* hardly larger */
    {64, 256, 171, 256, 600, 900},
    {100, 400, 333, 400, 300, 361},
    {1, 4, 4, 4, 9, 7},
    {7, 28, 28, 21, 130, 97},
    {20, 20, 20, 17, 65, 55}, /* the first enlargement does nothing
                                                              */
};

/* Under a sanitizer the straight loops take minutes for these. */
static bool too_large(const struct scan_size *size)
{
    return SANITIZED && size->crop_width * size->crop_height > 200000;
}

START_TEST(scan_matches_the_reference)
{
    static const struct scan_options options[] = {{1, 0}, {1, 0.5f}, {0.25f, 0.9f}, {0, 0}};
    struct error error = {0};
    ck_assert_int_eq(setenv("MASKMILL_ISA", isa_name((enum isa)_i), 1), 0);
    struct scan_scratch *scratch = scan_scratch_new(&error);
    ck_assert_ptr_nonnull(scratch);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (enum kind kind = NOISE; kind < KINDS && !too_large(&sizes[s]); kind++) {
            float *logits = random_logits(s + 1, kind, sizes[s].low_size);
            for (size_t o = 0; o < sizeof options / sizeof *options; o++)
                expect_same(&sizes[s], logits, &options[o], scratch);
            free(logits);
        }
    scan_scratch_free(scratch);
    unsetenv("MASKMILL_ISA");
}
END_TEST

/* Steps between cells of 4 x 4 and noise, as mask_tables.py makes them. */
static float *table_logits(uint64_t seed, int size)
{
    struct random random = {seed};
    int cells = size / 4;
    float *coarse = calloc((size_t)cells * (size_t)cells, sizeof *coarse);
    float *logits = malloc((size_t)size * (size_t)size * sizeof *logits);
    for (int i = 0; i < cells * cells; i++)
        coarse[i] = (float)random_below(&random, 2) * 12 - 6;
    for (int r = 0; r < size; r++)
        for (int c = 0; c < size; c++)
            logits[r * size + c] =
                coarse[r / 4 * cells + c / 4] + ((float)random_below(&random, 1025) - 512) / 128;
    free(coarse);
    return logits;
}

START_TEST(masks_are_torchs)
{
    const struct scan_case *c = &scan_cases[_i];
    struct scan_size twice = {c->low_size,    4 * c->low_size, c->input_height,
                              c->input_width, c->crop_height,  c->crop_width};
    struct scan_size once =
        scan_size_direct(c->low_size, (struct size){c->crop_width, c->crop_height});
    struct scan_size size = c->input_height ? twice : once;
    struct scan_options options = {c->offset, 0};
    struct error error = {0};
    struct mask mask = {0};
    bool kept;
    float *logits = table_logits(c->seed, c->low_size);
    struct scan_geometry *geometry = scan_geometry_new(&size, &error);
    struct scan_scratch *scratch = scan_scratch_new(&error);
    kept = scan_mask(geometry, scratch, logits, &options, &mask, &error) == 1;
    ck_assert_msg(error.code == ERROR_NONE, "%s", error.text);
    ck_assert(kept);
    struct rle expected = {0};
    ck_assert_int_eq(coco_parse(&expected, c->string, strlen(c->string), mask.rle.height,
                                mask.rle.width, &error),
                     0);
    if (scan_kernel()->fused) { /* torch's own arithmetic, so the very same pixels */
        ck_assert_float_eq(mask.stability_score, c->score);
        ck_assert_uint_eq(mask.rle.length, expected.length);
        ck_assert_mem_eq(mask.rle.counts, expected.counts,
                         expected.length * sizeof *expected.counts);
    } else {
        ck_assert_float_eq_tol(mask.stability_score, c->score, 1e-3f);
        ck_assert(mask.area == 0 || rle_iou(&mask.rle, &expected) > 0.999);
    }
    rle_free(&expected);
    rle_free(&mask.rle);
    scan_scratch_free(scratch);
    scan_geometry_free(geometry);
    free(logits);
}
END_TEST

START_TEST(unstable_and_empty_masks_are_rejected)
{
    struct scan_size size = {16, 64, 64, 64, 90, 90};
    struct scan_options options = {1, 0.95f};
    struct error error = {0};
    struct mask mask = {0};
    bool kept = true;
    struct scan_geometry *geometry = scan_geometry_new(&size, &error);
    struct scan_scratch *scratch = scan_scratch_new(&error);
    float *logits = random_logits(1, NOISE, 16);
    kept = scan_mask(geometry, scratch, logits, &options, &mask, &error) == 1;
    ck_assert_msg(error.code == ERROR_NONE, "%s", error.text);
    ck_assert(!kept);
    free(logits);
    logits = random_logits(1, FLAT, 16);
    options.stability_threshold = 0;
    kept = scan_mask(geometry, scratch, logits, &options, &mask, &error) == 1;
    ck_assert_msg(error.code == ERROR_NONE, "%s", error.text);
    ck_assert(!kept);
    free(logits);
    rle_free(&mask.rle);
    scan_scratch_free(scratch);
    scan_geometry_free(geometry);
}
END_TEST

START_TEST(sizes_out_of_range_are_refused)
{
    static const struct scan_size bad[] = {
        {0, 64, 64, 64, 9, 9}, {16, 8, 8, 8, 9, 9},    {16, 64, 65, 64, 9, 9},
        {16, 64, 64, 0, 9, 9}, {16, 64, 64, 64, 0, 9}, {16, 64, 64, 64, 65536, 65536},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};
        ck_assert_ptr_null(scan_geometry_new(&bad[i], &error));
        ck_assert_int_eq(error.code, ERROR_USAGE);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scan");
    TCase *tests = tcase_create("scan");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, scan_matches_the_reference, ISA_GENERIC, isa_best() + 1);
    tcase_add_loop_test(tests, masks_are_torchs, 0, sizeof scan_cases / sizeof *scan_cases);
    tcase_add_test(tests, unstable_and_empty_masks_are_rejected);
    tcase_add_test(tests, sizes_out_of_range_are_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
