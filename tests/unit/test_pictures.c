/* Pictures of masks: outlines that keep the area, exact coverage, colours, labels, the painter. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "images/image.h"
#include "pictures/contact_sheet.h"
#include "pictures/contour.h"
#include "pictures/coverage.h"
#include "pictures/label.h"
#include "pictures/lettering.h"
#include "pictures/picture.h"
#include "pictures/scene.h"
#include "pictures/svg_words.h"
#include "records/record.h"
#include "sample_record.h"

enum { WIDTH = 120, HEIGHT = 90, GRAY = 100 };

/* A shape as a test of its pixels. */
typedef int shape(int x, int y);

static int disc(int x, int y)
{
    return (x - 60) * (x - 60) + (y - 45) * (y - 45) < 30 * 30;
}

static int ring(int x, int y)
{
    int square = (x - 60) * (x - 60) + (y - 45) * (y - 45);
    return square < 40 * 40 && square >= 20 * 20;
}

static int small_disc(int x, int y)
{
    return (x - 60) * (x - 60) + (y - 45) * (y - 45) < 8 * 8;
}

static int bars(int x, int y)
{
    return y > 10 && y < 80 && (x % 8) < 2;
}

static int corner(int x, int y)
{
    return x < 40 && y < 40;
}

static int one_pixel(int x, int y)
{
    return x == 7 && y == 5;
}

static int nothing(int x, int y)
{
    return x < 0 && y < 0;
}

static void add_shape(struct record *record, shape *is_inside)
{
    static uint8_t bits[HEIGHT * WIDTH];
    struct error error;
    struct mask mask = {.predicted_iou = 0.9F, .stability_score = 0.5F};
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        bits[i] = (uint8_t)(is_inside(i % WIDTH, i / WIDTH) != 0);
    ck_assert_int_eq(rle_from_bitmap(&mask.rle, bits, HEIGHT, WIDTH, WIDTH, &error), 0);
    ck_assert_int_eq(mask_list_add(&record->masks, &mask, &error), 0);
    record->width = WIDTH;
    record->height = HEIGHT;
}

static struct image gray_image(void)
{
    struct error error;
    struct image image = {0};
    ck_assert_int_eq(image_reserve(&image, WIDTH, HEIGHT, &error), 0);
    memset(image.rgb, GRAY, (size_t)WIDTH * HEIGHT * 3);
    return image;
}

static const uint8_t *at(const struct image *image, int x, int y)
{
    return image->rgb + ((size_t)y * (size_t)image->width + (size_t)x) * 3;
}

START_TEST(contours_keep_the_area_with_few_points)
{
    static shape *const shapes[] = {disc, ring, small_disc, bars, corner};
    struct error error;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct record record = {0};
        struct contour contour = {0};
        add_shape(&record, shapes[i]);
        const struct rle *rle = &record.masks.items[0].rle;
        ck_assert_int_eq(contour_trace(&contour, rle, 0.1, &error), 0);
        double sum = 0, area = (double)rle_area(rle);
        for (size_t k = 0; k < contour.count; k++)
            sum += contour_ring_area(&contour, k);
        ck_assert_double_eq_tol(sum, area, 0.002 * area);
        contour_free(&contour);
        record_free(&record);
    }
}
END_TEST

START_TEST(contours_lie_near_the_border)
{
    struct error error;
    struct record record = {0};
    struct contour contour = {0};
    add_shape(&record, disc);
    ck_assert_int_eq(contour_trace(&contour, &record.masks.items[0].rle, 0.1, &error), 0);
    ck_assert_uint_eq(contour.count, 1);
    ck_assert_uint_lt(contour.points, 80); /* of 236 pixel edges */
    for (size_t i = 0; i < contour.points; i++) {
        double dx = (double)contour.xy[i][0] - 60.5, dy = (double)contour.xy[i][1] - 45.5;
        ck_assert_double_eq_tol(sqrt(dx * dx + dy * dy), 29.8, 0.5);
    }
    contour_free(&contour);
    record_free(&record);
}
END_TEST

