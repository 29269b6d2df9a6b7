/* Every output format: files in their places, exact text where it is text, shards rebuilt alike. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/atomic_name.h"
#include "base/folder.h"
#include "base/read_file.h"
#include "images/image.h"
#include "images/tar_read.h"
#include "records/category.h"
#include "records/image_place.h"
#include "records/writer.h"
#include "tests/unit/sample_record.h"
#include "tests/unit/unit.h"

/* Reads a record called "name". */
static int parse(struct record *record, const char *text, size_t length, struct error *error)
{
    const struct record_source source = {.bytes = text, .length = length, .name = "name"};
    return record_parse(record, &source, NULL, error);
}

static char root[] = "/tmp/maskmill-writer-XXXXXX";
static struct error error;
static struct folder *top; /* root */
static const struct writer_options plain;

static const char *in_root(const char *name)
{
    static char path[4][1024];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", root, name);
    return path[turn];
}

static bool exists(const char *name)
{
    return access(in_root(name), F_OK) == 0;
}

static char *content(const char *name, size_t *size)
{
    char *bytes = NULL;
    size_t length = 0;
    if (read_file(in_root(name), 1 << 20, &bytes, &length, &error))
        ck_abort_msg("%s", error.text);
    if (size)
        *size = length;
    return bytes;
}

static void expect(const char *name, const char *text)
{
    char *bytes = content(name, NULL);
    ck_assert_str_eq(bytes, text);
    free(bytes);
}

static struct writer *begin(const char *format, const char *out,
                            const struct writer_options *options)
{
    struct writer *writer;
    if (writer_open(&writer, format, top, out, options, &error))
        ck_abort_msg("%s", error.text);
    return writer;
}

/* Adds sample_two under this name; the image file's name is NAME.jpg. */
static int add_two(struct writer *writer, const char *name, int64_t image_id)
{
    char file_name[256];
    snprintf(file_name, sizeof file_name, "%s.JPG", name);
    struct record record = sample_two(file_name);
    record.image_id = image_id;
    const struct writer_item item = {
        .record = &record, .name = name, .image_bytes = "not a photo", .image_size = 11};
    int result = writer_add(writer, &item, &error);
    record_free(&record);
    return result;
}

/* The same; the second mask is of this class. */
static void add_classed(struct writer *writer, const char *name, const char *category)
{
    struct record record = sample_two(name);
    const struct writer_item item = {.record = &record, .name = name};
    ck_assert_int_eq(record_set_category(&record, 1, category, &error), 0);
    ck_assert_int_eq(writer_add(writer, &item, &error), 0);
    record_free(&record);
}

static void finish(struct writer *writer)
{
    if (writer_close(writer, &error))
        ck_abort_msg("%s", error.text);
}

START_TEST(unknown_formats)
{
    struct writer *writer;
    ck_assert_int_eq(writer_open(&writer, "voc", top, "x", &plain, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "\"voc\"; known are sa1b"));
    ck_assert(!exists("x"));
}
END_TEST

START_TEST(a_record_an_image)
{
    struct writer *writer = begin("sa1b", "sa1b", &plain);
    ck_assert_int_eq(add_two(writer, "a/b.c/photo", 7), 0);
    finish(writer);
    char *text = content("sa1b/a/b.c/photo.json", NULL);
    struct record record;
    ck_assert_int_eq(parse(&record, text, strlen(text), &error), 0);
    ck_assert_uint_eq(record.masks.count, 2);
    record_free(&record);
    free(text);
}
END_TEST

