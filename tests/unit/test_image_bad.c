/* What cannot be decoded is refused in one line that begins with the path; nothing crashes. */
#include "scratch.h"
#include "unit.h"

#include <pthread.h>
#include <stdint.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"

#define FOLDER "tests/data/images/"

enum { MOST = 1 << 16 }; /* bytes of the largest file looked at here */

static size_t slurp(const char *name, uint8_t *bytes)
{
    char path[256];
    snprintf(path, sizeof path, FOLDER "%s", name);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    size_t size = fread(bytes, 1, MOST, file);
    fclose(file);
    return size;
}

/* `path` is refused with a line "<path>: ...<reason>...". */
static void check_refused(const char *path, const struct image_options *limits, const char *reason)
{
    struct error error = {0};
    struct image image = {0};
    ck_assert_msg(image_read(path, limits, &image, &error) == -1, "%s is read", path);
    image_free(&image);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "%s", error.text);
    ck_assert_msg(strstr(error.text + strlen(path), reason) != NULL, "%s", error.text);
    ck_assert_ptr_null(strchr(error.text + strlen(path), '\n'));
}

START_TEST(files_that_are_no_images_are_refused)
{
    static const struct {
        const char *name, *text, *reason;
    } files[] = {
        {"text.jpg", "Dear all,\nplease find no image here.\n", "a text file"},
        {"empty.png", "", "the file is empty"},
        {"short.png", "\x89PNG", "truncated after 4 bytes"},
        {"drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'></svg>",
         "an SVG drawing"},
        {"page.pdf", "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n", "a PDF document"},
        {"matrix.jpg", "2 2\n1 2\n3 4\n", "a text file"},
        {"plain.ppm", "P3 1 1 255 9 9 9\n", "a PNM image"},
        {"header.jpg", "\xff\xd8\xff\xe0 and nothing more", "truncated: its JPEG data"},
        {"header.tif", "II*\x01", "not a JPEG"},
        {"header.webp", "RIFF\x10\x10\x10\x10WEBPVP8 what follows is none",
         "truncated: its WebP data"},
        {"header.gif", "GIF89a with nothing that makes sense", "truncated: its GIF data"},
        {"film.mp4", "1234ftypisom and a film", "a video"},
    };
    struct scratch scratch = scratch_new();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = scratch_path(&scratch, files[i].name);
        scratch_write(&scratch, files[i].name, files[i].text);
        check_refused(path, NULL, files[i].reason);
        free(path);
    }
    scratch_free(&scratch);
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
    struct scratch scratch = scratch_new();
    char *path = scratch_path(&scratch, "missing.jpg");
    check_refused(path, NULL, "No such file");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    check_refused(path, NULL, "a pipe or a device");
    unlink(path);
    ck_assert_int_eq(symlink("missing.jpg", path), 0);
    check_refused(path, NULL, "symbolic links");
    check_refused(scratch.path, NULL, "a folder");
    free(path);
    scratch_free(&scratch);
}
END_TEST

START_TEST(unreadable_files_are_refused)
{
    if (geteuid() == 0)
        return; /* nothing is unreadable for root */
    struct scratch scratch = scratch_new();
    char *path = scratch_path(&scratch, "secret.jpg");
    scratch_write(&scratch, "secret.jpg", "x");
    chmod(path, 0);
    check_refused(path, NULL, "Permission denied");
    free(path);
    scratch_free(&scratch);
}
END_TEST

START_TEST(names_are_not_interpreted)
{
    static const char *const names[] = {"a[page=3].jpg",      "-o",           "a\nb.jpg",
                                        "\"q\" \\ %s %n.jpg", "\xff\xfe.jpg", "x.jpg[shrink=8]"};
    static uint8_t bytes[MOST];
    size_t size = slurp("rgb420.jpg", bytes);
    struct scratch scratch = scratch_new();
    struct image image = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error error = {0};
        char *path = scratch_path(&scratch, names[i]);
        FILE *file = fopen(path, "wb");
        ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
        fclose(file);
        ck_assert_msg(image_read(path, NULL, &image, &error) == 0, "%s", error.text);
        ck_assert_int_eq(image.width, 37);
        free(path);
    }
    image_free(&image);
    scratch_free(&scratch);
}
END_TEST