START_TEST(contours_of_nothing_and_of_one_pixel)
{
    struct error error;
    struct record record = {0};
    struct contour contour = {0};
    add_shape(&record, nothing);
    add_shape(&record, one_pixel);
    ck_assert_int_eq(contour_trace(&contour, &record.masks.items[0].rle, 0.1, &error), 0);
    ck_assert_uint_eq(contour.count, 0);
    ck_assert_int_eq(contour_trace(&contour, &record.masks.items[1].rle, 0.1, &error), 0);
    ck_assert_uint_eq(contour.count, 1);
    ck_assert_double_eq_tol(contour_ring_area(&contour, 0), 1, 0.05);
    contour_free(&contour);
    record_free(&record);
}
END_TEST

/* The contour of a rectangle, made by hand. */
static struct contour rectangle(float left, float top, float right, float bottom)
{
    static float xy[4][2];
    static struct contour_ring one;
    const float corners[4][2] = {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
    memcpy(xy, corners, sizeof xy);
    one = (struct contour_ring){0, 4, top, bottom};
    return (struct contour){.rings = &one, .count = 1, .xy = xy, .points = 4};
}

START_TEST(coverage_is_the_share_of_a_pixel)
{
    struct error error;
    struct coverage coverage = {0};
    const struct rect all = {0, 0, 10, 8};
    struct contour contour = rectangle(1.25F, 2, 7.5F, 5.5F);
    ck_assert_int_eq(coverage_begin(&coverage, all, all, &error), 0);
    coverage_fill(&coverage, &contour);
    static const uint8_t row[10] = {0, 191, 255, 255, 255, 255, 255, 128, 0, 0};
    ck_assert_mem_eq(coverage.pixels + 3 * 10, row, 10);
    ck_assert_int_eq(coverage.pixels[5 * 10 + 4], 128);
    ck_assert_int_eq(coverage.pixels[5 * 10 + 7], 64);
    ck_assert_int_eq(coverage.pixels[6 * 10 + 4], 0);
    coverage_free(&coverage);
}
END_TEST

/* Bands of a picture say the same as the whole. */
START_TEST(coverage_does_not_depend_on_the_band)
{
    struct error error;
    struct record record = {0};
    struct contour contour = {0};
    struct coverage whole = {0}, band = {0};
    const struct rect all = {0, 0, WIDTH, HEIGHT};
    add_shape(&record, ring);
    ck_assert_int_eq(contour_trace(&contour, &record.masks.items[0].rle, 0.1, &error), 0);
    for (int lines = 0; lines < 2; lines++) {
        ck_assert_int_eq(coverage_begin(&whole, all, all, &error), 0);
        coverage_lines(&whole, 3);
        coverage_outline(&whole, &contour, 0, all);
        lines ? coverage_ink(&whole, 3) : coverage_fill(&whole, &contour);
        for (int32_t y = 0; y < HEIGHT; y += 7) {
            const struct rect part = {0, y, WIDTH, y + 7 < HEIGHT ? 7 : HEIGHT - y};
            ck_assert_int_eq(coverage_begin(&band, part, all, &error), 0);
            coverage_lines(&band, 3);
            coverage_outline(&band, &contour, 0, all);
            lines ? coverage_ink(&band, 3) : coverage_fill(&band, &contour);
            ck_assert_mem_eq(band.pixels, whole.pixels + (size_t)y * WIDTH,
                             (size_t)part.height * WIDTH);
        }
    }
    coverage_free(&whole);
    coverage_free(&band);
    contour_free(&contour);
    record_free(&record);
}
END_TEST

START_TEST(lines_have_their_width)
{
    struct error error;
    struct coverage coverage = {0};
    const struct rect all = {0, 0, 20, 9};
    const float a[2] = {3, 4.5F}, b[2] = {17, 4.5F};
    ck_assert_int_eq(coverage_begin(&coverage, all, all, &error), 0);
    coverage_lines(&coverage, 4);
    coverage_line(&coverage, a, b);
    for (int width = 1; width <= 4; width++) {
        coverage_ink(&coverage, width);
        int sum = 0;
        for (int y = 0; y < 9; y++)
            sum += coverage.pixels[y * 20 + 10];
        ck_assert_int_ge(sum, 255 * width - 3);
        ck_assert_int_le(sum, 255 * width + 3);
        ck_assert_int_eq(coverage.pixels[0], 0);
    }
    coverage_free(&coverage);
}
END_TEST

START_TEST(colours_depend_on_the_place_and_differ)
{
    static const char *const names[] = {"bright", "pastel", "dark", "okabe-ito"};
    enum palette palette;
    ck_assert(!palette_find("neon", &palette));
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        uint8_t colours[7][3];
        ck_assert(palette_find(names[n], &palette));
        for (size_t i = 0; i < 7; i++) {
            const struct palette_mask mask = {i, true, (float)i / 7};
            palette_colour(palette, &mask, colours[i]);
            for (size_t j = 0; j < i; j++)
                ck_assert_int_gt(abs(colours[i][0] - colours[j][0]) +
                                     abs(colours[i][1] - colours[j][1]) +
                                     abs(colours[i][2] - colours[j][2]),
                                 20);
        }
    }
}
END_TEST

