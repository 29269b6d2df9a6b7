/* What is known of an image: read, found by its image, kept, and respected by what the grid finds. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "filters/known_masks.h"
#include "filters/mask.h"
#include "images/image.h"
#include "model/builtin.h"
#include "model/sam.h"
#include "pipeline/finish.h"
#include "pipeline/generate.h"
#include "pipeline/options.h"
#include "pipeline/predictor.h"
#include "records/known_file.h"
#include "records/known_index.h"
#include "records/record.h"
#include "records/record_known.h"
#include "rle/rle.h"
#include "sample_record.h"

static struct error error;

/* ---- reading ---- */

#define LEFT "\"segmentation\": {\"size\": [2, 4], \"counts\": [0, 4, 4]}"

static int parse(struct record_known *known, const char *text)
{
    const struct record_source source = {.bytes = text, .length = strlen(text), .name = "a"};
    error = (struct error){0};
    return record_known_parse(known, &source, (struct size){4, 2}, &error);
}

START_TEST(annotations_stay_byte_for_byte)
{
    struct record_known known;
    struct record record = sample_empty("a.jpg", 4, 2);
    size_t length;
    ck_assert_int_eq(parse(&known, "{\"image\": {\"width\": 4, \"height\": 2}, \"annotations\": [\n"
                                   "{ \"annotator\":7,\"id\" : 12, " LEFT ",\t\"area\": 1e0 } ,"
                                   "{" LEFT ", \"source\": \"grid\"},"
                                   "{" LEFT ", \"source\": \"flickr\", \"id\": 3}]}"),
                     0);
    ck_assert_uint_eq(known.record.masks.count, 3);
    ck_assert_int_eq(known.record.masks.items[0].source, MASK_SOURCE_KNOWN);
    ck_assert_int_eq(known.record.masks.items[1].source, MASK_SOURCE_GRID);
    sample_draw(&record, "...#....")->source = MASK_SOURCE_GRID;
    ck_assert_int_eq(record_known_join(&known, &record, &error), 0);
    char *text = record_text(&record, 0, &length, &error);
    ck_assert_ptr_nonnull(strstr(text, "[{ \"annotator\":7,\"id\" : 12, " LEFT ",\t\"area\": 1e0 "
                                       ", \"source\": \"known\"}, {" LEFT
                                       ", \"source\": \"grid\", \"id\": 13}, {" LEFT
                                       ", \"source\": \"flickr\", \"id\": 3}, {\"segmentation\""));
    ck_assert_ptr_nonnull(strstr(text, "\"id\": 14, \"source\": \"grid\"}]}"));
    free(text);
    record_known_free(&known);
    record_free(&record);
}
END_TEST

START_TEST(boxes_keep_their_members)
{
    struct record_known known;
    struct record record = sample_empty("a.jpg", 4, 2);
    size_t length;
    ck_assert_int_eq(
        parse(&known, "[{\"bbox\": [-1, 0.5, 3.0, 9], \"category_id\": 18, \"category\": \"cat\", "
                      "\"score\": 0.236, \"named in more than thirty-two bytes\":\"\\u00e9\", "
                      "\"\\u00e9\" : 1, \"\\u0062ox\": 2},"
                      "{" LEFT ", \"id\": 0},"
                      "{\"segmentation\": [], \"area\": 3, \"bbox\": [1, 1, 1, 1], \"id\": 5}]"),
        0);
    ck_assert_uint_eq(known.box_count, 2);
    static const double cut[4] = {0, 0.5, 2, 2};
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq(known.boxes[0].corners[i], cut[i]);
    for (int i = 0; i < 2; i++)
        sample_draw(&record, "##......")->source = MASK_SOURCE_BOX;
    sample_draw(&record, "...#....")->source = MASK_SOURCE_GRID;
    ck_assert_int_eq(record_known_join(&known, &record, &error), 0);
    char *text = record_text(&record, 0, &length, &error);
    ck_assert_ptr_nonnull(strstr(text, "[{" LEFT ", \"id\": 0, \"source\": \"known\"}, "));
    ck_assert_ptr_nonnull(strstr(
        text, "\"id\": 6, \"source\": \"box\", \"category\": \"cat\", \"box\": [-1, 0.5, 3.0, 9], "
              "\"category_id\": 18, \"score\": 0.236, \"named in more than thirty-two bytes\""
              ":\"\\u00e9\", \"\\u00e9\" : 1}, "));
    ck_assert_ptr_nonnull(strstr(text, "\"id\": 5, \"source\": \"box\", \"box\": [1, 1, 1, 1]}, "));
    ck_assert_ptr_nonnull(strstr(text, "\"id\": 7, \"source\": \"grid\"}]}"));
    free(text);
    record_known_free(&known);
    record_free(&record);
}
END_TEST