START_TEST(limits_are_checked_by_the_header)
{
    struct image_options limits = {.max_pixels = 37 * 29 - 1};
    check_refused(FOLDER "rgb.png", &limits, "37 x 29 pixels are more than the limit of 1072");
    limits = (struct image_options){.max_pixels = 37 * 29};
    struct error error = {0};
    struct image image = {0};
    ck_assert_int_eq(image_read(FOLDER "rgb.png", &limits, &image, &error), 0);
    image_free(&image);
    struct image_header header;
    limits.max_pixels = 5;
    ck_assert_int_eq(image_read_header(FOLDER "rgb.png", &limits, &header, &error), -1);
    struct image_strips *strips;
    ck_assert_int_eq(image_strips_open(&strips, FOLDER "rgb.png", &limits, &header, &error), -1);
    ck_assert_ptr_null(strips);
}
END_TEST

/* A PNG of 37 x 29 pixels that claims to be of this size, with the right checksum. */
static size_t lying_png(uint8_t *bytes, uint32_t width, uint32_t height)
{
    size_t size = slurp("rgb.png", bytes);
    for (int i = 0; i < 4; i++) {
        bytes[16 + i] = (uint8_t)(width >> (24 - 8 * i));
        bytes[20 + i] = (uint8_t)(height >> (24 - 8 * i));
    }
    uint32_t crc = 0xffffffffU;
    for (int i = 12; i < 29; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
    }
    for (int i = 0; i < 4; i++)
        bytes[29 + i] = (uint8_t)(~crc >> (24 - 8 * i));
    return size;
}

START_TEST(lying_headers_are_refused)
{
    static const uint32_t sizes[][2] = {{50000, 50000}, {999999, 999999}, {0x7fffffff, 1},
                                        {0, 5},         {37, 30},         {38, 29}};
    static uint8_t bytes[MOST];
    struct image_options limits = {.max_pixels = 100000000};
    struct image image = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct error error = {0};
        size_t size = lying_png(bytes, sizes[i][0], sizes[i][1]);
        ck_assert_int_eq(image_read_memory(bytes, size, "bomb", &limits, &image, &error), -1);
        ck_assert_int_eq(error.code, ERROR_IMAGE);
    }
    image_free(&image);
}
END_TEST

/* One kind of file a decoder. */
static const char *const kinds[] = {"rgb420.jpg", "progressive.jpg", "turned6.jpg",
                                    "rgb.png",    "interlaced.png",  "palette_transparent.png",
                                    "lzw.tif",    "jpeg.tif",        "fax.tif",
                                    "alpha.tif",  "big.tif",         "lossy.webp",
                                    "alpha.webp", "frames.gif",      "transparent.gif",
                                    "lossy.avif"};

/* Whether the first `size` bytes are refused or give the whole image. */
static void check_cut(const uint8_t *bytes, size_t size, const struct image *whole,
                      struct image *image)
{
    struct error error = {0};
    uint8_t *copy = malloc(size + 1); /* of its own, so that reading beyond the end is seen */
    memcpy(copy, bytes, size);
    int status = image_read_memory(copy, size, "cut", NULL, image, &error);
    free(copy);
    if (status)
        return;
    ck_assert_int_eq(image->width, whole->width);
    ck_assert_int_eq(image->height, whole->height);
    ck_assert_mem_eq(image->rgb, whole->rgb, (size_t)whole->width * whole->height * 3);
}