/* Colours of matplotlib's table. */
START_TEST(colours_are_those_of_their_sources)
{
    uint8_t rgb[3];
    const struct palette_mask low = {3, true, -0.2F}, high = {3, true, 1.0F},
                              middle = {3, true, 0.70710678F};
    const struct palette_mask without = {.place = 3};
    static const uint8_t darkest[3] = {0x44, 0x01, 0x54}, brightest[3] = {0xFD, 0xE7, 0x25};
    static const uint8_t central[3] = {0x21, 0x91, 0x8C}, gray[3] = {0x99, 0x99, 0x99};
    palette_colour(PALETTE_SCORES, &low, rgb);
    ck_assert_mem_eq(rgb, darkest, 3);
    palette_colour(PALETTE_SCORES, &high, rgb);
    ck_assert_mem_eq(rgb, brightest, 3);
    palette_colour(PALETTE_SCORES, &middle, rgb);
    ck_assert_mem_eq(rgb, central, 3);
    palette_colour(PALETTE_SCORES, &without, rgb);
    ck_assert_mem_eq(rgb, gray, 3);
}
END_TEST

START_TEST(labels_lie_in_what_is_seen_of_a_mask)
{
    struct error error;
    struct record record = {0};
    struct label labels[3];
    const size_t order[3] = {0, 1, 2};
    add_shape(&record, disc);
    add_shape(&record, small_disc); /* in the middle of it */
    add_shape(&record, one_pixel);
    ck_assert_int_eq(label_place(labels, &record, order, 3, LABELS_NUMBER, &error), 0);
    ck_assert_str_eq(labels[0].text, "0");
    ck_assert(disc(labels[0].x, labels[0].y) && !small_disc(labels[0].x, labels[0].y));
    ck_assert_double_gt(labels[0].radius, 9);
    ck_assert_int_eq(labels[1].x, 60);
    ck_assert_int_eq(labels[1].y, 45);
    ck_assert_int_eq(labels[2].x, 7);
    ck_assert_int_eq(label_place(labels, &record, order, 3, LABELS_IOU, &error), 0);
    ck_assert_str_eq(labels[2].text, "0.90");
    ck_assert_int_eq(label_place(labels, &record, order, 3, LABELS_STABILITY, &error), 0);
    ck_assert_str_eq(labels[2].text, "0.50");
    ck_assert_int_eq(label_place(labels, &record, order, 3, LABELS_AREA, &error), 0);
    ck_assert_str_eq(labels[2].text, "1");
    ck_assert_int_eq(record_set_category(&record, order[1], "a cat & <dog>", &error), 0);
    ck_assert_int_eq(
        record_set_category(&record, order[2], "the longest name of a class there is", &error), 0);
    ck_assert_int_eq(label_place(labels, &record, order, 3, LABELS_CLASS, &error), 0);
    ck_assert_str_eq(labels[0].text, "");
    ck_assert_str_eq(labels[1].text, "a cat & <dog>");
    ck_assert_ptr_nonnull(strstr(labels[2].text, "..."));
    ck_assert_int_eq(label_place(labels, &record, order, 3, LABELS_NONE, &error), 0);
    ck_assert_str_eq(labels[0].text, "");
    record_free(&record);
}
END_TEST