static const struct damage {
    const char *text, *reason;
} damages[] = {
    {"{\"image\": {\"width\": 5, \"height\": 2}, \"annotations\": []}",
     "it is of an image of 5 x 2 pixels, this one has 4 x 2"},
    {"{\"image\": {\"width\": \"4\"}, \"annotations\": []}", "width is not an integer"},
    {"[{\"segmentation\": {\"size\": [4, 2], \"counts\": [8]}}]",
     "annotation 0: size is [4, 2], the image's is [2, 4]"},
    {"[{" LEFT ", \"id\": 1}, {\"bbox\": [0, 0, 1, 1], \"id\": 1}]",
     "id 1 stands in more than one annotation"},
    {"[{" LEFT ", \"id\": 9007199254740993}]", "annotation 0: id is 9007199254740993, outside"},
    {"[{" LEFT ", \"id\": \"a\"}]", "annotation 0: id is not an integer"},
    {"[{" LEFT ", \"id\": null}]", "annotation 0: id is null"},
    {"[{" LEFT ", \"stability_score\": NaN}]", "annotation 0: it has NaN, which JSON has not"},
    {"[{" LEFT ", \"crop_box\": [0, 0, 9, 9]}]", "annotation 0: crop_box [0, 0, 9, 9] lies"},
    {"[{\"bbox\": [0, 0, 1]}]", "annotation 0: bbox is not a list of 4 numbers"},
    {"[{\"bbox\": [0, 0, 1, 0]}]", "annotation 0: bbox [0, 0, 1, 0] has no part in the image"},
    {"[{\"bbox\": [4, 0, 1, 1]}]", "annotation 0: bbox [4, 0, 1, 1] has no part in the image"},
    {"[{\"id\": 1}]", "annotation 0: segmentation is missing or not an object"},
    {"[7]", "annotation 0: not an object"},
    {"{", "JSON, line 1"},
};

START_TEST(refuses_what_cannot_be_used)
{
    const struct damage *damage = &damages[_i];
    struct record_known known;
    ck_assert_int_eq(parse(&known, damage->text), -1);
    ck_assert_int_eq(error.code, ERROR_RECORD);
    ck_assert_msg(strstr(error.text, damage->reason), "%s: %s", damage->text, error.text);
    ck_assert_ptr_null(known.boxes);
    ck_assert_ptr_null(known.record.extras);
}
END_TEST

/* ---- finding ---- */

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* Makes an empty folder, `known`, in one of the test's own. */
static void make_folder(void)
{
    char name[] = "/tmp/test_known_XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(name));
    ck_assert_int_eq(chdir(name), 0);
    ck_assert_int_eq(mkdir("known", 0777), 0);
}

static void remove_folder(void)
{
    char name[64];
    ck_assert_ptr_nonnull(getcwd(name, sizeof name));
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", name);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(system(command), 0);
}

/* The text that an image has; NULL for none. The caller frees it. */
static char *text_of(const struct known_index *index, const char *image)
{
    struct known_place place;
    struct known_text text;
    ck_assert_int_eq(known_index_find(index, image, &place, &error), 0);
    if (!place.found)
        return NULL;
    ck_assert_int_eq(known_index_read(index, image, &place, &text, &error), 0);
    ck_assert_uint_eq(strlen(text.bytes), text.length);
    free(text.label);
    return text.bytes;
}

static void check_text(const struct known_index *index, const char *image, const char *expected)
{
    char *text = text_of(index, image);
    if (expected)
        ck_assert_str_eq(text, expected);
    else
        ck_assert_ptr_null(text);
    free(text);
}