START_TEST(truncated_files_never_give_half_an_image)
{
    static uint8_t bytes[MOST];
    struct image whole = {0}, image = {0};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct error error = {0};
        size_t size = slurp(kinds[k], bytes);
        ck_assert_int_eq(image_read_memory(bytes, size, "whole", NULL, &whole, &error), 0);
        for (size_t cut = 0; cut < size; cut += 1 + cut / 40)
            check_cut(bytes, cut, &whole, &image);
        if (strstr(kinds[k], "jpg"))
            ck_assert_int_eq(image_read_memory(bytes, size / 2, "cut", NULL, &image, &error), -1);
    }
    image_free(&whole);
    image_free(&image);
}
END_TEST

START_TEST(damaged_files_do_not_crash)
{
    static uint8_t bytes[MOST];
    struct image_options limits = {.max_pixels = 1000000};
    struct image image = {0};
    uint64_t random = 1;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int turn = 0; turn < 60; turn++) {
            struct error error = {0};
            size_t size = slurp(kinds[k], bytes);
            for (int flips = 0; flips <= turn % 4; flips++) {
                random = random * 6364136223846793005U + 1442695040888963407U;
                bytes[(random >> 33) % size] ^= (uint8_t)(1 << (random >> 29) % 8);
            }
            if (image_read_memory(bytes, size, "damaged", &limits, &image, &error))
                ck_assert_msg(strncmp(error.text, "damaged: ", 9) == 0, "%s", error.text);
        }
    image_free(&image);
}
END_TEST

/* Reads a bad file again and again while others read other files; its message must not change. */
static void *read_bad(void *argument)
{
    const char *path = argument;
    struct image image = {0};
    intptr_t wrong = 0;
    for (int turn = 0; turn < 40; turn++) {
        struct error error = {0};
        if (image_read(path, NULL, &image, &error) == 0 ||
            strncmp(error.text, path, strlen(path)) != 0 ||
            !strstr(error.text, strstr(path, "cut") ? "truncated" : "a text file"))
            wrong++;
    }
    image_free(&image);
    image_thread_stop();
    return (void *)wrong; // NOLINT(performance-no-int-to-ptr): the thread's count of mistakes
}

START_TEST(threads_get_their_own_messages)
{
    static uint8_t bytes[MOST];
    struct scratch scratch = scratch_new();
    char *paths[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, i % 2 ? "cut%d" : "text%d", i);
        paths[i] = scratch_path(&scratch, name);
        bytes[0] = 'x';
        size_t size = i % 2 ? slurp("rgb444.jpg", bytes) / 2 : 1;
        FILE *file = fopen(paths[i], "wb");
        ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
        fclose(file);
    }
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_bad, paths[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        ck_assert_ptr_null(wrong);
        free(paths[i]);
    }
    scratch_free(&scratch);
}
END_TEST

/* A JPEG that lacks more than its end marker is refused, however little it is. */
START_TEST(cut_jpegs_are_told_from_endless_ones)
{
    static const char *const files[] = {"rgb444.jpg", "rgb420.jpg", "progressive.jpg", "gray.jpg",
                                        "cmyk.jpg"};
    static uint8_t bytes[MOST];
    struct image whole = {0}, image = {0};
    struct error error = {0};
    for (size_t k = 0; k < sizeof files / sizeof *files; k++) {
        size_t size = slurp(files[k], bytes);
        ck_assert_int_eq(image_read_memory(bytes, size, "whole", NULL, &whole, &error), 0);
        for (size_t cut = 1; cut <= 2; cut++)
            ck_assert_int_eq(image_read_memory(bytes, size - cut, "cut", NULL, &image, &error), 0);
        for (size_t cut = 1; cut < size / 2; cut++)
            check_cut(bytes, size - cut, &whole, &image);
        ck_assert_int_eq(image_read_memory(bytes, size - 12, "cut", NULL, &image, &error), -1);
        memset(bytes + size - 2, 0, 5000); /* a file system filled up the last block */
        ck_assert_int_eq(image_read_memory(bytes, size + 4998, "cut", NULL, &image, &error), 0);
        check_cut(bytes, size + 4998, &whole, &image);
    }
    image_free(&whole);
    image_free(&image);
}
END_TEST