START_TEST(lines_in_one_file)
{
    struct writer *writer = begin("ndjson", "ndjson", &plain);
    ck_assert_int_eq(add_two(writer, "one", 1), 0);
    ck_assert_int_eq(add_two(writer, "two", 2), 0);
    ck_assert(!exists("ndjson/records.ndjson"));
    finish(writer);
    char *text = content("ndjson/records.ndjson", NULL);
    size_t first_line = strcspn(text, "\n") + 1;
    struct record record;
    ck_assert_int_eq(parse(&record, text, first_line, &error), 0);
    record_free(&record);
    ck_assert_int_eq(parse(&record, text + first_line, strlen(text + first_line), &error), 0);
    ck_assert_str_eq(record.file_name, "two.JPG");
    record_free(&record);
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
    free(text);
}
END_TEST

START_TEST(coco_instances)
{
    struct writer *writer = begin("coco", "coco", &plain);
    struct record empty = sample_empty("none.png", 3, 2);
    empty.image_id = 9;
    const struct writer_item item = {.record = &empty, .name = "none"};
    ck_assert_int_eq(writer_add(writer, &item, &error), 0);
    ck_assert_int_eq(add_two(writer, "one", 10), 0);
    finish(writer);
    record_free(&empty);
    expect("coco/instances.json",
           "{\"info\": {\"description\": \"masks by maskmill\"}, \"licenses\": [], "
           "\"categories\": [{\"id\": 1, \"name\": \"object\", \"supercategory\": \"object\"}],\n"
           "\"annotations\": [\n"
           "{\"id\": 20481, \"image_id\": 10, \"category_id\": 1, \"segmentation\": "
           "{\"size\": [5, 7], \"counts\": \";32NO012004\"}, \"bbox\": [2, 1, 4, 3], "
           "\"area\": 11, \"iscrowd\": 0, \"predicted_iou\": 0.9300000071525574, "
           "\"stability_score\": 0.9750000238418579, \"point_coords\": [[3.0, 2.5]], "
           "\"crop_box\": [0, 0, 7, 5]},\n"
           "{\"id\": 20482, \"image_id\": 10, \"category_id\": 1, \"segmentation\": "
           "{\"size\": [5, 7], \"counts\": \"01R1\"}, \"bbox\": [0, 0, 1, 1], "
           "\"area\": 1, \"iscrowd\": 0, \"predicted_iou\": 1.0, "
           "\"stability_score\": 0.5, \"point_coords\": [[0.3333333333333333, 0.1]], "
           "\"crop_box\": [0, 0, 4, 5]}\n"
           "],\n\"images\": [\n"
           "{\"id\": 9, \"width\": 3, \"height\": 2, \"file_name\": \"none.png\"},\n"
           "{\"id\": 10, \"width\": 7, \"height\": 5, \"file_name\": \"one.JPG\"}\n]}\n");
}
END_TEST

START_TEST(coco_results)
{
    struct writer_options options = {.sequential_ids = true};
    struct writer *writer = begin("coco-results", "results", &options);
    ck_assert_int_eq(add_two(writer, "one", 10), 0);
    ck_assert_int_eq(add_two(writer, "two", 10), 0);
    finish(writer);
    char *text = content("results/results.json", NULL);
    static const char first[] = "[\n{\"image_id\": 1, \"category_id\": 1, \"segmentation\": "
                                "{\"size\": [5, 7], \"counts\": \";32NO012004\"}, \"bbox\": "
                                "[2, 1, 4, 3], \"score\": 0.9300000071525574},\n";
    ck_assert_int_eq(strncmp(text, first, strlen(first)), 0);
    ck_assert_ptr_nonnull(strstr(text, "{\"image_id\": 2, "));
    ck_assert_str_eq(text + strlen(text) - 3, "\n]\n");
    free(text);
}
END_TEST

