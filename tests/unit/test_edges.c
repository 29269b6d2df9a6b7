/* Edges: planes of logits, strengths along borders, suppression, thinning, and pairs of pixels. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/edges/edge_match.h"
#include "filters/edges/edge_nms.h"
#include "filters/edges/edge_strength.h"
#include "filters/edges/edge_thin.h"
#include "filters/mask.h"
#include "filters/scan/scan.h"
#include "filters/scan/scan_plane.h"
#include "program/eval/edge_scores.h"
#include "program/eval/segments.h"

enum { LOW = 32, INPUT = 128 };

static struct error error;

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Smooth blobs, so that a mask has a few parts. */
static void draw_logits(float *logits, uint32_t seed)
{
    const double a = next(&seed) % 7 + 3, b = next(&seed) % 7 + 3, c = next(&seed) % 6;
    for (int y = 0; y < LOW; y++)
        for (int x = 0; x < LOW; x++)
            logits[y * LOW + x] = (float)(4 * sin(x / a + c) * cos(y / b) + 0.3);
}

/* The plane's signs are the scan's mask. */
static void compare_with_scan(const struct scan_size *size, uint32_t seed)
{
    float logits[LOW * LOW];
    struct mask mask = {0};
    struct scan_window window;
    struct scan_geometry *geometry = scan_geometry_new(size, &error);
    struct scan_scratch *scratch = scan_scratch_new(&error);
    const size_t pixels = (size_t)size->crop_width * (size_t)size->crop_height;
    uint8_t *bits = calloc(pixels, 1);
    const struct scan_options options = {0};
    draw_logits(logits, seed);
    ck_assert_int_eq(scan_mask(geometry, scratch, logits, &options, &mask, &error), 1);
    rle_to_bitmap(&mask.rle, bits, (size_t)size->crop_width);
    const struct rect parts[] = {
        {0, 0, size->crop_width, size->crop_height},
        {size->crop_width / 3, size->crop_height / 2, size->crop_width / 2, 5}};
    for (size_t p = 0; p < 2; p++) {
        const struct rect *rect = &parts[p];
        ck_assert_int_eq(scan_plane(geometry, logits, *rect, &window, &error), 0);
        for (int y = 0; y < rect->height; y++)
            for (int x = 0; x < rect->width; x++) {
                const float logit = window.values[y * rect->width + x];
                if (fabsf(logit) > 1e-4F)
                    ck_assert_int_eq(logit > 0,
                                     bits[(rect->y + y) * size->crop_width + rect->x + x]);
            }
        memory_free(window.values);
    }
    free(bits);
    rle_free(&mask.rle);
    scan_scratch_free(scratch);
    scan_geometry_free(geometry);
}

START_TEST(a_plane_has_the_logits_of_each_pixel)
{
    const struct scan_size twice = {LOW, INPUT, 80, INPUT, 50, 91};
    const struct scan_size once = scan_size_direct(LOW, (struct size){75, 40});
    for (uint32_t seed = 1; seed < 6; seed++) {
        compare_with_scan(&twice, seed);
        compare_with_scan(&once, seed);
    }
}
END_TEST

/* A mask whose border is the line between columns 15 and 16. */
START_TEST(edges_are_along_the_border_alone)
{
    float logits[LOW * LOW], map[LOW * LOW] = {0};
    const struct scan_size size = scan_size_direct(LOW, (struct size){LOW, LOW});
    struct scan_geometry *geometry = scan_geometry_new(&size, &error);
    for (int y = 0; y < LOW; y++)
        for (int x = 0; x < LOW; x++)
            logits[y * LOW + x] = x < 16 ? (x < 4 ? 9 : 2) : -2;
    const struct edge_mask mask = {geometry, logits, 0, {0, 0, 15, LOW - 1}};
    ck_assert_int_eq(edge_strength_add(&mask, (struct size){LOW, LOW}, map, &error), 0);
    const float step = 1 / (1 + expf(-2)) - 1 / (1 + expf(2));
    for (int y = 0; y < LOW; y++)
        for (int x = 0; x < LOW; x++)
            ck_assert_float_eq_tol(map[y * LOW + x], x == 15 || x == 16 ? 4 * step : 0, 1e-5F);

    /* A weaker mask changes nothing; after normalising, the strongest edge is 1. */
    for (int i = 0; i < LOW * LOW; i++)
        logits[i] /= 4;
    ck_assert_int_eq(edge_strength_add(&mask, (struct size){LOW, LOW}, map, &error), 0);
    ck_assert_float_eq_tol(map[15], 4 * step, 1e-5F);
    edge_strength_normalise((struct size){LOW, LOW}, map);
    ck_assert_float_eq(map[15], 1);
    scan_geometry_free(geometry);
}
END_TEST

/* A slanted ridge is one pixel wide afterwards, and where it was strongest. */
START_TEST(suppression_leaves_the_crest)
{
    enum { SIDE = 40 };
    float map[SIDE * SIDE];
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const double distance = x - (10 + 0.5 * y);
            map[y * SIDE + x] = (float)exp(-distance * distance / 4);
        }
    ck_assert_int_eq(edge_nms((struct size){SIDE, SIDE}, map, &error), 0);
    for (int y = 8; y < SIDE - 8; y++) {
        int left = 0;
        for (int x = 0; x < SIDE; x++)
            if (map[y * SIDE + x] > 0.2F) {
                ck_assert_double_le(fabs(x - (10 + 0.5 * y)), 1);
                left++;
            }
        ck_assert_int_ge(left, 1);
        ck_assert_int_le(left, 2);
    }
    ck_assert_float_eq(map[10], 0); /* at the image's edge */
}
END_TEST