/* lzw.tif with another value of one tag (SHORT) is refused with `reason`. */
static void check_tag(unsigned tag, unsigned value, const char *reason)
{
    static uint8_t bytes[MOST];
    size_t size = slurp("lzw.tif", bytes);
    struct error error = {0};
    struct image image = {0};
    size_t entry = bytes[4] | (size_t)bytes[5] << 8;
    for (entry += 2; (bytes[entry] | bytes[entry + 1] << 8) != (int)tag; entry += 12)
        ck_assert_uint_lt(entry + 12, size);
    bytes[entry + 8] = (uint8_t)value;
    bytes[entry + 9] = (uint8_t)(value >> 8);
    ck_assert_int_eq(image_read_memory(bytes, size, "a.tif", NULL, &image, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_msg(strstr(error.text, reason) != NULL, "%s", error.text);
    ck_assert_ptr_null(strstr(error.text, "truncated"));
    image_free(&image);
}

START_TEST(unsupported_compressions_are_named)
{
    check_tag(259, 33003, "TIFFs with JPEG 2000 compression are not supported");
    check_tag(259, 33005, "TIFFs with JPEG 2000 compression are not supported");
    check_tag(259, 34712, "TIFFs with JPEG 2000 compression are not supported");
    check_tag(259, 34892, "TIFFs with lossy DNG compression are not supported");
    check_tag(259, 52546, "TIFFs with JPEG XL compression are not supported");
    check_tag(259, 33004, "TIFFs with JPEG 2000 compression are not supported");
    check_tag(259, 9, "TIFFs with JBIG compression are not supported");
    check_tag(259, 999, "TIFFs with an unknown compression are not supported");
    check_tag(259, 34887, "damaged, or its LERC compression is not supported here");
}
END_TEST

/* `size` bytes, filled up with zeros to `whole`, are refused with a line that names the kind. */
static void check_kind(const char *start, size_t size, size_t whole, const char *reason)
{
    static uint8_t bytes[MOST];
    struct error error = {0};
    struct image image = {0};
    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, start, size);
    ck_assert_int_eq(image_read_memory(bytes, whole, "a", NULL, &image, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_msg(strstr(error.text, reason) != NULL, "%s (not: %s)", error.text, reason);
    image_free(&image);
}

#define CHECK_KIND(start, reason) check_kind(start, sizeof(start) - 1, 2000, reason)
#define CHECK_TEXT(text, reason) check_kind(text, sizeof(text) - 1, sizeof(text) - 1, reason)

START_TEST(images_that_are_not_read_are_named)
{
    CHECK_KIND("BM\x36\x10\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", "a BMP image");
    CHECK_KIND("8BPS\0\1", "a Photoshop file");
    CHECK_KIND("\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14"
               "ftypjp2 ",
               "a JPEG 2000 image");
    CHECK_KIND("\xff\x4f\xff\x51\0\x2f", "a JPEG 2000 image");
    CHECK_KIND("\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image");
    CHECK_KIND("\xff\x0a\xfa\x7f", "a JPEG XL image");
    CHECK_KIND("P5\n9 9\n255\n", "a PNM image");
    CHECK_KIND("SIMPLE  =                    T", "a FITS file");
    CHECK_KIND("\0\0\1\0\1\0\x10\x10", "an icon");
    CHECK_KIND("FUJIFILMCCD-RAW 0201", "a camera's raw file");
    CHECK_KIND("\0\0\0\x18"
               "ftypcrx \0\0\0\1",
               "a camera's raw file");
    CHECK_KIND("II*\0\x10\0\0\0CR\2\0\0\0\0\0", "a camera's raw file");
    CHECK_KIND("IIU\0\x18\0\0\0", "a camera's raw file");
    static const char dicom[200] = {[128] = 'D', 'I', 'C', 'M'};
    check_kind(dicom, sizeof dicom, 2000, "a DICOM file");
}
END_TEST

START_TEST(other_files_are_named)
{
    CHECK_KIND("", "it begins with zeros");
    CHECK_KIND("\0\0\0\x18"
               "ftypmp42\0\0\0\0",
               "a video");
    CHECK_KIND("\0\0\0\x14"
               "ftypqt  ",
               "a video");
    CHECK_KIND("RIFF\0\1\0\0AVI LIST", "a video");
    CHECK_KIND("PK\3\4\x14\0", "a ZIP archive");
    CHECK_KIND("\x1f\x8b\x08", "a gzip file");
    CHECK_KIND("\0\5\x16\7\0\2\0\0Mac OS X", "a resource fork");
    CHECK_KIND("%PDF-1.7\n", "a PDF document");
    CHECK_KIND("\x89HDF\r\n\x1a\n", "an HDF5 file");
    CHECK_KIND("\x93NUMPY\1\0", "a NumPy array");
    CHECK_TEXT("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
               "git lfs pull");
    CHECK_TEXT("\n<!DOCTYPE html>\n<title>403</title>", "a web page");
    CHECK_TEXT("<HTML><BODY>404</BODY></HTML>", "a web page");
    CHECK_TEXT("<?xml version='1.0'?><svg width='1'/>", "an SVG drawing");
    CHECK_TEXT("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "XML text");
    CHECK_TEXT("{\"error\": \"quota\"}", "JSON text");
    CHECK_KIND("\x89PNG\n\x1a\n\0\0\0\x0dIHDR", "copied as text");
    CHECK_KIND("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\0\x10JFIF", "copied as text");
}
END_TEST

START_TEST(unsupported_jpegs_are_named)
{
    static const struct {
        int place; /* behind the marker of the frame */
        uint8_t value;
        const char *reason;
    } changes[] = {
        {-1, 0xc3, "JPEGs with lossless compression are not supported"},
        {-1, 0xf7, "JPEGs with JPEG-LS compression"},
        {2, 12, "JPEGs with 12 bits a sample"},
        {3, 0xff, "JPEGs with a side over 65,500 pixels"},
        {7, 2, "JPEGs with other than 1, 3 or 4 components"},
    };
    static uint8_t bytes[MOST];
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        size_t size = slurp("rgb444.jpg", bytes);
        uint8_t *frame = memmem(bytes, size, "\xff\xc0", 2);
        frame[2 + changes[i].place] = changes[i].value;
        frame[6] = 0xf0; /* the height's lower byte */
        check_kind((const char *)bytes, size, size, changes[i].reason);
    }
}
END_TEST

START_TEST(unsupported_samples_are_named)
{
    check_refused(FOLDER "float.tif", NULL, "TIFFs with floating-point samples are not supported");
    check_refused(FOLDER "ycbcr.tif", NULL, "colours stored as YCbCr are not supported");
}
END_TEST

int main(void)
{
    struct error error;
    if (image_library_start(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("image_bad");
    TCase *tests = tcase_create("image_bad");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, files_that_are_no_images_are_refused);
    tcase_add_test(tests, what_is_no_file_is_refused);
    tcase_add_test(tests, unreadable_files_are_refused);
    tcase_add_test(tests, names_are_not_interpreted);
    tcase_add_test(tests, limits_are_checked_by_the_header);
    tcase_add_test(tests, lying_headers_are_refused);
    tcase_add_test(tests, truncated_files_never_give_half_an_image);
    tcase_add_test(tests, damaged_files_do_not_crash);
    tcase_add_test(tests, threads_get_their_own_messages);
    tcase_add_test(tests, cut_jpegs_are_told_from_endless_ones);
    tcase_add_test(tests, unsupported_compressions_are_named);
    tcase_add_test(tests, images_that_are_not_read_are_named);
    tcase_add_test(tests, other_files_are_named);
    tcase_add_test(tests, unsupported_jpegs_are_named);
    tcase_add_test(tests, unsupported_samples_are_named);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_library_stop();
    return status;
}