/* Classes that records bring have the next numbers; the head of the document is written anew for them. */
START_TEST(classes_are_numbered)
{
    struct name_index categories = {0};
    const struct writer_options options = {.categories = &categories};
    ck_assert_int_eq(category_begin(&categories, &error), 0);
    ck_assert_uint_eq(name_index_put(&categories, "ape", &error), 1);
    struct writer *coco = begin("coco", "classes", &options);
    struct writer *yolo = begin("yolo", "classes", &options);
    static const char *const names[][2] = {
        {"a", "zebra"}, {"b", NULL}, {"c", "ape"}, {"d", "object"}};
    for (size_t i = 0; i < 4; i++) {
        add_classed(coco, names[i][0], names[i][1]);
        add_classed(yolo, names[i][0], names[i][1]);
    }
    finish(coco);
    finish(yolo);
    name_index_free(&categories);
    char *text = content("classes/instances.json", NULL);
    static const char head[] =
        "{\"info\": {\"description\": \"masks by maskmill\"}, \"licenses\": [], \"categories\": "
        "[{\"id\": 1, \"name\": \"object\", \"supercategory\": \"object\"}, {\"id\": 2, \"name\": "
        "\"ape\", \"supercategory\": \"object\"}, {\"id\": 3, \"name\": \"zebra\", "
        "\"supercategory\": \"object\"}],\n\"annotations\": [\n{\"id\": ";
    ck_assert_int_eq(strncmp(text, head, strlen(head)), 0);
    static const char *const ids[] = {"1", "3", "1", "1", "1", "2", "1", "1"};
    const char *at = text;
    for (size_t i = 0; i < 8; i++) {
        at = strstr(at, "\"category_id\": ");
        ck_assert_ptr_nonnull(at);
        at += strlen("\"category_id\": ");
        ck_assert_int_eq(strncmp(at, ids[i], 1), 0);
    }
    ck_assert_ptr_nonnull(strstr(text, "\n]}\n"));
    free(text);
    text = content("classes/a.txt", NULL);
    ck_assert_ptr_nonnull(strstr(text, "\n2 0.000000 "));
    free(text);
    expect("classes/data.yaml", "names:\n  0: \"object\"\n  1: \"ape\"\n  2: \"zebra\"\n");
}
END_TEST

START_TEST(coco_ids_do_not_collide)
{
    struct writer *writer = begin("coco", "clash", &plain);
    ck_assert_int_eq(add_two(writer, "one", 10), 0);
    ck_assert_int_eq(add_two(writer, "two", 10), 0);
    ck_assert_int_eq(writer_close(writer, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "two images have the id 10"));
    ck_assert(!exists("clash/instances.json"));

    /* The remainders of the ids are equal; 2^53 - 1 is the largest id. */
    const int64_t remainders = INT64_C(1) << 42, largest = (INT64_C(1) << 53) - 1;
    writer = begin("coco", "clash", &plain);
    ck_assert_int_eq(add_two(writer, "one", 10), 0);
    ck_assert_int_eq(add_two(writer, "two", 10 + remainders), 0);
    ck_assert_int_eq(add_two(writer, "three", 11), 0);
    ck_assert_int_eq(add_two(writer, "four", largest), 0);
    finish(writer);
    char *text = content("clash/instances.json", NULL);
    ck_assert_ptr_nonnull(strstr(text, "{\"id\": 20482, \"image_id\": 10,"));
    ck_assert_ptr_nonnull(strstr(text, "{\"id\": 22529, \"image_id\": 4398046511114,"));
    ck_assert_ptr_nonnull(strstr(text, "{\"id\": 24577, \"image_id\": 11,"));
    ck_assert_ptr_nonnull(
        strstr(text, "{\"id\": 9007199254738945, \"image_id\": 9007199254740991,"));
    free(text);
}
END_TEST

START_TEST(coco_polygons)
{
    struct writer *writer = begin("polygons", "polygons", &plain);
    ck_assert_int_eq(add_two(writer, "one", 10), 0);
    finish(writer);
    char *text = content("polygons/instances.json", NULL);
    /* The single pixel, clockwise; the ring with its hole as one polygon: 4 + 4 corners and 3 of
     * the cut. */
    ck_assert_ptr_nonnull(strstr(text, "\"segmentation\": [[0, 1, 0, 0, 1, 0, 1, 1]], \"bbox\""));
    size_t at = strcspn(text, "\n"), commas = 0;
    at += (size_t)strcspn(text + at, "{");
    while (strncmp(text + at, "[[", 2) != 0)
        at++;
    for (; text[at] != ']'; at++)
        commas += text[at] == ',';
    ck_assert_uint_eq(commas + 1, 22);
    free(text);
}
END_TEST

