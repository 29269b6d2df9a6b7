/* The members of a tar as bytes: sizes, names of any length, keys that readers do not cut, and the end. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "records/tar_pack.h"

static struct error error;

/* Packs a member and checks what tar_pack_size_at says of it. Returns the size of its headers. */
static size_t check_member(struct tar_pack *pack, const char *name, size_t size)
{
    size_t at = pack->used;
    char *bytes = calloc(1, size + 1);
    memset(bytes, 'x', size);
    ck_assert_msg(tar_pack_member(pack, name, bytes, size, &error) == 0, "%s", error.text);
    const struct tar_pack_size told = tar_pack_size_at(pack, at);
    ck_assert_uint_eq(told.all, pack->used - at);
    ck_assert_uint_eq(told.all % TAR_BLOCK, 0);
    ck_assert_uint_eq(told.header % TAR_BLOCK, 0);
    ck_assert_uint_eq(told.all - told.header, size + tar_pack_padding(size));
    ck_assert_int_eq(memcmp(pack->bytes + at + told.header, bytes, size), 0);
    for (size_t i = at + told.header + size; i < pack->used; i++)
        ck_assert_int_eq(pack->bytes[i], 0);
    free(bytes);
    return told.header;
}

START_TEST(members_have_headers_and_padding)
{
    struct tar_pack pack = {0};
    char name[3001];
    static const size_t sizes[] = {0, 1, 511, 512, 513, 100000};
    if (!tar_pack_supported())
        return;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        ck_assert_uint_eq(check_member(&pack, "a/b.json", sizes[i]), TAR_BLOCK);
    memset(name, 'n', sizeof name);
    for (size_t length = 90; length < sizeof name; length += 97) {
        name[length] = '\0';
        size_t header = check_member(&pack, name, 700);
        ck_assert_uint_ge(header, length <= 100 ? TAR_BLOCK : 3 * TAR_BLOCK);
        name[length] = 'n';
    }
    tar_pack_free(&pack);
}
END_TEST

START_TEST(equal_members_are_equal_bytes)
{
    struct tar_pack one = {0};
    struct tar_pack other = {0};
    if (!tar_pack_supported())
        return;
    check_member(&one, "key.json", 1000);
    check_member(&other, "key.json", 1000);
    ck_assert_uint_eq(one.used, other.used);
    ck_assert_int_eq(memcmp(one.bytes, other.bytes, one.used), 0);
    ck_assert_int_eq(memcmp(one.bytes + 257, "ustar", 5), 0);
    tar_pack_free(&one);
    tar_pack_free(&other);
}
END_TEST

START_TEST(the_end_fills_a_record)
{
    for (uint64_t size = 0; size < UINT64_C(5) * TAR_RECORD; size += TAR_BLOCK) {
        size_t end = tar_pack_end(size);
        ck_assert_uint_eq((size + end) % TAR_RECORD, 0);
        ck_assert_uint_ge(end, 2 * TAR_BLOCK);
        ck_assert_uint_lt(end, TAR_END_MOST);
    }
    const uint64_t large = UINT64_C(1) << 45;
    ck_assert_uint_eq((large + tar_pack_end(large)) % TAR_RECORD, 0);
}
END_TEST

static void check_key(const char *path, const char *expected)
{
    char *key = tar_pack_key(path, &error);
    ck_assert_str_eq(key, expected);
    free(key);
}

START_TEST(keys_have_no_dots_and_can_be_restored)
{
    check_key("a/b c", "a/b%20c");
    check_key("x.y.z", "x%2Ey%2Ez");
    check_key("100%", "100%25");
    check_key("\xff\\\n", "%FF%5C%0A");
    check_key("", "");
    char *name = tar_pack_name("k", "JPG", &error);
    ck_assert_str_eq(name, "k.jpg");
    free(name);
    ck_assert_str_eq(tar_pack_image_ending("a/b.JPG"), "JPG");
    ck_assert_str_eq(tar_pack_image_ending("a.json"), "img");
    ck_assert_str_eq(tar_pack_image_ending("a.j-g"), "img");
    ck_assert_str_eq(tar_pack_image_ending("a."), "img");
    ck_assert_str_eq(tar_pack_image_ending("a"), "img");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tar pack");
    TCase *tests = tcase_create("tar pack");
    tcase_add_test(tests, members_have_headers_and_padding);
    tcase_add_test(tests, equal_members_are_equal_bytes);
    tcase_add_test(tests, the_end_fills_a_record);
    tcase_add_test(tests, keys_have_no_dots_and_can_be_restored);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