/* The pictures of bwmorph(..., 'thin', Inf) for these shapes. */
START_TEST(thinning_keeps_lines_whole)
{
    enum { WIDTH = 11, HEIGHT = 5 };
    static const char before[] = "..........."
                                 ".#########."
                                 ".#########."
                                 ".#########."
                                 "..........#";
    uint8_t map[WIDTH * HEIGHT];
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        map[i] = before[i] == '#';
    ck_assert_int_eq(edge_thin((struct size){WIDTH, HEIGHT}, map, &error), 0);
    int left = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        left += map[i];
    for (int x = 3; x < 8; x++)
        ck_assert_int_eq(map[2 * WIDTH + x], 1);
    ck_assert_int_eq(map[4 * WIDTH + 10], 1); /* the end of the line, which hangs on by a corner */
    ck_assert_int_eq(map[3 * WIDTH + 9], 1);
    ck_assert_int_le(left, 11);

    uint8_t square[3 * 3] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, dot[1] = {1};
    ck_assert_int_eq(edge_thin((struct size){3, 3}, square, &error), 0);
    ck_assert_int_eq(square[4], 1);
    for (int i = 0; i < 9; i++)
        ck_assert_int_eq(square[i], i == 4);
    ck_assert_int_eq(edge_thin((struct size){1, 1}, dot, &error), 0);
    ck_assert_int_eq(dot[0], 1);
}
END_TEST

/* ---- the largest matching by trying all ---- */

enum { SIDE = 5 };

static bool near_each_other(int a, int b, double farthest)
{
    const int dx = a % SIDE - b % SIDE, dy = a / SIDE - b / SIDE;
    return dx * dx + dy * dy <= farthest * farthest;
}

static int most_pairs(const uint8_t *found, const uint8_t *truth, double farthest, int from,
                      uint32_t used)
{
    while (from < SIDE * SIDE && !found[from])
        from++;
    if (from == SIDE * SIDE)
        return 0;
    int best = most_pairs(found, truth, farthest, from + 1, used);
    for (int b = 0; b < SIDE * SIDE; b++)
        if (truth[b] && !(used >> b & 1) && near_each_other(from, b, farthest)) {
            const int with =
                1 + most_pairs(found, truth, farthest, from + 1, used | (uint32_t)1 << b);
            best = with > best ? with : best;
        }
    return best;
}

START_TEST(no_more_pairs_are_possible)
{
    uint32_t state = 7;
    const double distances[] = {0, 1, 1.5, 2.3};
    for (int round = 0; round < 300; round++) {
        const double farthest = distances[round % 4];
        uint8_t found[SIDE * SIDE], truth[SIDE * SIDE], matched[SIDE * SIDE] = {0};
        for (int i = 0; i < SIDE * SIDE; i++) {
            found[i] = next(&state) % 4 == 0;
            truth[i] = next(&state) % 4 == 0;
        }
        struct edge_match *match = edge_match_new((struct size){SIDE, SIDE}, farthest, &error);
        const size_t pairs = edge_match_pairs(match, found, truth, matched);
        ck_assert_int_eq((int)pairs, most_pairs(found, truth, farthest, 0, 0));
        size_t set = 0;
        for (int i = 0; i < SIDE * SIDE; i++) {
            ck_assert_int_le(matched[i], found[i]);
            set += matched[i];
        }
        ck_assert_uint_eq(set, pairs);
        edge_match_free(match);
    }
}
END_TEST

/* Two annotators, who halve the image, one with a line that the map has, one with another. */
START_TEST(scores_count_every_annotator)
{
    enum { WIDTH = 60, HEIGHT = 40 };
    static float map[WIDTH * HEIGHT];
    const char text[] =
        "{\"image\": {\"width\": 60, \"height\": 40}, \"annotations\": ["
        "{\"annotator\": 0, \"segmentation\": {\"size\": [40, 60], \"counts\": [0, 1200, 1200]}},"
        "{\"annotator\": 4, \"segmentation\": {\"size\": [40, 60], \"counts\": [0, 400, 2000]}}]}";
    struct segments segments = {0};
    struct edge_scores scores = {0};
    ck_assert_int_eq(segments_parse(&segments, text, sizeof text - 1, &error), 0);
    for (int y = 0; y < HEIGHT; y++)
        map[y * WIDTH + 29] = 0.5F; /* the border is in column 29, left of the next segment */
    ck_assert_int_eq(edge_scores_add(&scores, map, &segments, 2, &error), 0);
    const struct edge_counts *low = &scores.sums[0], *high = &scores.sums[EDGE_THRESHOLDS - 1];
    ck_assert_double_eq(low->recalled, HEIGHT);
    ck_assert_double_eq(low->true_pixels, 2 * HEIGHT);
    ck_assert_double_eq(low->precise, HEIGHT);
    ck_assert_double_eq(low->pixels, HEIGHT);
    ck_assert_double_eq(high->pixels, 0);
    const struct edge_figures figures = edge_scores_figures(&scores);
    ck_assert_double_eq_tol(figures.ods, 2 * 0.5 / 1.5, 1e-12);
    ck_assert_double_eq_tol(figures.ois, 2 * 0.5 / 1.5, 1e-12);
    ck_assert_double_eq_tol(figures.r50, 0.25, 0.26); /* between none and half */
    ck_assert_double_le(figures.ods_threshold, 0.5);
    segments_free(&segments);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edges");
    TCase *tests = tcase_create("edges");
    tcase_add_test(tests, a_plane_has_the_logits_of_each_pixel);
    tcase_add_test(tests, edges_are_along_the_border_alone);
    tcase_add_test(tests, suppression_leaves_the_crest);
    tcase_add_test(tests, thinning_keeps_lines_whole);
    tcase_add_test(tests, no_more_pairs_are_possible);
    tcase_add_test(tests, scores_count_every_annotator);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