START_TEST(every_form_is_found_by_its_image)
{
    make_folder();
    ck_assert_int_eq(mkdir("known/a", 0777), 0);
    write_file("known/a/own.json", "[1]");
    write_file("known/failed.ndjson", "{\"path\": \"x.jpg\", \"error\": \"no image\"}\n");
    write_file("known/lines.ndjson", "\n{\"image\": {\"file_name\": \"a/l.png\"}}\n"
                                     "{\"image\": {\"file_name\": \"./m.png\"}}");
    write_file("known/coco.json",
               "{\"annotations\": [{\"image_id\": 2, \"id\": 5}, {\"image_id\": 1}, {\"image_id\": "
               "2, \"id\": 6}, {\"image_id\": 9}], \"images\": [{\"id\": 1, \"file_name\": "
               "\"a/c.jpg\"}, {\"id\": 2, \"file_name\": \"d.jpg\"}, {\"id\": 3}]}");
    write_file("known/results.json",
               "[{\"image_id\": 139, \"score\": 1}, {\"image_id\": 42, \"score\": 2},"
               " {\"score\": 3, \"image_id\": 139}]");
    struct known_index *index = known_index_open("known", false, &error);
    ck_assert_msg(index != NULL, "%s", error.text);
    check_text(index, "a/own.jpg", "[1]");
    check_text(index, "own.jpg", NULL);
    check_text(index, "a/l.jpg", "{\"image\": {\"file_name\": \"a/l.png\"}}");
    check_text(index, "m.png", "{\"image\": {\"file_name\": \"./m.png\"}}");
    check_text(index, "a/c.png",
               "{\"images\":[{\"id\": 1, \"file_name\": \"a/c.jpg\"}],"
               "\"annotations\":[{\"image_id\": 1}]}");
    check_text(index, "d.jpg",
               "{\"images\":[{\"id\": 2, \"file_name\": \"d.jpg\"}],"
               "\"annotations\":[{\"image_id\": 2, \"id\": 5},{\"image_id\": 2, "
               "\"id\": 6}]}");
    check_text(index, "x/000000000139.jpg",
               "{\"images\":[{\"id\":139}],\"annotations\":[{\"image_id\": 139, \"score\": 1},"
               "{\"score\": 3, \"image_id\": 139}]}");
    check_text(index, "x/43.jpg", NULL);
    check_text(index, "coco.jpg", NULL); /* coco.json is of many images */
    check_text(index, "a.jpg", NULL);    /* a folder */
    check_text(index, "lines.jpg", NULL);
    known_index_close(index);
    remove_folder();
}
END_TEST

START_TEST(a_file_may_be_named_itself)
{
    make_folder();
    write_file("known/one.json", "{\"image\": {\"file_name\": \"b/x.jpg\"}, \"annotations\": []}");
    struct known_index *index = known_index_open("known/one.json", false, &error);
    ck_assert_ptr_nonnull(index);
    check_text(index, "b/x.png", "{\"image\": {\"file_name\": \"b/x.jpg\"}, \"annotations\": []}");
    check_text(index, "one.jpg", NULL);
    known_index_close(index);
    remove_folder();
}
END_TEST

START_TEST(a_file_that_changes_is_not_read)
{
    struct known_place place;
    struct known_text text;
    make_folder();
    write_file("known/k.jsonl", "{\"image\": {\"file_name\": \"a.png\"}}\n");
    struct known_index *index = known_index_open("known/k.jsonl", false, &error);
    ck_assert_ptr_nonnull(index);
    write_file("known/k.jsonl", "{\"image\": {\"file_name\": \"a.png\"}}\n\n");
    ck_assert_int_eq(known_index_find(index, "a.jpg", &place, &error), 0);
    ck_assert(place.found);
    ck_assert_int_eq(known_index_read(index, "a.jpg", &place, &text, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "has changed since the run began"));
    known_index_close(index);
    remove_folder();
}
END_TEST

