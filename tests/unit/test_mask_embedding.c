/* Embeddings of masks: how much of each cell a mask covers, means over masks, mirror images, threads. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/geometry.h"
#include "filters/mask.h"
#include "images/image.h"
#include "model/sam.h"
#include "pipeline/embedding.h"
#include "pipeline/generate.h"
#include "pipeline/mask_cover.h"
#include "pipeline/mask_embedding.h"
#include "pipeline/options.h"
#include "pipeline/prompt_frame.h"
#include "rle/rle.h"

enum { WIDTH = 90, HEIGHT = 61, SIDE = 7, SQUARE = 112, WIDEST = 256 };

static struct error error;

/* A ring off the middle, with a tail at the right edge. */
static bool in_mask(int x, int y)
{
    double far = hypot(x - 52, y - 27);
    return (far < 22 && far > 7) || (y == 50 && x > 70);
}

static void draw(uint8_t bits[HEIGHT][WIDTH], bool mirrored)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            bits[y][x] = in_mask(mirrored ? WIDTH - 1 - x : x, y);
}

static void add_mask(struct mask_list *masks, bool mirrored)
{
    static uint8_t bits[HEIGHT][WIDTH];
    struct mask mask = {0};
    draw(bits, mirrored);
    ck_assert_int_eq(rle_from_bitmap(&mask.rle, bits[0], HEIGHT, WIDTH, WIDTH, &error), 0);
    ck_assert_int_eq(mask_list_add(masks, &mask, &error), 0);
}

/* Shares by counting 8 x 8 points in each pixel. */
static void reference_cover(const struct mask_cover_grid *grid, float *cover)
{
    enum { FINE = 8 };
    const struct prompt_frame *frame = grid->frame;
    const double cells = (double)grid->side / grid->prompt_size;
    memset(cover, 0, SIDE * SIDE * sizeof *cover);
    for (int y = 0; y < frame->region.height * FINE; y++)
        for (int x = 0; x < frame->region.width * FINE; x++) {
            int column = grid->mirrored ? frame->region.width - 1 - x / FINE : x / FINE;
            if (!in_mask(column + grid->x, y / FINE + grid->y))
                continue;
            double px = (x + 0.5) / FINE * frame->prompts.width / frame->region.width * cells;
            double py = (y + 0.5) / FINE * frame->prompts.height / frame->region.height * cells;
            double area = cells * cells * frame->prompts.width * frame->prompts.height /
                          frame->region.width / frame->region.height / FINE / FINE;
            cover[(int)py * SIDE + (int)px] += (float)area;
        }
}

START_TEST(a_cell_has_the_share_that_the_mask_covers)
{
    static const struct rect regions[] = {{0, 0, WIDTH, HEIGHT}, {25, 3, WIDTH - 25, 50}};
    struct mask_list masks = {0};
    add_mask(&masks, false);
    for (int i = 0; i < 4; i++) {
        const struct rect *region = &regions[i / 2];
        const struct prompt_frame frame = {
            .region = {region->width, region->height},
            .prompts = {SQUARE, SQUARE * region->height / region->width}};
        const struct mask_cover_grid grid = {&frame,    SQUARE,    SIDE,
                                             region->x, region->y, i % 2 == 1};
        float cover[SIDE * SIDE], expected[SIDE * SIDE];
        ck_assert_int_eq(mask_cover(&grid, &masks.items[0].rle, cover, &error), 0);
        reference_cover(&grid, expected);
        for (int c = 0; c < SIDE * SIDE; c++)
            ck_assert_float_eq_tol(cover[c], expected[c], 0.02f);
    }
    mask_list_free(&masks);
}
END_TEST

