/* verify: nothing on good output, and each planted kind of damage found; stats on known records. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/read_file.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "images/image_worker.h"
#include "images/image_write.h"
#include "records/stats.h"
#include "records/verify.h"
#include "rle/mask_shape.h"
#include "tests/unit/sample_record.h"
#include "tests/unit/unit.h"

static char root[] = "/tmp/maskmill-verify-XXXXXX";
static struct folder *top; /* root */
static struct error error;

/* Started by main before anything else. */
static struct image_server *server;
static struct image_pool *pool;

static const char *in_root(const char *name)
{
    static char path[4][1024];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", root, name);
    return path[turn];
}

static void put(const char *name, const void *bytes, size_t size)
{
    if (atomic_write(top, name, bytes, size, NULL, &error))
        ck_abort_msg("%s", error.text);
}

static void put_image(const char *name, uint32_t width, uint32_t height)
{
    uint8_t *bytes;
    size_t size;
    uint8_t *pixels = calloc(width, height);
    const struct image_plane plane = {pixels, width, height, IMAGE_PLANE_8};
    ck_assert_int_eq(image_write_plane(&plane, &bytes, &size, &error), 0);
    put(name, bytes, size);
    memory_free(bytes);
    free(pixels);
}

static void put_record(const char *name, struct record *record)
{
    size_t length;
    char *text = record_text(record, 0, &length, &error);
    put(name, text, length);
    free(text);
    record_free(record);
}

/* Three images and their records, and beside them what a run leaves and verify must not mind. */
static void put_good(void)
{
    struct record record = sample_two("a.png");
    put_record("out/a.json", &record);
    record = sample_two("in/ner/b.v2.png");
    put_record("out/in/ner/b.v2.json", &record);
    record = sample_empty("c.png", 3, 4);
    put_record("out/c.json", &record);
    put("out/.maskmill/run.json", "{", 1);
    put("out/@coco/instances.json", "{}", 2);
    put_image("images/a.png", 7, 5);
    put_image("images/in/ner/b.v2.png", 7, 5);
    put_image("images/c.png", 3, 4);
}

struct heard {
    size_t count;
    char text[4000];
};

static void note(void *context, const char *path, long annotation, const char *reason)
{
    struct heard *heard = context;
    heard->count++;
    snprintf(heard->text + strlen(heard->text), sizeof heard->text - strlen(heard->text),
             "%s: %ld: %s\n", path + strlen(root), annotation, reason);
}

static struct heard verify(void)
{
    struct heard heard = {0};
    struct verify_job job = {
        .records = in_root("out"),
        .images = in_root("images"),
        .pool = pool,
        .found = note,
        .context = &heard,
    };
    if (verify_records(&job, &error))
        ck_abort_msg("%s", error.text);
    ck_assert_uint_eq(job.faults, heard.count);
    return heard;
}

START_TEST(nothing_on_good_output)
{
    put_good();
    struct heard heard = verify();
    ck_assert_str_eq(heard.text, "");
}
END_TEST