static const struct refusal {
    const char *name, *text, *reason;
} refusals[] = {
    {"known/b.ndjson", "{\"image\": {\"file_name\": \"own.jpg\"}}\n",
     "known/own.json: another file there has known masks of the same image"},
    {"known/b.ndjson",
     "{\"image\": {\"file_name\": \"c.jpg\"}, \"annotations\": []}\n"
     "{\"image\": {\"file_name\": \"c.png\"}, \"annotations\": []}\n",
     "known/b.ndjson: known/b.ndjson has known masks of the same image, c."},
    {"known/b.ndjson", "{\"image\": {\"file_name\": \"c.jpg\"}}\n{\"image\": ",
     "known/b.ndjson, line 2: JSON: a value is missing"},
    {"known/b.ndjson", "{\"boxes\": []}\n",
     "known/b.ndjson, line 1: no image.file_name says whose masks these are"},
    {"known/b.json", "{\"images\": [{\"id\": 1, \"file_name\": \"c\"}], \"annotations\": [",
     "known/b.json: JSON, line 1"},
    {"known/b.json", "{\"images\": [{\"id\": 1}], \"annotations\": [{\"image_id\": 1}]}",
     "known/b.json: the image of id 1 has no file_name"},
    {"known/b.json", "{\"images\": [{\"id\": 1}, {\"id\": 1}], \"annotations\": []}",
     "known/b.json: two images have the id 1"},
};

START_TEST(refuses_what_could_be_anyones)
{
    const struct refusal *refusal = &refusals[_i];
    make_folder();
    write_file("known/own.json", "{}");
    write_file(refusal->name, refusal->text);
    error = (struct error){0};
    ck_assert_ptr_null(known_index_open("known", false, &error));
    ck_assert_msg(strstr(error.text, refusal->reason), "%s", error.text);
    ck_assert_int_eq(error.code, ERROR_RECORD);
    remove_folder();
}
END_TEST

/* ---- found masks ---- */

static const struct known_limits loose = {.box_iou = 1, .mask_iou = 1, .containment = 1};

/* How many of the found masks, drawn on 6 x 4 pixels, stay beside the known one. */
static size_t left(const char *drawing, const struct known_limits *limits)
{
    struct record known = sample_empty("known", 6, 4), found = sample_empty("found", 6, 4);
    struct known_masks masks;
    sample_draw(&known, "####.."
                        "####.."
                        "####.."
                        "......");
    sample_draw(&found, drawing);
    ck_assert_int_eq(known_masks_begin(&masks, (struct size){6, 4}, &error), 0);
    ck_assert_int_eq(known_masks_add(&masks, &known.masks, &error), 0);
    known_masks_drop(&masks, limits, &found.masks);
    size_t count = found.masks.count;
    known_masks_free(&masks);
    record_free(&known);
    record_free(&found);
    return count;
}

START_TEST(each_limit_counts)
{
    struct known_limits limits = loose;
    static const char corners[] = "#..#.." /* the same box, few pixels of it */
                                  "......"
                                  "#..#.."
                                  "......";
    static const char most[] = "######" /* 12 of 18 pixels; 6 of 10 of the box */
                               "######"
                               "######"
                               "......";
    ck_assert_uint_eq(left(corners, &limits), 1);
    limits.box_iou = 0.99;
    ck_assert_uint_eq(left(corners, &limits), 0);
    ck_assert_uint_eq(left(most, &limits), 1);
    limits.box_iou = 0.65; /* 6 of 10, but with the last column and row 12 of 18 */
    ck_assert_uint_eq(left(most, &limits), 0);
    limits = loose;
    limits.mask_iou = 12. / 18;
    ck_assert_uint_eq(left(most, &limits), 1);
    limits.mask_iou = 0.66;
    ck_assert_uint_eq(left(most, &limits), 0);
    limits = loose;
    limits.containment = 0.99;
    ck_assert_uint_eq(left(most, &limits), 0);
    ck_assert_uint_eq(left("....##....##............", &limits), 1);
}
END_TEST