/* The masks before a mask are not gone through for each. */
START_TEST(many_masks_are_labelled_at_once)
{
    enum { SIDE = 400, COUNT = SIDE * SIDE / 2 };
    struct error error;
    struct record record = sample_empty("a.png", SIDE, SIDE);
    size_t *order = calloc(COUNT, sizeof *order);
    struct label *labels = calloc(COUNT, sizeof *labels);
    for (uint32_t i = 0; i < COUNT; i++) {
        struct mask mask = {.area = 1};
        const uint32_t range[2] = {2 * i, 2 * i + 1};
        ck_assert_int_eq(rle_from_ranges(&mask.rle, SIDE, SIDE, range, 1, &error), 0);
        ck_assert_int_eq(mask_list_add(&record.masks, &mask, &error), 0);
        order[i] = i;
    }
    ck_assert_int_eq(label_place(labels, &record, order, COUNT, LABELS_NUMBER, &error), 0);
    ck_assert_int_eq(labels[COUNT - 1].x, SIDE - 1);
    ck_assert_int_eq(labels[COUNT - 1].y, SIDE - 2);
    ck_assert_str_eq(labels[7].text, "7");
    free(order);
    free(labels);
    record_free(&record);
}
END_TEST

START_TEST(every_letter_is_drawn)
{
    struct error error;
    struct coverage coverage = {0};
    const struct rect all = {0, 0, 40, 40};
    const float start[2] = {6, 26};
    for (int letter = '!'; letter <= '~'; letter++) {
        const char text[2] = {(char)letter, 0};
        unsigned sum = 0;
        ck_assert_int_eq(coverage_begin(&coverage, all, all, &error), 0);
        coverage_lines(&coverage, 2);
        lettering_draw(&coverage, text, start, 18);
        coverage_ink(&coverage, 2);
        for (int i = 0; i < 40 * 40; i++) {
            sum += coverage.pixels[i];
            int x = i % 40, y = i / 40;
            if (coverage.pixels[i])
                ck_assert_msg(x >= 4 && x < 26 && y >= 6 && y < 34, "%c at %d, %d", letter, x, y);
        }
        ck_assert_uint_gt(sum, 2 * 255);
    }
    coverage_free(&coverage);
}
END_TEST

START_TEST(long_names_lose_their_middle)
{
    char text[64];
    double most = lettering_width("0123...wxyz", 10);
    lettering_shorten("0123456789abcdefghijklmnopqrstuvwxyz", 10, most, text, sizeof text);
    ck_assert_double_le(lettering_width(text, 10), most);
    ck_assert_ptr_nonnull(strstr(text, "..."));
    ck_assert_int_eq(text[0], '0');
    ck_assert_int_eq(text[strlen(text) - 1], 'z');
    lettering_shorten("short", 10, most, text, sizeof text);
    ck_assert_str_eq(text, "short");
    lettering_shorten("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc", 10,
                      lettering_width("????..", 10), text, sizeof text);
    ck_assert_int_eq(text[0], '\xc3');
    ck_assert_int_eq(text[1], '\xa4');
}
END_TEST

/* A record may call its image anything. Work that grows with the square of the length would take hours. */
START_TEST(names_of_millions_of_letters_are_shortened_at_once)
{
    enum { LENGTH = 20000000 };
    char *name = malloc(LENGTH + 1), *text = malloc(LENGTH + 1);
    ck_assert(name && text);
    memset(name, 'a', LENGTH);
    name[LENGTH - 1] = 'z';
    name[LENGTH] = '\0';
    double most = lettering_width("aaaa...aaaz", 10);
    lettering_shorten(name, 10, most, text, LENGTH + 1);
    ck_assert_str_eq(text, "aaaa...aaaz");
    struct json_text words = {0};
    svg_words_text(&words, name);
    ck_assert_uint_eq(words.used, LENGTH);
    json_text_free(&words);
    free(name);
    free(text);
}
END_TEST