/* Edits of out/a.json (NULL `to`: cut off there) and what verify must say of it. */
static const struct damage {
    const char *from, *to, *reason;
} damages[] = {
    {"\"id\": 1}", NULL, "JSON, line 1"},
    {"{", "", "JSON, line 1"},
    {"{\"image\"", NULL, "JSON, line 1"},
    {"\"image\": {", "\"image\": 7, \"img\": {", "image is not an object"},
    {"\"area\": 11, ", "", "area is missing"},
    {"\"annotations\":", "\"annotation\":", "no list of annotations"},
    {"\"width\": 7", "\"width\": 6", "size is [5, 7], the image's is [5, 6]"},
    {"\"width\": 7", "\"width\": -7", "width is -7"},
    {"[5, 7]", "[7, 5]", "size is [7, 5]"},
    {";32NO012004", ";32NO01200", "sum"},
    {";32NO012004", ";32NO0120040", "run"},
    {";32NO012004", ";32NO01200", "run"},
    {";32NO012004", ";32\\u007fO012004", "character"},
    {";32NO012004", ";32NO0120P", "ends inside a number"},
    {"\"01R1\"", "\"0oooooooo1\"", "longer than"},
    {"\"01R1\"", "\"01oooo?\"", "run"},
    {"\"01R1\"", "\"P01R1\"", ""},
    {"\"01R1\"", "\"S1\"", "area is 1, the runs have 0"},
    {"\"area\": 11", "\"area\": 111", "area is 111, the runs have 11"},
    {"\"area\": 11", "\"area\": -11", "area is -11"},
    {"[2, 1, 3, 2]", "[2, 1, 4, 3]", "bbox is [2, 1, 4, 3]"},
    {"0.9300000071525574", "\"0.93\"", "predicted_iou is not a number"},
    {"0.9750000238418579", "-0.5", "stability_score is -0.5"},
    {"[[3.0, 2.5]]", "[[-3.0, 2.5]]", "lie outside the image"},
    {"[0, 0, 7, 5]", "[0, 0, 8, 5]", "crop_box [0, 0, 8, 5]"},
    {"\"id\": 1", "\"id\": 0", "id 0 stands in more than one annotation"},
    {"a.png", "b.png", "is not that of a record called a"},
    {"a.png", "../images/a.png", "leads out of the image folder"},
    {"\"width\": 7, \"height\": 5", "\"width\": 7", "height is missing"},
};

START_TEST(finds_each_damage)
{
    const struct damage *damage = &damages[_i];
    char *good;
    size_t size;
    put_good();
    ck_assert_int_eq(read_file(in_root("out/a.json"), 1 << 20, &good, &size, &error), 0);
    const char *at = strstr(good, damage->from);
    ck_assert_ptr_nonnull(at);
    char bad[4000];
    snprintf(bad, sizeof bad, "%.*s%s%s", (int)(at - good), good, damage->to ? damage->to : "",
             damage->to ? at + strlen(damage->from) : "");
    put("out/a.json", bad, strlen(bad));
    free(good);

    struct heard heard = verify();
    ck_assert_msg(heard.count >= 1, "%s -> %s is not found", damage->from,
                  damage->to ? damage->to : "(cut)");
    ck_assert_msg(strncmp(heard.text, "/out/a.json: ", 13) == 0, "%s", heard.text);
    ck_assert_msg(strstr(heard.text, damage->reason), "%s -> %s: %s", damage->from,
                  damage->to ? damage->to : "(cut)", heard.text);
}
END_TEST

START_TEST(looks_at_the_images)
{
    put_good();
    put_image("images/a.png", 7, 6);
    ck_assert_int_eq(unlink(in_root("images/c.png")), 0);
    put("images/in/ner/b.v2.png", "no image", 8);
    struct heard heard = verify();
    ck_assert_uint_eq(heard.count, 3);
    ck_assert_ptr_nonnull(
        strstr(heard.text, "/out/a.json: -1: the record says 7 x 5 pixels, the image has 7 x 6"));
    ck_assert_ptr_nonnull(strstr(heard.text, "/out/c.json: -1: "));
    ck_assert_ptr_nonnull(strstr(heard.text, "/out/in/ner/b.v2.json: -1: "));
}
END_TEST

START_TEST(finds_repeated_image_ids)
{
    put_good();
    struct record record = sample_empty("c.png", 3, 4);
    record.image_id = record_image_id("a.png");
    put_record("out/c.json", &record);
    struct heard heard = verify();
    ck_assert_uint_eq(heard.count, 2);
    ck_assert_ptr_nonnull(strstr(heard.text, "/out/a.json: -1: image_id"));
    ck_assert_ptr_nonnull(strstr(heard.text, "/out/c.json: -1: image_id"));
}
END_TEST