START_TEST(known_pixels_are_taken)
{
    struct record known = sample_empty("known", 4, 2), found = sample_empty("found", 4, 2);
    struct known_masks masks;
    sample_draw(&known, "##..#...");
    sample_draw(&found, ".#......");
    sample_draw(&found, "####....");
    ck_assert_int_eq(known_masks_begin(&masks, (struct size){4, 2}, &error), 0);
    ck_assert_int_eq(known_masks_add(&masks, &known.masks, &error), 0);
    ck_assert(known_masks_have(&masks, 1.9, 0.9));
    ck_assert(!known_masks_have(&masks, 2.0, 0.9));
    ck_assert(known_masks_have(&masks, 0.5, 2.0)); /* a point on the edge is in the last row */
    ck_assert_int_eq(known_masks_cut(&masks, &found.masks, &error), 0);
    ck_assert_uint_eq(found.masks.count, 1);
    ck_assert_uint_eq(found.masks.items[0].area, 2);
    ck_assert_int_eq(found.masks.items[0].box.x0, 2);
    struct record other = sample_empty("other", 2, 4);
    sample_draw(&other, "........");
    ck_assert_int_eq(known_masks_add(&masks, &other.masks, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    known_masks_free(&masks);
    record_free(&other);
    record_free(&known);
    record_free(&found);
}
END_TEST

/* Finishes drawn masks of 12 x 4 pixels, best first, beside drawn known ones; what is left has `source` as its
 * number in the list of drawings. */
static struct record finish(const char *const known[2], const char *const found[2],
                            const struct generator_options *options)
{
    struct record before = sample_empty("known", 12, 4), record = sample_empty("found", 12, 4);
    struct known_masks masks;
    for (int i = 0; i < 2; i++) {
        sample_draw(&before, known[i]);
        struct mask *mask = sample_draw(&record, found[i]);
        mask->predicted_iou = 0.9f - 0.1f * (float)i;
        mask->source = (enum mask_source)i;
    }
    ck_assert_int_eq(known_masks_begin(&masks, (struct size){12, 4}, &error), 0);
    ck_assert_int_eq(known_masks_add(&masks, &before.masks, &error), 0);
    ck_assert_int_eq(finish_beside(&record.masks, options, false, &masks, &error), 0);
    known_masks_free(&masks);
    record_free(&before);
    return record;
}

/* A mask that shows what a known one shows once its hole is filled leaves its place among the best to another. */
START_TEST(cleaned_masks_are_compared_before_the_best_are_chosen)
{
    static const char *const known[] = {"####........"
                                        "####........"
                                        "####........"
                                        "####........",
                                        "...........#"
                                        "............"
                                        "............"
                                        "............"};
    static const char *const found[] = {"#####......."
                                        "#...#......."
                                        "#...#......."
                                        "#####.......",
                                        ".....####..."
                                        ".....#..#..."
                                        ".....####..."
                                        "............"};
    struct generator_options options;
    generator_options_default(&options);
    options.postprocess.min_mask_region_area = 8;
    options.postprocess.max_masks = 1;
    options.box_nms_thresh =
        0.79; /* boxes are compared by their outer pixels: 9 of 12; the masks: 16 of 20 */
    struct record left = finish(known, found, &options);
    ck_assert_uint_eq(left.masks.count, 1);
    ck_assert_int_eq(left.masks.items[0].source, 1);
    record_free(&left);
}
END_TEST

/* What is left of a mask beside known ones may be of the size of one of them. */
START_TEST(cut_masks_are_compared_again)
{
    static const char *const known[] = {"#....#......"
                                        "............"
                                        "............"
                                        "#....#......",
                                        "......######"
                                        "......######"
                                        "......######"
                                        "......######"};
    static const char *const found[] = {"############"
                                        "############"
                                        "############"
                                        "############",
                                        "............"
                                        "..####......"
                                        "..#####....."
                                        "............"};
    struct generator_options options;
    generator_options_default(&options);
    struct record left = finish(known, found, &options);
    ck_assert_uint_eq(left.masks.count, 2);
    record_free(&left);
    options.postprocess.non_overlapping = NON_OVERLAPPING_SMALLER;
    left = finish(known, found, &options);
    ck_assert_uint_eq(left.masks.count, 1);
    ck_assert_int_eq(left.masks.items[0].source, 1);
    ck_assert_uint_eq(left.masks.items[0].area, 8); /* one pixel is known */
    record_free(&left);
}
END_TEST

/* ---- the generator ---- */

enum { WIDTH = 120, HEIGHT = 90 };

/* Four bright squares on dark ground. */
static const int squares[4][2] = {{10, 10}, {70, 10}, {10, 55}, {70, 55}};
enum { SQUARE = 26 };

static bool in_square(int square, int x, int y)
{
    const int *at = squares[square];
    return x >= at[0] && x < at[0] + SQUARE && y >= at[1] && y < at[1] + SQUARE;
}

struct scene {
    struct sam *sam;
    struct image image;
    struct generator_options options;
    struct mask_list known; /* of the first square */
};

static void scene_begin(struct scene *scene)
{
    const struct sam_options options = {.image_size = 448}; /* fast */
    *scene = (struct scene){0};
    ck_assert_int_eq(sam_load_memory(&scene->sam, builtin_model, builtin_model_size, "built-in",
                                     &options, &error),
                     0);
    generator_options_default(&scene->options);
    ck_assert_int_eq(generator_options_from_model(&scene->options, scene->sam, &error), 0);
    scene->options.points_per_side = 6;
    ck_assert_int_eq(image_reserve(&scene->image, WIDTH, HEIGHT, &error), 0);
    static uint8_t bits[WIDTH * HEIGHT];
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            int value = 30;
            for (int i = 0; i < 4; i++)
                value = in_square(i, x, y) ? 200 + 15 * i : value;
            memset(scene->image.rgb + 3 * (y * WIDTH + x), value, 3);
            bits[y * WIDTH + x] = in_square(0, x, y);
        }
    struct mask mask = {0};
    ck_assert_int_eq(rle_from_bitmap(&mask.rle, bits, HEIGHT, WIDTH, WIDTH, &error), 0);
    mask.box = rle_box(&mask.rle);
    mask.area = rle_area(&mask.rle);
    ck_assert_int_eq(mask_list_add(&scene->known, &mask, &error), 0);
}

static void scene_end(struct scene *scene)
{
    sam_free(scene->sam);
    image_free(&scene->image);
    mask_list_free(&scene->known);
}

/* Searches the scene; NULL: without anything known. */
static struct mask_list search(struct scene *scene, const struct generate_known *known, int threads)
{
    struct mask_list masks = {0};
    struct generator *generator = generator_new(scene->sam, &scene->options, threads, &error);
    ck_assert_ptr_nonnull(generator);
    ck_assert_int_eq(generate_beside(generator, &scene->image, known, &masks, &error), 0);
    ck_assert_ptr_null(generator_known(generator));
    generator_free(generator);
    return masks;
}

/* Whether any mask shows the square. */
static bool shows(const struct mask_list *masks, int square)
{
    for (size_t i = 0; i < masks->count; i++) {
        const struct box *box = &masks->items[i].box;
        const int *at = squares[square];
        if (abs(box->x0 - at[0]) < 4 && abs(box->y0 - at[1]) < 4 &&
            abs(box->x1 - at[0] - SQUARE) < 4 && abs(box->y1 - at[1] - SQUARE) < 4)
            return true;
    }
    return false;
}

static bool same(const struct mask_list *a, const struct mask_list *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = a->items[i].predicted_iou == b->items[i].predicted_iou &&
                a->items[i].area == b->items[i].area &&
                rle_intersection(&a->items[i].rle, &b->items[i].rle) == a->items[i].area;
    return equal;
}

START_TEST(the_grid_fills_what_is_left)
{
    struct scene scene;
    scene_begin(&scene);
    struct mask_list all = search(&scene, NULL, 1);
    ck_assert(shows(&all, 0) && shows(&all, 1) && shows(&all, 3));
    struct generate_known known = {.masks = &scene.known};
    for (int parts = 0; parts < 2; parts++) {
        known.parts = parts;
        struct mask_list left = search(&scene, &known, 1);
        ck_assert(!shows(&left, 0) && shows(&left, 1) && shows(&left, 3));
        for (size_t i = 0; i < left.count; i++) {
            const struct mask *mask = &left.items[i];
            ck_assert_int_eq(mask->source, MASK_SOURCE_GRID);
            ck_assert(rle_iou(&mask->rle, &scene.known.items[0].rle) <=
                      scene.options.box_nms_thresh);
            if (!parts)
                ck_assert(!in_square(0, (int)mask->point[0], (int)mask->point[1]));
        }
        struct mask_list again = search(&scene, &known, 3);
        ck_assert(same(&left, &again));
        mask_list_free(&left);
        mask_list_free(&again);
    }
    known = (struct generate_known){0};
    struct mask_list none = search(&scene, &known, 1);
    ck_assert(same(&all, &none));
    mask_list_free(&none);
    mask_list_free(&all);
    scene_end(&scene);
}
END_TEST

START_TEST(known_masks_everywhere_leave_nothing)
{
    struct scene scene;
    scene_begin(&scene);
    ck_assert_int_eq(rle_invert(&scene.known.items[0].rle, &error), 0);
    struct mask_list both = {0};
    struct mask second = {0};
    ck_assert_int_eq(rle_copy(&second.rle, &scene.known.items[0].rle, &error), 0);
    ck_assert_int_eq(rle_invert(&second.rle, &error), 0);
    ck_assert_int_eq(mask_list_add(&both, &second, &error), 0);
    ck_assert_int_eq(mask_list_append(&both, &scene.known, &error), 0);
    const struct generate_known known = {.masks = &both};
    struct generator *generator = generator_new(scene.sam, &scene.options, 1, &error);
    struct mask_list masks = {0};
    ck_assert_int_eq(generate_beside(generator, &scene.image, &known, &masks, &error), 0);
    ck_assert_uint_eq(masks.count, 0);
    ck_assert_double_eq(generator_times(generator).encode, 0);
    generator_free(generator);
    mask_list_free(&both);
    scene_end(&scene);
}
END_TEST

/* One more than a batch of boxes: each has the predictor's single mask, and is known to the grid. */
START_TEST(each_box_has_one_mask)
{
    enum { BOXES = SAM_BATCH + 1 };
    double boxes[BOXES][4];
    struct scene scene;
    scene_begin(&scene);
    for (int i = 0; i < BOXES; i++) {
        const int *at = squares[i % 4];
        const double box[4] = {at[0] - i % 3, at[1], at[0] + SQUARE, at[1] + SQUARE + i % 2};
        memcpy(boxes[i], box, sizeof box);
    }
    const struct generate_known known = {.boxes = boxes[0], .box_count = BOXES};
    struct mask_list masks = search(&scene, &known, 1), again = search(&scene, &known, 3);
    ck_assert(same(&masks, &again));
    ck_assert_uint_ge(masks.count, BOXES);
    for (size_t i = 0; i < masks.count; i++) {
        const struct mask *mask = &masks.items[i];
        ck_assert_int_eq(mask->source, i < BOXES ? MASK_SOURCE_BOX : MASK_SOURCE_GRID);
        for (size_t k = 0; i >= BOXES && k < BOXES; k++)
            ck_assert(rle_iou(&mask->rle, &masks.items[k].rle) <= scene.options.box_nms_thresh);
    }
    for (int square = 0; square < 4; square++)
        ck_assert(shows(&masks, square));
    mask_list_free(&masks);
    mask_list_free(&again);
    scene_end(&scene);
}
END_TEST

/* max_masks counts found masks, and with non_overlapping known ones keep their pixels. */
START_TEST(filters_leave_known_masks)
{
    struct scene scene;
    scene_begin(&scene);
    scene.options.postprocess.max_masks = 2;
    scene.options.postprocess.non_overlapping = NON_OVERLAPPING_SMALLER;
    const struct generate_known known = {.masks = &scene.known, .parts = true};
    struct mask_list masks = search(&scene, &known, 1);
    ck_assert_uint_ge(masks.count, 1);
    ck_assert_uint_le(masks.count, 2);
    for (size_t i = 0; i < masks.count; i++)
        ck_assert_uint_eq(rle_intersection(&masks.items[i].rle, &scene.known.items[0].rle), 0);
    mask_list_free(&masks);
    scene_end(&scene);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("known");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, annotations_stay_byte_for_byte);
    tcase_add_test(tests, boxes_keep_their_members);
    tcase_add_loop_test(tests, refuses_what_cannot_be_used, 0,
                        (int)(sizeof damages / sizeof damages[0]));
    tcase_add_test(tests, every_form_is_found_by_its_image);
    tcase_add_test(tests, a_file_may_be_named_itself);
    tcase_add_test(tests, a_file_that_changes_is_not_read);
    tcase_add_loop_test(tests, refuses_what_could_be_anyones, 0,
                        (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_test(tests, each_limit_counts);
    tcase_add_test(tests, known_pixels_are_taken);
    tcase_add_test(tests, cleaned_masks_are_compared_before_the_best_are_chosen);
    tcase_add_test(tests, cut_masks_are_compared_again);
    tcase_add_test(tests, the_grid_fills_what_is_left);
    tcase_add_test(tests, known_masks_everywhere_leave_nothing);
    tcase_add_test(tests, each_box_has_one_mask);
    tcase_add_test(tests, filters_leave_known_masks);
    Suite *suite = suite_create("known");
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