START_TEST(yolo_lines)
{
    struct writer *writer = begin("yolo", "yolo", &plain);
    ck_assert_int_eq(add_two(writer, "one", 10), 0);
    struct record empty = sample_empty("none.png", 3, 2);
    const struct writer_item item = {.record = &empty, .name = "none"};
    ck_assert_int_eq(writer_add(writer, &item, &error), 0);
    record_free(&empty);
    finish(writer);
    char *text = content("yolo/one.txt", NULL);
    ck_assert_str_eq(
        strchr(text, '\n'),
        "\n0 0.000000 0.200000 0.000000 0.000000 0.142857 0.000000 0.142857 0.200000\n");
    free(text);
    expect("yolo/none.txt", "");
}
END_TEST

START_TEST(png_folder)
{
    struct writer *writer = begin("png", "png", &plain);
    ck_assert_int_eq(add_two(writer, "a/one", 10), 0);
    finish(writer);
    expect("png/a/one/metadata.csv",
           "id,area,bbox_x0,bbox_y0,bbox_w,bbox_h,point_input_x,point_input_y,predicted_iou,"
           "stability_score,crop_box_x0,crop_box_y0,crop_box_w,crop_box_h\n"
           "0,11,2,1,3,2,3.0,2.5,0.9300000071525574,0.9750000238418579,0,0,7,5\n"
           "1,1,0,0,0,0,0.3333333333333333,0.1,1.0,0.5,0,0,4,5");
    struct image image = {0};
    ck_assert_int_eq(image_read(in_root("png/a/one/0.png"), NULL, &image, &error), 0);
    static const char *const rows[] = {".......", "..####.", "..#.##.", "..####.", "......."};
    ck_assert_int_eq(image.width, 7);
    ck_assert_int_eq(image.height, 5);
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 7; x++)
            ck_assert_int_eq(image.rgb[(y * 7 + x) * 3], rows[y][x] == '#' ? 255 : 0);
    image_free(&image);
    ck_assert(exists("png/a/one/1.png") && !exists("png/a/one/2.png"));
}
END_TEST

/* Members of a tar as "name:first bytes;". */
static void listing(const char *name, char *text, size_t room)
{
    struct tar_read *tar;
    struct tar_entry entry;
    char bytes[1 << 10];
    size_t size;
    int file = open(in_root(name), O_RDONLY);
    ck_assert_int_eq(tar_read_open(&tar, file, 0, &error), 0);
    *text = 0;
    while (tar_read_next(tar, &entry, &error) > 0) {
        ck_assert_int_eq(entry.kind, TAR_FILE);
        size_t used = strlen(text);
        snprintf(text + used, room - used, "%s:", entry.name);
        ck_assert_int_eq(tar_read_bytes(tar, bytes, sizeof bytes, &size, &error), 0);
        used = strlen(text);
        snprintf(text + used, room - used, "%.*s;", size < 5 ? (int)size : 5, bytes);
    }
    tar_read_close(tar);
    close(file);
}

static void write_shards(const char *out, int images, const char *prefix)
{
    struct writer_options options = {.shard_images = 2, .shard_prefix = prefix};
    struct writer *writer = begin("tar", out, &options);
    for (int i = 0; i < images; i++) {
        char name[64];
        snprintf(name, sizeof name, "d.e/photo %d.v2", i);
        ck_assert_int_eq(add_two(writer, name, i), 0);
    }
    finish(writer);
}