START_TEST(shapes)
{
    struct record record = sample_two("a.png");
    double centre[2], hull;
    mask_shape_centroid(&record.masks.items[0].rle, centre);
    ck_assert_double_eq_tol(centre[0], (4 * 3.5 * 3 - 3) / 11, 1e-12);
    ck_assert_double_eq_tol(centre[1], 2, 1e-12);
    ck_assert_int_eq(mask_shape_hull_area(&record.masks.items[0].rle, &hull, &error), 0);
    ck_assert_double_eq_tol(hull, 12, 1e-12);
    /* An L of three pixels: its hull cuts the fourth pixel in half. */
    struct mask *mask = sample_draw(&record, "#......"
                                             "##....."
                                             "......."
                                             "......."
                                             ".......");
    ck_assert_int_eq(mask_shape_hull_area(&mask->rle, &hull, &error), 0);
    ck_assert_double_eq_tol(hull, 3.5, 1e-12);
    /* Two pixels in opposite corners: a hexagon. */
    mask = sample_draw(&record, "#......"
                                "......."
                                "......."
                                "......."
                                "......#");
    ck_assert_int_eq(mask_shape_hull_area(&mask->rle, &hull, &error), 0);
    ck_assert_double_eq_tol(hull, 35 - 2 * (6 * 4 / 2.0), 1e-12);
    record_free(&record);
}
END_TEST

START_TEST(statistics)
{
    static struct stats stats;
    struct record two = sample_two("a.png"), none = sample_empty("b.png", 3, 3);
    stats_begin(&stats);
    struct stats_measure *measures = stats_measure(&two, &error);
    stats_add(&stats, &two, measures);
    free(measures);
    stats_add(&stats, &none, NULL);
    ck_assert_uint_eq(stats.records, 2);
    ck_assert_uint_eq(stats.empty_records, 1);
    ck_assert_uint_eq(stats.small, 2);
    ck_assert_double_eq_tol(histogram_mean(&stats.masks), 1, 1e-12);
    ck_assert_double_eq_tol(histogram_mean(&stats.area), log10(11) / 2, 1e-12);
    ck_assert_double_eq_tol(stats.relative_size.most, sqrt(11.0 / 35), 1e-12);
    ck_assert_double_eq_tol(stats.concavity.most, 1 - 11.0 / 12, 1e-12);
    ck_assert_double_eq_tol(stats.concavity.least, 0, 1e-12);
    ck_assert_uint_eq(stats.centres[1][1] + stats.centres[8][8] + stats.centres[8][9], 2);
    record_free(&two);
    record_free(&none);
}
END_TEST

START_TEST(quantiles)
{
    static struct histogram histogram;
    histogram_begin(&histogram, 0, 10);
    ck_assert_double_eq(histogram_quantile(&histogram, 0.5), 0);
    for (int i = 0; i < 10000; i++)
        histogram_add(&histogram, i / 1000.0);
    histogram_add(&histogram, 1000);
    ck_assert_double_eq_tol(histogram_quantile(&histogram, 0.5), 5, 0.02);
    ck_assert_double_eq_tol(histogram_quantile(&histogram, 0.05), 0.5, 0.02);
    ck_assert_double_eq(histogram.most, 1000);
    uint64_t bars[10];
    histogram_bars(&histogram, bars, 10);
    ck_assert_uint_eq(bars[3], 1000);
    ck_assert_uint_eq(bars[9], 1001);
}
END_TEST

int main(void)
{
    const struct image_pool_options options = {.workers = 2, .seconds = 60};
    if (!mkdtemp(root) || !(top = folder_open(root, false, &error)) ||
        image_server_start(&server, &error) || image_library_start(&error) ||
        !(pool = image_pool_new(server, &options, &error)))
        return EXIT_FAILURE;
    TCase *tests = tcase_create("verify");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, nothing_on_good_output);
    tcase_add_loop_test(tests, finds_each_damage, 0, (int)(sizeof damages / sizeof damages[0]));
    tcase_add_test(tests, looks_at_the_images);
    tcase_add_test(tests, finds_repeated_image_ids);
    tcase_add_test(tests, shapes);
    tcase_add_test(tests, statistics);
    tcase_add_test(tests, quantiles);
    Suite *suite = suite_create("verify");
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    folder_close(top);
    image_pool_free(pool);
    image_server_stop(server);
    image_library_stop();
    char command[sizeof root + 16];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command) || status ? EXIT_FAILURE : EXIT_SUCCESS;
}
