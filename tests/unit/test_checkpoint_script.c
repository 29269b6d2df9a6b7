/* TorchScript archives: the tensors of their modules are read as data, under the names of the state_dict. */
#include "unit.h"

#include "checkpoint_files.h"

/* An archive around a pickle, whose code nothing reads. */
static void set_script(struct bytes *file, const struct bytes *pickle)
{
    const struct member members[] = {{"s/data.pkl", pickle->data, pickle->size},
                                     {"s/data/0", (const float[4]){1, 2, 3, 4}, 16},
                                     {"s/code/__torch__.py", "import os", 9},
                                     {"s/constants.pkl", "\x80\x02).", 4}};
    bytes_set_zip(file, members, 4);
}

/* Begins an object as torch.jit.save writes it; bytes_end_module ends it. */
static void bytes_begin_module(struct bytes *pickle)
{
    bytes_add_text(pickle, "c__torch__.net\nNet\n)\x81}(");
}

static void bytes_end_module(struct bytes *pickle)
{
    bytes_add_text(pickle, "ub");
}

static void bytes_add_tensor(struct bytes *pickle, const char *name)
{
    bytes_add_key(pickle, name);
    bytes_add_tensor_call(pickle, 4, 1, 3);
}

struct fixture {
    struct bytes pickle, file;
    struct error error;
    struct checkpoint *checkpoint;
};

static struct fixture *start(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    ck_assert_ptr_nonnull(f);
    bytes_add_text(&f->pickle, "\x80\x02");
    return f;
}

static int finish(struct fixture *f)
{
    bytes_add_text(&f->pickle, ".");
    set_script(&f->file, &f->pickle);
    return bytes_open(f->file.data, f->file.size, &f->checkpoint, &f->error);
}

static void refuse(struct fixture *f, const char *text)
{
    ck_assert_int_eq(finish(f), -1);
    ck_assert_ptr_null(f->checkpoint);
    ck_assert_int_eq(f->error.code, ERROR_MODEL);
    ck_assert_msg(strstr(f->error.text, text) != NULL, "%s", f->error.text);
    free(f);
}

START_TEST(names_are_the_way_through_the_modules)
{
    struct fixture *f = start();
    bytes_begin_module(&f->pickle);
    bytes_add_key(&f->pickle, "training");
    bytes_add_text(&f->pickle, "\x89");
    bytes_add_key(&f->pickle, "visual");
    bytes_begin_module(&f->pickle);
    bytes_add_tensor(&f->pickle, "proj");
    bytes_add_key(&f->pickle, "ln_post");
    bytes_begin_module(&f->pickle);
    bytes_add_tensor(&f->pickle, "weight");
    bytes_end_module(&f->pickle);
    bytes_end_module(&f->pickle);
    bytes_add_tensor(&f->pickle, "last");
    bytes_end_module(&f->pickle);
    ck_assert_msg(finish(f) == 0, "%s", f->error.text);
    static const char *const names[] = {"visual.proj", "visual.ln_post.weight", "last"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const float *tensor = checkpoint_tensor(f->checkpoint, names[i], shape_1d(3), &f->error);
        ck_assert_msg(tensor != NULL, "%s", f->error.text);
        ck_assert_float_eq(tensor[0], 2);
    }
    ck_assert_int_eq(checkpoint_check_unused(f->checkpoint, &f->error), 0);
    checkpoint_close(f->checkpoint);
    free(f);
}
END_TEST

START_TEST(a_module_within_itself_is_refused)
{
    struct fixture *f = start();
    bytes_add_text(&f->pickle, "c__torch__.net\nNet\n)\x81q\x01}(");
    bytes_add_tensor(&f->pickle, "a");
    bytes_add_key(&f->pickle, "self");
    bytes_add_text(&f->pickle, "h\x01");
    bytes_end_module(&f->pickle);
    refuse(f, "more than 32 within each other");
}
END_TEST

/* Each level holds the one below twice: 2^20 places. */
START_TEST(modules_that_multiply_are_refused)
{
    struct fixture *f = start();
    bytes_begin_module(&f->pickle);
    bytes_end_module(&f->pickle);
    for (int level = 0; level < 20; level++) {
        bytes_add_text(&f->pickle, "q\x01");
        bytes_begin_module(&f->pickle);
        bytes_add_key(&f->pickle, "x");
        bytes_add_text(&f->pickle, "h\x01");
        bytes_add_key(&f->pickle, "y");
        bytes_add_text(&f->pickle, "h\x01");
        if (level == 19)
            bytes_add_tensor(&f->pickle, "a");
        bytes_end_module(&f->pickle);
    }
    refuse(f, "more than 16384 modules");
}
END_TEST

START_TEST(names_that_are_too_long_are_refused)
{
    char name[200];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    struct fixture *f = start();
    bytes_begin_module(&f->pickle);
    bytes_add_key(&f->pickle, name);
    bytes_begin_module(&f->pickle);
    bytes_add_tensor(&f->pickle, name);
    bytes_end_module(&f->pickle);
    bytes_end_module(&f->pickle);
    refuse(f, "too long");
}
END_TEST

START_TEST(an_archive_without_tensors_is_named)
{
    struct fixture *f = start();
    bytes_begin_module(&f->pickle);
    bytes_add_key(&f->pickle, "training");
    bytes_add_text(&f->pickle, "\x89");
    bytes_end_module(&f->pickle);
    refuse(f, "a TorchScript archive without weights in its modules");
    f = start();
    bytes_add_text(&f->pickle, "N");
    refuse(f, "a TorchScript archive without weights in its modules");
}
END_TEST

START_TEST(what_the_pickle_calls_is_refused)
{
    struct fixture *f = start();
    bytes_begin_module(&f->pickle);
    bytes_add_tensor(&f->pickle, "a");
    bytes_add_key(&f->pickle, "b");
    bytes_add_text(&f->pickle, "cos\nsystem\n");
    bytes_add_key(&f->pickle, "true");
    bytes_add_text(&f->pickle, "\x85R");
    bytes_end_module(&f->pickle);
    refuse(f, "refused: its pickle asks for os.system");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint, TorchScript");
    TCase *tests = tcase_create("script");
    tcase_add_test(tests, names_are_the_way_through_the_modules);
    tcase_add_test(tests, a_module_within_itself_is_refused);
    tcase_add_test(tests, modules_that_multiply_are_refused);
    tcase_add_test(tests, names_that_are_too_long_are_refused);
    tcase_add_test(tests, an_archive_without_tensors_is_named);
    tcase_add_test(tests, what_the_pickle_calls_is_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