/* A picture of the masks over gray; alpha 1 and no outlines unless said. */
static struct image painted(const struct record *record, double alpha, double outline)
{
    struct error error = {0};
    struct image photograph = gray_image(), canvas = {0};
    const struct picture_options options = {.style = {.outline = outline, .alpha = alpha}};
    ck_assert_int_eq(picture_make(&canvas, &photograph, record, &options, 0, &error), 0);
    ck_assert_int_eq(canvas.width, WIDTH);
    ck_assert_int_eq(canvas.height, HEIGHT);
    image_free(&photograph);
    return canvas;
}

START_TEST(masks_are_painted_over_the_photograph)
{
    struct record record = {0};
    uint8_t large[3], small[3];
    static const uint8_t gray[3] = {GRAY, GRAY, GRAY};
    add_shape(&record, small_disc); /* in the middle of the next */
    add_shape(&record, disc);
    palette_colour(PALETTE_BRIGHT, &(struct palette_mask){.place = 0}, small);
    palette_colour(PALETTE_BRIGHT, &(struct palette_mask){.place = 1}, large);
    struct image image = painted(&record, 1, 0);
    ck_assert_mem_eq(at(&image, 5, 5), gray, 3);
    ck_assert_mem_eq(at(&image, 60, 45), small, 3);
    ck_assert_mem_eq(at(&image, 60, 25), large, 3);
    image_free(&image);
    image = painted(&record, 0.5, 0);
    for (int c = 0; c < 3; c++) {
        int half = (GRAY + large[c]) / 2;
        ck_assert_int_le(abs(at(&image, 60, 25)[c] - half), 1);
        /* Where both are: more colour, of the smaller for the most part. */
        double layer = 0.5 / 0.75, colour = 0.75 * small[c] + 0.25 * 0.75 * large[c];
        double both = GRAY * (1 - layer * 0.9375) + layer * colour;
        ck_assert_double_eq_tol(at(&image, 60, 45)[c], both, 1);
    }
    image_free(&image);
    record_free(&record);
}
END_TEST

START_TEST(outlines_are_crisp_and_smooth)
{
    struct record record = {0};
    uint8_t colour[3];
    static const uint8_t gray[3] = {GRAY, GRAY, GRAY};
    add_shape(&record, corner); /* its right border is x = 40, its lower one y = 40 */
    palette_colour(PALETTE_BRIGHT, &(struct palette_mask){.place = 0}, colour);
    struct image image = painted(&record, 0, 2);
    for (int c = 0; c < 3; c++) { /* two pixels wide; the line may lie a hundredth beside */
        ck_assert_int_le(abs(at(&image, 39, 20)[c] - colour[c]), 8);
        ck_assert_int_le(abs(at(&image, 40, 20)[c] - colour[c]), 8);
        ck_assert_int_le(abs(at(&image, 20, 40)[c] - colour[c]), 8);
    }
    ck_assert_mem_eq(at(&image, 36, 20), gray, 3); /* nothing within, for alpha is 0 */
    ck_assert_mem_eq(at(&image, 43, 20), gray, 3);
    ck_assert_mem_eq(at(&image, 0, 20), gray, 3); /* nor along the border of the image */
    ck_assert_mem_eq(at(&image, 20, 0), gray, 3);
    ck_assert_int_lt(at(&image, 41, 20)[1], GRAY); /* the dark rim */
    image_free(&image);
    image = painted(&record, 0, 0);
    ck_assert_mem_eq(at(&image, 39, 20), gray, 3);
    image_free(&image);
    record_free(&record);
}
END_TEST