START_TEST(a_mask_beyond_the_region_is_refused)
{
    struct mask_list masks = {0};
    const struct prompt_frame frame = {.region = {60, HEIGHT}, .prompts = {SQUARE, SQUARE}};
    const struct mask_cover_grid grid = {.frame = &frame, .prompt_size = SQUARE, .side = SIDE};
    float cover[SIDE * SIDE];
    add_mask(&masks, false);
    ck_assert_int_eq(mask_cover(&grid, &masks.items[0].rle, cover, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    mask_list_free(&masks);
}
END_TEST

static void draw_image(struct image *image, bool mirrored)
{
    ck_assert_int_eq(image_reserve(image, WIDTH, HEIGHT, &error), 0);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++) {
                int from = mirrored ? WIDTH - 1 - x : x;
                image->rgb[3 * (y * WIDTH + x) + c] =
                    (uint8_t)(in_mask(from, y) ? 230 - 50 * c : 2 * from + y);
            }
}

static const char *const models[] = {"tests/parity/models/vit_xs.safetensors",
                                     "tests/parity/models/hiera_xs.safetensors"};
enum { MODELS = sizeof models / sizeof *models };

/* rows[count][width] of the masks, by `threads` threads. Returns the width. */
static size_t embed(const struct sam *sam, enum mask_embedding_kind kind, int threads,
                    const struct image *image, const struct mask_list *masks, float *rows)
{
    struct generator_options options;
    generator_options_default(&options);
    struct generator *generator = generator_new(sam, &options, threads, &error);
    struct mask_embedder *embedder = mask_embedder_new(sam, kind, &error);
    ck_assert_ptr_nonnull(generator);
    ck_assert_ptr_nonnull(embedder);
    size_t width = mask_embedder_width(embedder);
    ck_assert_uint_le(width, WIDEST);
    ck_assert_int_eq(mask_embedder_begin(embedder, generator, image, &error), 0);
    ck_assert_int_eq(mask_embedder_run(embedder, generator, image, masks, rows, &error), 0);
    mask_embedder_free(embedder);
    generator_free(generator);
    return width;
}

static struct sam *load(int model)
{
    struct sam *sam;
    const struct sam_options options = {0};
    ck_assert_int_eq(sam_load(&sam, models[model], &options, &error), 0);
    return sam;
}

/* Equal masks have equal rows, of length 1; one without pixels has zeros. */
START_TEST(rows_do_not_depend_on_threads)
{
    struct sam *sam = load(_i);
    struct image image = {0};
    struct mask_list masks = {0};
    struct mask empty = {0};
    static float one[4 * WIDEST], more[4 * WIDEST];
    draw_image(&image, false);
    add_mask(&masks, false);
    add_mask(&masks, true);
    add_mask(&masks, false);
    rle_begin(&empty.rle, HEIGHT, WIDTH);
    ck_assert_int_eq(rle_end(&empty.rle, &error), 0);
    ck_assert_int_eq(mask_list_add(&masks, &empty, &error), 0);
    for (int kind = MASK_EMBEDDING_IMAGE; kind <= MASK_EMBEDDING_CROP; kind++) {
        size_t width = embed(sam, (enum mask_embedding_kind)kind, 1, &image, &masks, one);
        embed(sam, (enum mask_embedding_kind)kind, 3, &image, &masks, more);
        ck_assert_mem_eq(one, more, 4 * width * sizeof *one);
        ck_assert_mem_eq(one, one + 2 * width, width * sizeof *one);
        ck_assert_mem_ne(one, one + width, width * sizeof *one);
        double squares = 0;
        for (size_t i = 0; i < width; i++) {
            squares += (double)one[i] * (double)one[i];
            ck_assert_float_eq(one[3 * width + i], 0);
        }
        ck_assert_double_eq_tol(squares, 1, 1e-5);
    }
    mask_list_free(&masks);
    image_free(&image);
    sam_free(sam);
}
END_TEST

/* A photograph and its mirror image hold the same two crops. */
START_TEST(a_crop_and_its_mirror_image_have_one_row)
{
    struct sam *sam = load(_i);
    struct image image = {0}, mirror = {0};
    struct mask_list masks = {0}, mirrored = {0};
    static float row[WIDEST], same[WIDEST];
    draw_image(&image, false);
    draw_image(&mirror, true);
    add_mask(&masks, false);
    add_mask(&mirrored, true);
    size_t width = embed(sam, MASK_EMBEDDING_CROP, 2, &image, &masks, row);
    embed(sam, MASK_EMBEDDING_CROP, 2, &mirror, &mirrored, same);
    for (size_t i = 0; i < width; i++)
        ck_assert_float_eq_tol(row[i], same[i], 2e-4f);
    mask_list_free(&masks);
    mask_list_free(&mirrored);
    image_free(&image);
    image_free(&mirror);
    sam_free(sam);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mask embeddings");
    TCase *tests = tcase_create("mask embeddings");
    tcase_add_test(tests, a_cell_has_the_share_that_the_mask_covers);
    tcase_add_test(tests, a_mask_beyond_the_region_is_refused);
    tcase_add_loop_test(tests, rows_do_not_depend_on_threads, 0, MODELS);
    tcase_add_loop_test(tests, a_crop_and_its_mirror_image_have_one_row, 0, MODELS);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
