/* Lists of images: order, keys, hostile names, loops, clashes; and which shard an image is of. */
#include "unit.h"

#include <errno.h>

#include "base/error.h"
#include "jobs/items.h"
#include "jobs/list.h"
#include "jobs/shard.h"
#include "scratch.h"

static struct scratch scratch;

/* Goes through the rest of a list and joins its keys by '|'. The caller frees. */
static char *rest_of(struct list *list)
{
    struct error error = {0};
    struct list_item item;
    enum { KEYS_SIZE = 1 << 16 };
    char *keys = calloc(1, KEYS_SIZE);
    size_t used = 0;
    uint64_t index = 0;
    int found;
    while ((found = list_next(list, &item, &error)) > 0) {
        ck_assert_uint_eq(item.index, index++);
        used += (size_t)snprintf(keys + used, KEYS_SIZE - used, "%s%s", used ? "|" : "", item.key);
        ck_assert_uint_lt(used, KEYS_SIZE);
    }
    ck_assert_msg(found == 0, "%s", error.text);
    return keys;
}

static char *all_keys(const struct list_options *options)
{
    struct error error = {0};
    struct list *list = list_open(options, &error);
    ck_assert_msg(list, "%s", error.text);
    char *keys = rest_of(list);
    list_close(list);
    return keys;
}

static void expect_keys(const struct list_options *options, const char *expected)
{
    char *keys = all_keys(options);
    ck_assert_str_eq(keys, expected);
    free(keys);
}

static struct list_survey expect_survey(const struct list_options *options,
                                        const struct shard *shard)
{
    struct error error = {0};
    struct list_survey survey;
    struct list_item item;
    struct list *list = list_open(options, &error);
    ck_assert_msg(list, "%s", error.text);
    ck_assert_msg(list_survey(list, shard, &survey, &error) == 0, "%s", error.text);
    ck_assert_int_eq(list_next(list, &item, &error), survey.items > 0);
    list_close(list);
    return survey;
}