START_TEST(only_some_masks_in_the_same_colours)
{
    struct error error;
    struct record record = {0};
    const int64_t only[] = {1};
    struct scene all, some;
    const struct scene_frame frame = {{0, 0}, {1, 1}, WIDTH};
    struct picture_style style = {.outline = -1, .alpha = 0.5};
    add_shape(&record, disc);
    add_shape(&record, small_disc);
    add_shape(&record, nothing);
    ck_assert_int_eq(scene_make(&all, &record, &style, &frame, &error), 0);
    style.only = only;
    style.only_count = 1;
    ck_assert_int_eq(scene_make(&some, &record, &style, &frame, &error), 0);
    ck_assert_uint_eq(all.count, 2);
    ck_assert_uint_eq(all.masks[0].place, 0);
    ck_assert_uint_eq(some.count, 1);
    ck_assert_uint_eq(some.masks[0].place, 1);
    ck_assert_mem_eq(some.masks[0].rgb, all.masks[1].rgb, 3);
    scene_free(&all);
    scene_free(&some);
    record_free(&record);
}
END_TEST

START_TEST(layouts_fit_the_size_that_is_asked_for)
{
    struct picture_options options = {.size = 0};
    struct picture_layout layout = picture_layout(&options, (struct size){600, 400}, 0);
    ck_assert_int_eq(layout.whole.width, 600);
    options.size = 300;
    layout = picture_layout(&options, (struct size){600, 400}, 0);
    ck_assert_int_eq(layout.masked.width, 300);
    ck_assert_int_eq(layout.masked.height, 200);
    options.side_by_side = true;
    layout = picture_layout(&options, (struct size){600, 400}, 0);
    ck_assert_int_le(layout.whole.width, 300);
    ck_assert_int_ge(layout.whole.width, 297);
    ck_assert_int_gt(layout.masked.x, layout.masked.width);
    options = (struct picture_options){.size = 0};
    layout = picture_layout(&options, (struct size){70000, 2}, PICTURE_JPEG_SIDE);
    ck_assert_int_eq(layout.whole.width, PICTURE_JPEG_SIDE);
    ck_assert_int_ge(layout.whole.height, 1);
}
END_TEST

/* More pictures than there is room for are refused: nothing is drawn beside the canvas. */
START_TEST(sheets_have_room_for_their_pictures)
{
    static const struct {
        size_t count;
        struct contact_sheet_options options;
    } cases[] = {{1, {0, 0}},       {1000, {0, 0}},    {1000, {65500, 1}}, {1, {12, 0}},
                 {1000, {0, 1}},    {1000, {0, 1000}}, {1000, {100, 0}},   {1000, {1, 1}},
                 {10000, {300, 0}}, {150, {2400, 150}}};
    enum { FITTING = 3 };
    struct size sizes[10000];
    for (size_t i = 0; i < 10000; i++)
        sizes[i] = (struct size){i % 3 ? 64 : 10000, 48};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error;
        struct contact_sheet sheet = {0};
        int status = contact_sheet_make(&sheet, sizes, cases[i].count, &cases[i].options, &error);
        ck_assert_msg(status == (i < FITTING ? 0 : -1), "case %zu", i);
        if (status)
            ck_assert_int_eq(error.code, ERROR_USAGE);
        for (size_t k = 0; status == 0 && k < cases[i].count; k++) {
            const struct rect *place = &sheet.places[k];
            ck_assert_int_ge(place->x, 0);
            ck_assert_int_ge(place->y, 0);
            ck_assert_int_gt(place->width, 0);
            ck_assert_int_gt(place->height, 0);
            ck_assert_int_le(place->x + place->width, sheet.canvas.width);
            ck_assert_int_le(place->y + place->height, sheet.canvas.height);
        }
        contact_sheet_free(&sheet);
    }
}
END_TEST