START_TEST(tar_shards)
{
    char text[1000];
    write_shards("tar", 3, NULL);
    listing("tar/000000.tar", text, sizeof text);
    ck_assert_str_eq(text, "d%2Ee/photo%200%2Ev2.jpg:not a;d%2Ee/photo%200%2Ev2.json:{\"ima;"
                           "d%2Ee/photo%201%2Ev2.jpg:not a;d%2Ee/photo%201%2Ev2.json:{\"ima;");
    listing("tar/000001.tar", text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "photo%202%2Ev2.jpg"));
    ck_assert(!exists("tar/000002.tar"));
}
END_TEST

START_TEST(tar_bytes_repeat)
{
    size_t first_size, second_size;
    write_shards("again", 4, "s-");
    char *first = content("again/s-000001.tar", &first_size);
    sleep(1); /* times of the clock must not get in */
    write_shards("again", 4, "s-");
    char *second = content("again/s-000001.tar", &second_size);
    ck_assert_uint_eq(first_size, second_size);
    ck_assert_int_eq(memcmp(first, second, first_size), 0);
    free(first);
    free(second);
    write_shards("again", 2, "s-");
    ck_assert(exists("again/s-000000.tar"));
    ck_assert_msg(!exists("again/s-000001.tar"), "a shard of the longer export is left");
}
END_TEST

START_TEST(tar_is_visible_when_complete)
{
    struct writer_options options = {.shard_images = 2};
    struct writer *writer = begin("tar", "slow", &options);
    ck_assert_int_eq(add_two(writer, "a", 0), 0);
    ck_assert(!exists("slow/000000.tar"));
    ck_assert_int_eq(add_two(writer, "b", 1), 0);
    ck_assert(exists("slow/000000.tar"));
    ck_assert_int_eq(add_two(writer, "c", 2), 0);
    writer_abandon(writer);
    ck_assert(!exists("slow/000001.tar"));
    DIR *folder = opendir(in_root("slow"));
    ck_assert_ptr_nonnull(folder);
    struct atomic_writer nobody;
    for (const struct dirent *entry; (entry = readdir(folder));)
        ck_assert_msg(!atomic_is_temporary(entry->d_name, &nobody), "%s", entry->d_name);
    closedir(folder);
}
END_TEST

START_TEST(tar_needs_the_image)
{
    struct writer *writer = begin("tar", "lacking", &plain);
    struct record record = sample_two("x.jpg");
    const struct image_place nowhere = {.folder = top, .name = "nothing/here.jpg"};
    const struct writer_item item = {.record = &record, .name = "x", .image = &nowhere};
    ck_assert_int_eq(writer_add(writer, &item, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_int_eq(add_two(writer, "y", 1), 0);
    finish(writer);
    record_free(&record);
    ck_assert(exists("lacking/000000.tar"));
}
END_TEST

int main(void)
{
    if (!mkdtemp(root) || !(top = folder_open(root, false, &error)) || image_library_start(&error))
        return EXIT_FAILURE;
    TCase *tests = tcase_create("writer");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, unknown_formats);
    tcase_add_test(tests, a_record_an_image);
    tcase_add_test(tests, lines_in_one_file);
    tcase_add_test(tests, coco_instances);
    tcase_add_test(tests, coco_results);
    tcase_add_test(tests, coco_ids_do_not_collide);
    tcase_add_test(tests, coco_polygons);
    tcase_add_test(tests, yolo_lines);
    tcase_add_test(tests, classes_are_numbered);
    tcase_add_test(tests, png_folder);
    tcase_add_test(tests, tar_shards);
    tcase_add_test(tests, tar_bytes_repeat);
    tcase_add_test(tests, tar_is_visible_when_complete);
    tcase_add_test(tests, tar_needs_the_image);
    Suite *suite = suite_create("writer");
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    folder_close(top);
    image_library_stop();
    char command[sizeof root + 16];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command) || status ? EXIT_FAILURE : EXIT_SUCCESS;
}