/* The survey is refused, and its message has all of the words. */
static void expect_refused(const struct list_options *options, const char *one, const char *other)
{
    struct error error = {0};
    struct list_survey survey;
    struct list *list = list_open(options, &error);
    ck_assert_msg(list, "%s", error.text);
    ck_assert_int_eq(list_survey(list, NULL, &survey, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_msg(strstr(error.text, one), "%s", error.text);
    ck_assert_msg(strstr(error.text, other), "%s", error.text);
    list_close(list);
}

static void set_up(void)
{
    scratch = scratch_new();
}

static void tear_down(void)
{
    scratch_free(&scratch);
}

/* Extensions with a P or a W, as an example. */
static bool has_p_or_w(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && strpbrk(dot, "pPw");
}

static size_t tar_folder(const char *path)
{
    const char *ending = strstr(path, ".tar");
    return ending ? (size_t)(ending - path) : strlen(path);
}

static int is_tar(void *context, const char *path, const char *key, struct error *error)
{
    (void)context;
    (void)path;
    (void)error;
    return key[tar_folder(key)] != '\0';
}

START_TEST(folders_are_walked_in_a_stable_order)
{
    scratch_write(&scratch, "in/b.jpg", "");
    scratch_write(&scratch, "in/a/z.PNG", "");
    scratch_write(&scratch, "in/a/deep/er/x.webp", "");
    scratch_write(&scratch, "in/a.webp", "");
    scratch_write(&scratch, "in/notes.txt", "");
    scratch_write(&scratch, "in/jpg", "");
    scratch_write(&scratch, "in/.hidden.jpg", "");
    scratch_write(&scratch, "in/.maskmill/x.jpg", "");
    scratch_write(&scratch, "in/B.JPEG", "");
    scratch_write(&scratch, "in/b.overlay.jpg", "");
    char *folder = scratch_path(&scratch, "in");
    char *slashed = scratch_path(&scratch, "in//");
    const char *inputs[] = {folder};
    struct list_options options = {
        .inputs = inputs, .input_count = 1, .wanted = has_p_or_w, .skip_suffix = ".overlay.jpg"};
    expect_keys(&options, "B.JPEG|a/deep/er/x.webp|a/z.PNG|a.webp|b.jpg");
    inputs[0] = slashed;
    expect_keys(&options, "B.JPEG|a/deep/er/x.webp|a/z.PNG|a.webp|b.jpg");
    free(folder);
    free(slashed);
}
END_TEST

START_TEST(links_make_no_loops_and_odd_files_are_left_out)
{
    scratch_write(&scratch, "in/real/a.jpg", "");
    char *folder = scratch_path(&scratch, "in");
    char *loop = scratch_path(&scratch, "in/real/loop.jpg");
    char *up = scratch_path(&scratch, "in/up");
    char *file = scratch_path(&scratch, "in/link.jpg");
    char *dangling = scratch_path(&scratch, "in/dangling.jpg");
    char *pipe_name = scratch_path(&scratch, "in/pipe.jpg");
    ck_assert_int_eq(symlink("..", loop), 0);
    ck_assert_int_eq(symlink(".", up), 0);
    ck_assert_int_eq(symlink("real/a.jpg", file), 0);
    ck_assert_int_eq(symlink("nowhere", dangling), 0);
    ck_assert_int_eq(mkfifo(pipe_name, 0666), 0);
    const char *inputs[] = {folder};
    struct list_options options = {.inputs = inputs, .input_count = 1};
    expect_keys(&options, "dangling.jpg|link.jpg|real/a.jpg");
    char *names[] = {folder, loop, up, file, dangling, pipe_name};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        free(names[i]);
}
END_TEST

START_TEST(the_output_folder_is_not_an_input_of_its_own)
{
    scratch_write(&scratch, "in/a.jpg", "");
    scratch_write(&scratch, "in/out/b.jpg", "");
    char *in = scratch_path(&scratch, "in");
    char *out = scratch_path(&scratch, "in/out");
    const char *inputs[] = {in};
    struct list_options options = {.inputs = inputs, .input_count = 1, .skip_folder = out};
    expect_keys(&options, "a.jpg");
    options.skip_folder = in;
    expect_keys(&options, "a.jpg|out/b.jpg");
    free(in);
    free(out);
}
END_TEST

/* What is left out is counted, and counted again by each walk. */
START_TEST(what_is_passed_over_is_counted)
{
    scratch_write(&scratch, "in/a.png", "");
    scratch_write(&scratch, "in/.b.png", "");
    scratch_write(&scratch, "in/.maskmill/c.png", "");
    scratch_write(&scratch, "in/@eaDir/d.png", "");
    scratch_write(&scratch, "in/sub/e.txt", "");
    scratch_write(&scratch, "in/sub/f.png", "");
    scratch_write(&scratch, "in/sub/f.overlay.jpg", "");
    scratch_write(&scratch, "in/out/g.png", "");
    scratch_write(&scratch, "in/@png/h.png", "");
    scratch_write(&scratch, "list", "x/a.png\nx/small/b.png\n");
    char *in = scratch_path(&scratch, "in");
    char *out = scratch_path(&scratch, "in/out");
    char *text_list = scratch_path(&scratch, "list");
    const char *inputs[] = {in};
    const char *const exclude[] = {"small", "sub/f.*"};
    struct list_options options = {.inputs = inputs,
                                   .input_count = 1,
                                   .list_file = text_list,
                                   .wanted = has_p_or_w,
                                   .skip_suffix = ".overlay.jpg",
                                   .skip_folder = in,
                                   .rules = {exclude, 2}};
    char text[PASSED_TEXT_SIZE];
    struct list_survey survey = expect_survey(&options, NULL);
    passed_over_text(&survey.passed, text);
    ck_assert_str_eq(text, "7 passed over: 1 .txt, 1 hidden, 1 system file, 2 excluded, "
                           "2 earlier outputs");
    expect_keys(&options, "a.png|out/g.png|x/a.png");
    options.skip_folder = out;
    options.rules.exclude_count = 0;
    expect_keys(&options, "a.png|sub/f.png|x/a.png|x/small/b.png");
    free(in);
    free(out);
    free(text_list);
}
END_TEST

static void note_key(void *context, const char *key)
{
    char *keys = context;
    size_t used = strlen(keys);
    snprintf(keys + used, 256 - used, "%s|", key);
}

/* A path that is too long, since the superuser may read every folder. */
START_TEST(a_folder_that_cannot_be_read_is_an_item)
{
    char *name = calloc(1, 252);
    memset(name, 'n', 250);
    scratch_write(&scratch, "in/a.png", "");
    scratch_write(&scratch, "in/z/b.png", "");
    int folder = open(scratch.path, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 20; i++) {
        int parent = folder;
        ck_assert_int_eq(mkdirat(parent, i ? name : "in", 0777), i ? 0 : -1);
        folder = openat(parent, i ? name : "in", O_RDONLY | O_DIRECTORY);
        close(parent);
    }
    close(folder);
    char *in = scratch_path(&scratch, "in");
    const char *inputs[] = {in};
    struct list_options options = {.inputs = inputs, .input_count = 1};
    struct error error = {0};
    struct list_item item;
    char sound[256] = "";
    struct list *list = list_open(&options, &error);
    list_watch(list, note_key, sound);
    ck_assert_int_eq(list_next(list, &item, &error), 1);
    ck_assert_str_eq(item.key, "a.png");
    ck_assert_ptr_null(item.fault);
    ck_assert_int_eq(list_next(list, &item, &error), 1);
    ck_assert_int_eq(item.key[strlen(item.key) - 1], '/');
    ck_assert_ptr_nonnull(item.fault);
    ck_assert_int_eq(item.fault->system, ENAMETOOLONG);
    sound[0] = '\0';
    ck_assert_int_eq(list_next(list, &item, &error), 1);
    ck_assert_str_eq(item.key, "z/b.png");
    ck_assert_ptr_null(item.fault);
    ck_assert_str_eq(sound, "z/|");
    ck_assert_int_eq(list_next(list, &item, &error), 0);
    list_close(list);
    ck_assert_uint_eq(expect_survey(&options, NULL).mine, 3);
    free(in);
    free(name);
}
END_TEST

START_TEST(hostile_names_are_bytes_like_others)
{
    const char *hostile[] = {
        "in/new\nline.jpg",    "in/q\"uo'te.jpg", "in/back\\slash.jpg", "in/\xff\xfe.jpg",
        "in/\xed\xa0\x80.jpg", "in/ .jpg",        "in/%s%n.jpg",        "in/-o.jpg"};
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        scratch_write(&scratch, hostile[i], "");
    char *folder = scratch_path(&scratch, "in");
    const char *inputs[] = {folder};
    struct list_options options = {.inputs = inputs, .input_count = 1};
    expect_keys(&options, " .jpg|%s%n.jpg|-o.jpg|back\\slash.jpg|new\nline.jpg|q\"uo'te.jpg|"
                          "\xed\xa0\x80.jpg|\xff\xfe.jpg");
    ck_assert_uint_eq(expect_survey(&options, NULL).items, 8);
    free(folder);
}
END_TEST

START_TEST(text_lists_and_their_separators)
{
    scratch_write(&scratch, "list", "a/b.jpg\n\n/abs//x.png\r\n../up/./y.gif\nlast");
    char *name = scratch_path(&scratch, "list");
    struct list_options options = {.list_file = name};
    expect_keys(&options, "a/b.jpg|abs/x.png|up/y.gif|last");
    FILE *file = fopen(name, "wb");
    fwrite("a\nb.jpg\0c\r.jpg\0", 1, 15, file);
    fclose(file);
    options.null_separated = true;
    expect_keys(&options, "a\nb.jpg|c\r.jpg");
    ck_assert_int_eq(unlink(name), 0);
    file = fopen(name, "wb");
    fwrite("\xef\xbb\xbf a.jpg\0b.jpg \r\0", 1, 19, file);
    fclose(file);
    expect_keys(&options, "\xef\xbb\xbf a.jpg|b.jpg \r");
    file = fopen(name, "wb");
    fwrite("a\nb.jpg\0c\r.jpg\0", 1, 15, file);
    fclose(file);

    options.null_separated = false;
    struct error error = {0};
    struct list_item item;
    struct list *list = list_open(&options, &error);
    ck_assert_int_eq(list_next(list, &item, &error), 1);
    ck_assert_int_eq(list_next(list, &item, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "--null"));
    list_close(list);

    scratch_write(&scratch, "list", "ok.jpg\n..\n");
    list = list_open(&options, &error);
    ck_assert_int_eq(list_next(list, &item, &error), 1);
    ck_assert_int_eq(list_next(list, &item, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    list_close(list);
    free(name);
}
END_TEST

/* Byte order marks, also in the middle of joined lists, CR LF, blanks; but a name that is there is
 * taken as it stands. */
START_TEST(lists_from_other_systems)
{
    char *name = scratch_path(&scratch, "list");
    char *spaced = scratch_path(&scratch, " spaced.jpg");
    char *returned = scratch_path(&scratch, "returned.jpg\r");
    char lines[4096];
    struct list_options options = {.list_file = name};
    scratch_write(&scratch, "list",
                  "\xef\xbb\xbf"
                  "a.jpg\r\n  \r\n b.jpg \t\r\n\xef\xbb\xbf"
                  "c d.jpg\n\xef\xbb\xbf\r\n\te.jpg");
    expect_keys(&options, "a.jpg|b.jpg|c d.jpg|e.jpg");
    snprintf(lines, sizeof lines, "%s\r\n%s\n%s\n", spaced, returned, spaced + 1);
    scratch_write(&scratch, "list", lines);
    scratch_write(&scratch, " spaced.jpg", "");
    scratch_write(&scratch, "returned.jpg\r", "");
    char expected[4096];
    snprintf(expected, sizeof expected, "%s|%s|%s", spaced + 1, returned + 1, spaced + 1);
    expect_keys(&options, expected);
    free(name);
    free(spaced);
    free(returned);
}
END_TEST

static void write_bytes(const char *name, const char *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}

/* The list cannot be read to its end, and the message has the word. */
static void expect_unreadable(const char *name, const char *word)
{
    struct error error = {0};
    struct list_item item;
    int found;
    const struct list_options options = {.list_file = name};
    struct list *list = list_open(&options, &error);
    ck_assert_msg(list, "%s", error.text);
    while ((found = list_next(list, &item, &error)) > 0)
        ;
    ck_assert_int_eq(found, -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_msg(strstr(error.text, word) && strstr(error.text, name), "%s", error.text);
    list_close(list);
}

START_TEST(lists_that_are_no_text_are_named)
{
    char *name = scratch_path(&scratch, "list");
    write_bytes(name,
                "\xff\xfe"
                "a\0\n\0",
                6);
    expect_unreadable(name, "UTF-16");
    write_bytes(name, "a\0.\0j\0\n\0", 8);
    expect_unreadable(name, "UTF-16");
    write_bytes(name, "a.jpg\nb\0c\n", 10);
    expect_unreadable(name, "line 2");
    struct error error = {0};
    const struct list_options folder = {.list_file = scratch.path};
    ck_assert_ptr_null(list_open(&folder, &error));
    ck_assert_msg(strstr(error.text, "INPUT"), "%s", error.text);
    free(name);
}
END_TEST

START_TEST(lines_are_numbered)
{
    struct error error = {0};
    struct list_item item;
    char *name = scratch_path(&scratch, "list");
    scratch_write(&scratch, "list", "a.jpg\n\n\r\nb.jpg\n");
    const char *inputs[] = {name};
    const struct list_options options = {.inputs = inputs, .input_count = 1, .list_file = name};
    struct list *list = list_open(&options, &error);
    const uint64_t lines[] = {0, 1, 4};
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(list_next(list, &item, &error), 1);
        ck_assert_uint_eq(item.line, lines[i]);
    }
    list_close(list);
    free(name);
}
END_TEST

START_TEST(repeats_count_once)
{
    char lines[4096];
    char expected[4096];
    char *in = scratch_path(&scratch, "in");
    char *name = scratch_path(&scratch, "list");
    scratch_write(&scratch, "in/a.jpg", "");
    scratch_write(&scratch, "in/b.jpg", "");
    snprintf(lines, sizeof lines, "%s/a.jpg\n%s//b.jpg\n%s/./a.jpg\nmissing.jpg\n.//missing.jpg\n",
             in, in, in);
    scratch_write(&scratch, "list", lines);
    const struct list_options options = {.list_file = name};
    struct list_survey survey = expect_survey(&options, NULL);
    ck_assert_uint_eq(survey.items, 3);
    ck_assert_uint_eq(survey.mine, 3);
    ck_assert_uint_eq(survey.passed.counts[PASSED_REPEATED], 2);
    uint64_t sum = 0;
    for (uint32_t s = 0; s < 3; s++)
        sum += expect_survey(&options, &(struct shard){s, 3}).mine;
    ck_assert_uint_eq(sum, 3);

    struct error error = {0};
    struct list *list = list_open(&options, &error);
    ck_assert_int_eq(list_survey(list, NULL, &survey, &error), 0);
    snprintf(expected, sizeof expected, "%s/a.jpg|%s/b.jpg|missing.jpg", in + 1, in + 1);
    for (int pass = 0; pass < 2; pass++) {
        char *keys = rest_of(list);
        ck_assert_str_eq(keys, expected);
        free(keys);
        ck_assert_int_eq(list_rewind(list, &error), 0);
    }
    list_close(list);

    char *file = scratch_path(&scratch, "in/b.jpg");
    const char *inputs[] = {in, file, file};
    const struct list_options twice = {.inputs = inputs, .input_count = 3};
    survey = expect_survey(&twice, NULL);
    ck_assert_uint_eq(survey.items, 2);
    ck_assert_uint_eq(survey.passed.counts[PASSED_REPEATED], 2);
    free(file);
    free(in);
    free(name);
}
END_TEST

START_TEST(repeated_tars_count_once)
{
    char *name = scratch_path(&scratch, "list");
    const struct list_options options = {
        .list_file = name, .holds_many = is_tar, .folder = tar_folder};
    scratch_write(&scratch, "list", "x/a.tar\nx/./a.tar\nb.jpg\n./b.jpg\nb.jpg\n");
    scratch_write(&scratch, "x/a.tar", "");
    ck_assert_int_eq(chdir(scratch.path), 0);
    scratch_write(&scratch, "b.jpg", "");
    struct list_survey survey = expect_survey(&options, NULL);
    ck_assert_uint_eq(survey.items, 2);
    ck_assert_uint_eq(survey.passed.counts[PASSED_REPEATED], 3);
    free(name);
}
END_TEST

/* Two files with one name are no repeats: their records would be one. */
START_TEST(two_files_with_one_key_are_refused_with_their_lines)
{
    char *name = scratch_path(&scratch, "list");
    const struct list_options options = {.list_file = name};
    scratch_write(&scratch, "list", "z.jpg\nup/a.jpg\n\n../up/a.jpg\n");
    expect_refused(&options, "'up/a.jpg' (line 2)", "'../up/a.jpg' (line 4)");
    free(name);
}
END_TEST

START_TEST(a_list_in_a_pipe_can_be_read_twice)
{
    char *name = scratch_path(&scratch, "pipe");
    ck_assert_int_eq(mkfifo(name, 0666), 0);
    pid_t child = fork();
    if (child == 0) {
        FILE *file = fopen(name, "w");
        fputs("a.jpg\nb.jpg\n", file);
        fclose(file);
        _exit(0);
    }
    struct list_options options = {.list_file = name};
    ck_assert_uint_eq(expect_survey(&options, NULL).items, 2);
    free(name);
}
END_TEST

START_TEST(two_images_with_one_output_are_refused)
{
    scratch_write(&scratch, "in/a.jpg", "");
    scratch_write(&scratch, "in/sub/a.png", "");
    scratch_write(&scratch, "other/a.png", "");
    char *in = scratch_path(&scratch, "in");
    char *one = scratch_path(&scratch, "other/a.png");
    const char *inputs[] = {in, one};
    struct list_options options = {.inputs = inputs, .input_count = 1};
    ck_assert_uint_eq(expect_survey(&options, NULL).items, 2);
    options.input_count = 2;
    expect_refused(&options, "in/a.jpg", "other/a.png");

    scratch_write(&scratch, "list", "x/1.jpg\nx/../x/1.tif\n");
    char *list = scratch_path(&scratch, "list");
    struct list_options listed = {.list_file = list};
    expect_refused(&listed, "'x/1.jpg' (line 1)", "'x/../x/1.tif' (line 2)");

    free(in);
    free(one);
    free(list);
}
END_TEST

START_TEST(many_images_are_surveyed_without_a_false_alarm)
{
    char *name = scratch_path(&scratch, "list");
    FILE *file = fopen(name, "w");
    for (int i = 0; i < 200000; i++)
        fprintf(file, "folder/%d/image-%d.jpg\n", i % 100, i);
    fclose(file);
    struct list_options options = {.list_file = name};
    struct shard shards[4] = {{0, 4}, {1, 4}, {2, 4}, {3, 4}};
    uint64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        struct list_survey survey = expect_survey(&options, &shards[i]);
        ck_assert_uint_eq(survey.items, 200000);
        ck_assert_uint_gt(survey.mine, 49000);
        ck_assert_uint_lt(survey.mine, 51000);
        sum += survey.mine;
    }
    ck_assert_uint_eq(sum, 200000);
    file = fopen(name, "a");
    fputs("folder/7/image-7.png\n", file);
    fclose(file);
    expect_refused(&options, "folder/7/image-7.jpg", "folder/7/image-7.png");
    free(name);
}
END_TEST

/* Only shards with a tar do not know their number. */
START_TEST(files_that_hold_many_images_leave_their_number_unknown)
{
    char *list = scratch_path(&scratch, "list");
    scratch_write(&scratch, "list", "a.jpg\nb.tar\nc.jpg\n");
    const struct list_options options = {
        .list_file = list, .holds_many = is_tar, .folder = tar_folder};
    const struct list_options plain = {.list_file = list};
    struct list_survey all = expect_survey(&options, NULL);
    ck_assert_uint_eq(all.items, 3);
    ck_assert_uint_eq(all.mine, ITEMS_UNKNOWN);
    ck_assert_uint_eq(expect_survey(&plain, NULL).mine, 3);
    uint64_t known = 0;
    for (uint32_t s = 0; s < 4; s++) {
        const struct shard shard = {s, 4};
        uint64_t mine = expect_survey(&options, &shard).mine;
        ck_assert_int_eq(mine == ITEMS_UNKNOWN, shard_has(&shard, "b.tar"));
        ck_assert(mine == ITEMS_UNKNOWN || mine <= 2);
        known += mine != ITEMS_UNKNOWN;
    }
    ck_assert_uint_eq(known, 3);
    free(list);
}
END_TEST

/* The images in a.tar are written into a/. */
START_TEST(nothing_else_writes_into_the_folder_of_a_tar)
{
    char *list = scratch_path(&scratch, "list");
    const struct list_options options = {
        .list_file = list, .holds_many = is_tar, .folder = tar_folder};
    scratch_write(&scratch, "list", "x/a.tar\nx/a.jpg\nx/ab/1.jpg\na/1.jpg\nb.tar\n");
    ck_assert_uint_eq(expect_survey(&options, NULL).items, 5);
    scratch_write(&scratch, "list", "x/a/1.jpg\nx/2.jpg\nx/a.tar\n");
    expect_refused(&options, "'x/a/1.jpg' (line 1) and 'x/a.tar' (line 3)", "'x/a/'");
    scratch_write(&scratch, "list", "x/a.tar\nx/a/b/c/1.jpg\n");
    expect_refused(&options, "'x/a.tar' (line 1) and 'x/a/b/c/1.jpg' (line 2)", "'x/a/'");
    scratch_write(&scratch, "list", "a.tar\na/b.tar\n");
    expect_refused(&options, "'a.tar' (line 1) and 'a/b.tar' (line 2)", "'a/'");
    scratch_write(&scratch, "list", "a.tar\nb.jpg\na.tar.gz\n");
    expect_refused(&options, "'a.tar' (line 1) and 'a.tar.gz' (line 3)", "'a/'");
    free(list);
}
END_TEST

/* Where other formats lie. */
START_TEST(nothing_is_written_into_folders_of_other_formats)
{
    char *list = scratch_path(&scratch, "list");
    const struct list_options options = {
        .list_file = list, .holds_many = is_tar, .folder = tar_folder};
    scratch_write(&scratch, "list", "@a.jpg\nx/@y/1.jpg\nx/@z.tar\n");
    ck_assert_uint_eq(expect_survey(&options, NULL).items, 3);
    scratch_write(&scratch, "list", "a.jpg\n@x/1.jpg\n");
    expect_refused(&options, "'@x/1.jpg'", "'@x/'");
    scratch_write(&scratch, "list", "a.jpg\n@x.tar\n");
    expect_refused(&options, "'@x.tar'", "'@x/'");
    free(list);
}
END_TEST

/* Where a run keeps its ledgers and run.json. */
START_TEST(nothing_is_written_into_the_folder_of_the_run)
{
    char *list = scratch_path(&scratch, "list");
    const struct list_options options = {
        .list_file = list, .holds_many = is_tar, .folder = tar_folder};
    scratch_write(&scratch, "list", ".maskmill.jpg\nx/.maskmill/1.jpg\n.maskmills/1.jpg\n");
    ck_assert_uint_eq(expect_survey(&options, NULL).items, 3);
    scratch_write(&scratch, "list", "a.jpg\n.maskmill/run.png\n");
    expect_refused(&options, "'.maskmill/run.png'", "the run's own");
    scratch_write(&scratch, "list", "x/../.MaskMill/run.png\n");
    expect_refused(&options, ".MaskMill/run.png'", "the run's own");
    scratch_write(&scratch, "list", ".maskmill.tar\n");
    expect_refused(&options, "'.maskmill.tar'", "the run's own");
    free(list);
}
END_TEST

START_TEST(what_is_missing_or_closed_is_named)
{
    struct error error = {0};
    const char *inputs[] = {"/nowhere/at/all"};
    struct list_options options = {.inputs = inputs, .input_count = 1};
    ck_assert_ptr_null(list_open(&options, &error));
    ck_assert_int_eq(error.system, ENOENT);
    ck_assert_ptr_nonnull(strstr(error.text, "/nowhere/at/all"));
    struct list_options listed = {.list_file = "/nowhere/list"};
    ck_assert_ptr_null(list_open(&listed, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "/nowhere/list"));
}
END_TEST

START_TEST(objects_are_names_and_no_files)
{
    scratch_write(&scratch, "s3:/b/walked.tar/in.jpg", "");
    scratch_write(&scratch, "list",
                  "s3://b/a/b.tar\n  gs://c/d e.tar\t\r\nhttps://h/x/../y//z.tar\nplain/p.tar\n\n"
                  "://n.tar\n-x://m.tar\n");
    char *list_file = scratch_path(&scratch, "list");
    ck_assert_int_eq(chdir(scratch.path), 0);
    const char *inputs[] = {"s3://b/000.tar", "s3://b/walked.tar", "none.tar", "/etc",
                            "az://a?b=c"};
    struct list_options options = {.inputs = inputs,
                                   .input_count = 5,
                                   .list_file = list_file,
                                   .objects = true,
                                   .holds_many = is_tar,
                                   .folder = tar_folder};
    expect_keys(&options, "000.tar|walked.tar|none.tar|etc|a?b=c|b/a/b.tar|c/d e.tar|h/y/z.tar|"
                          "plain/p.tar|:/n.tar|-x:/m.tar");
    ck_assert_int_eq(chdir("/"), 0);
    free(list_file);
}
END_TEST

START_TEST(objects_that_clash_are_refused)
{
    const char *inputs[] = {"s3://b/x.tar", "s3://c/y.tar", "s3://b/x.tar", "s3://c/x.tar"};
    struct list_options options = {.inputs = inputs,
                                   .input_count = 3,
                                   .objects = true,
                                   .holds_many = is_tar,
                                   .folder = tar_folder};
    struct list_survey survey = expect_survey(&options, NULL);
    ck_assert_uint_eq(survey.items, 2);
    ck_assert_uint_eq(survey.passed.counts[PASSED_REPEATED], 1);
    options.input_count = 4;
    expect_refused(&options, "s3://b/x.tar", "s3://c/x.tar");
    /* To a store these are two objects, unlike paths. */
    inputs[2] = "s3://c//y.tar";
    options.input_count = 3;
    expect_refused(&options, "'s3://c/y.tar'", "'s3://c//y.tar'");
}
END_TEST

START_TEST(an_object_has_a_name)
{
    const char *const none[] = {"s3://b/", "", "s3://b/.", "s3://b/.."};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct error error = {0};
        struct list_item item;
        const struct list_options options = {.inputs = &none[i], .input_count = 1, .objects = true};
        struct list *list = list_open(&options, &error);
        ck_assert_msg(list, "%s", error.text);
        ck_assert_int_eq(list_next(list, &item, &error), -1);
        ck_assert_int_eq(error.code, ERROR_USAGE);
        ck_assert_msg(strstr(error.text, "does not name an object"), "%s", error.text);
        list_close(list);
    }
    scratch_write(&scratch, "list", "s3://b/x.tar\ns3://\n");
    char *list_file = scratch_path(&scratch, "list");
    const struct list_options options = {.list_file = list_file, .objects = true};
    expect_refused(&options, "line 2: 's3://'", "does not name an object");
    free(list_file);
}
END_TEST

START_TEST(schemes_of_objects)
{
    ck_assert_str_eq(list_behind_scheme("s3://b/x.tar"), "b/x.tar");
    ck_assert_str_eq(list_behind_scheme("a+b-c.d://x"), "x");
    ck_assert_str_eq(list_behind_scheme("b/s3://x"), "b/s3://x");
    ck_assert_str_eq(list_behind_scheme("://x"), "://x");
    ck_assert_str_eq(list_behind_scheme("3s://x"), "3s://x");
    ck_assert_str_eq(list_behind_scheme("remote:x"), "remote:x");
    ck_assert_str_eq(list_behind_scheme(""), "");
}
END_TEST

START_TEST(names_and_keys)
{
    char key[64];
    ck_assert_uint_eq(list_stem("a.b/c.tar.gz"), 9);
    ck_assert_uint_eq(list_stem("a.b/c"), 5);
    ck_assert_uint_eq(list_stem("x/.rc"), 5);
    ck_assert_int_eq(list_key("a/../../../b//./c/..", key), 0);
    ck_assert_str_eq(key, "b");
    ck_assert_int_eq(list_key("/../..", key), -1);
    ck_assert_int_eq(list_key("aa/bb/../cc...", key), 0);
    ck_assert_str_eq(key, "aa/cc...");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("list");
    TCase *files = tcase_create("files");
    TCase *names = tcase_create("names");
    tcase_add_checked_fixture(files, set_up, tear_down);
    tcase_set_timeout(files, 60);
    tcase_add_test(files, folders_are_walked_in_a_stable_order);
    tcase_add_test(files, links_make_no_loops_and_odd_files_are_left_out);
    tcase_add_test(files, the_output_folder_is_not_an_input_of_its_own);
    tcase_add_test(files, what_is_passed_over_is_counted);
    tcase_add_test(files, a_folder_that_cannot_be_read_is_an_item);
    tcase_add_test(files, hostile_names_are_bytes_like_others);
    tcase_add_test(files, text_lists_and_their_separators);
    tcase_add_test(files, lists_from_other_systems);
    tcase_add_test(files, lists_that_are_no_text_are_named);
    tcase_add_test(files, lines_are_numbered);
    tcase_add_test(files, repeats_count_once);
    tcase_add_test(files, repeated_tars_count_once);
    tcase_add_test(files, two_files_with_one_key_are_refused_with_their_lines);
    tcase_add_test(files, a_list_in_a_pipe_can_be_read_twice);
    tcase_add_test(files, two_images_with_one_output_are_refused);
    tcase_add_test(files, many_images_are_surveyed_without_a_false_alarm);
    tcase_add_test(files, nothing_else_writes_into_the_folder_of_a_tar);
    tcase_add_test(files, nothing_is_written_into_folders_of_other_formats);
    tcase_add_test(files, nothing_is_written_into_the_folder_of_the_run);
    tcase_add_test(files, files_that_hold_many_images_leave_their_number_unknown);
    tcase_add_test(files, what_is_missing_or_closed_is_named);
    tcase_add_test(files, objects_are_names_and_no_files);
    tcase_add_test(files, objects_that_clash_are_refused);
    tcase_add_test(files, an_object_has_a_name);
    tcase_add_test(names, names_and_keys);
    tcase_add_test(names, schemes_of_objects);
    suite_add_tcase(suite, files);
    suite_add_tcase(suite, names);
    return unit_run(suite);
}