START_TEST(overlays_are_of_the_image_size_and_repeat)
{
    struct error error = {0};
    struct image image = gray_image(), read = {0};
    struct record record = {.width = WIDTH, .height = HEIGHT};
    const struct picture_style style = {.outline = -1, .alpha = 0.45, .labels = LABELS_NUMBER};
    uint8_t *bytes, *again;
    size_t size, again_size;
    ck_assert_int_eq(picture_overlay(&image, &record, &style, &bytes, &size, &error), 0);
    memory_free(bytes); /* without masks */
    add_shape(&record, disc);
    add_shape(&record, one_pixel);
    add_shape(&record, nothing);
    ck_assert_int_eq(picture_overlay(&image, &record, &style, &bytes, &size, &error), 0);
    ck_assert_int_eq(picture_overlay(&image, &record, &style, &again, &again_size, &error), 0);
    ck_assert_uint_eq(size, again_size);
    ck_assert_mem_eq(bytes, again, size);
    ck_assert_int_eq(image_read_memory(bytes, size, "overlay", NULL, &read, &error), 0);
    ck_assert_int_eq(read.width, WIDTH);
    ck_assert_int_eq(read.height, HEIGHT);
    memory_free(bytes);
    memory_free(again);
    record_free(&record);
    image_free(&image);
    image_free(&read);
}
END_TEST

/* JPEGs have at most 65,500 pixels a side. */
START_TEST(long_images_are_reduced)
{
    enum { LONG = PICTURE_JPEG_SIDE + 5000 };
    static uint8_t rgb[LONG * 3 * 3];
    struct error error = {0};
    struct image wide = {LONG, 3, rgb, 0}, tall = {3, LONG, rgb, 0}, read = {0};
    struct record record = {.width = LONG, .height = 3};
    const struct picture_style style = {.outline = -1, .alpha = 0.45};
    uint8_t *bytes;
    size_t size;
    memset(rgb, GRAY, sizeof rgb);
    ck_assert_int_eq(picture_overlay(&wide, &record, &style, &bytes, &size, &error), 0);
    ck_assert_int_eq(image_read_memory(bytes, size, "wide", NULL, &read, &error), 0);
    ck_assert_int_eq(read.width, PICTURE_JPEG_SIDE);
    ck_assert_int_eq(read.height, 3);
    ck_assert_uint_eq(read.rgb[3000], GRAY);
    memory_free(bytes);
    record = (struct record){.width = 3, .height = LONG};
    ck_assert_int_eq(picture_overlay(&tall, &record, &style, &bytes, &size, &error), 0);
    ck_assert_int_eq(image_read_memory(bytes, size, "tall", NULL, &read, &error), 0);
    ck_assert_int_eq(read.height, PICTURE_JPEG_SIDE);
    memory_free(bytes);
    image_free(&read);
}
END_TEST

int main(void)
{
    struct error error;
    if (image_library_start(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("pictures");
    TCase *tests = tcase_create("pictures");
    tcase_add_test(tests, contours_keep_the_area_with_few_points);
    tcase_add_test(tests, contours_lie_near_the_border);
    tcase_add_test(tests, contours_of_nothing_and_of_one_pixel);
    tcase_add_test(tests, coverage_is_the_share_of_a_pixel);
    tcase_add_test(tests, coverage_does_not_depend_on_the_band);
    tcase_add_test(tests, lines_have_their_width);
    tcase_add_test(tests, colours_depend_on_the_place_and_differ);
    tcase_add_test(tests, colours_are_those_of_their_sources);
    tcase_add_test(tests, labels_lie_in_what_is_seen_of_a_mask);
    tcase_add_test(tests, many_masks_are_labelled_at_once);
    tcase_add_test(tests, every_letter_is_drawn);
    tcase_add_test(tests, long_names_lose_their_middle);
    tcase_add_test(tests, masks_are_painted_over_the_photograph);
    tcase_add_test(tests, outlines_are_crisp_and_smooth);
    tcase_add_test(tests, only_some_masks_in_the_same_colours);
    tcase_add_test(tests, names_of_millions_of_letters_are_shortened_at_once);
    tcase_add_test(tests, layouts_fit_the_size_that_is_asked_for);
    tcase_add_test(tests, sheets_have_room_for_their_pictures);
    tcase_add_test(tests, overlays_are_of_the_image_size_and_repeat);
    tcase_add_test(tests, long_images_are_reduced);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_library_stop();
    return status;
}
