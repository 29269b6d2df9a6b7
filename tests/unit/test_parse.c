/* Numbers and quantities from text: what is read, what is refused. */
#include "unit.h"

#include <math.h>

#include "base/parse.h"

#define LENGTH(list) (sizeof(list) / sizeof *(list))

START_TEST(counts)
{
    const struct {
        const char *text;
        uint64_t count;
    } good[] = {{"0", 0}, {"1000", 1000}, {"007", 7}, {"18446744073709551615", UINT64_MAX}};
    const char *bad[] = {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x10", "18446744073709551616"};
    for (size_t i = 0; i < LENGTH(good); i++) {
        uint64_t count;
        ck_assert_msg(parse_count(good[i].text, &count), "%s", good[i].text);
        ck_assert_uint_eq(count, good[i].count);
    }
    for (size_t i = 0; i < LENGTH(bad); i++) {
        uint64_t count = 5;
        ck_assert_msg(!parse_count(bad[i], &count), "%s", bad[i]);
        ck_assert_uint_eq(count, 5);
    }
}
END_TEST

START_TEST(integers)
{
    const char *bad[] = {"",   "-",   "--1", "+1", " 1",
                         "1x", "1.0", "-6",  "11", "9223372036854775808"};
    int64_t number = 5;
    ck_assert(parse_integer("-5", -5, 10, &number));
    ck_assert_int_eq(number, -5);
    ck_assert(parse_integer("10", -5, 10, &number));
    ck_assert_int_eq(number, 10);
    for (size_t i = 0; i < LENGTH(bad); i++)
        ck_assert_msg(!parse_integer(bad[i], -5, 10, &number), "%s", bad[i]);
    ck_assert(!parse_integer("9223372036854775808", 0, INT64_MAX, &number));
    ck_assert_int_eq(number, 10);
}
END_TEST

START_TEST(reals_and_ratios)
{
    const char *bad[] = {"", "x", "nan", "inf", "0x10", " 1", "1 ", "1e400", ".", "1,5"};
    const char *bad_ratios[] = {"1/", "/2", "1/0", "1/2/3", "1/nan", "1e300/1e-300"};
    double number = 5;
    ck_assert(parse_real("-2.5e-3", &number));
    ck_assert_double_eq(number, -2.5e-3);
    ck_assert(parse_ratio("0.7", &number));
    ck_assert_double_eq(number, 0.7);
    ck_assert(parse_ratio("512/1500", &number));
    ck_assert_double_eq(number, 512.0 / 1500);
    ck_assert(!parse_real("512/1500", &number));
    for (size_t i = 0; i < LENGTH(bad); i++) {
        ck_assert_msg(!parse_real(bad[i], &number), "%s", bad[i]);
        ck_assert_msg(!parse_ratio(bad[i], &number), "%s", bad[i]);
    }
    for (size_t i = 0; i < LENGTH(bad_ratios); i++)
        ck_assert_msg(!parse_ratio(bad_ratios[i], &number), "%s", bad_ratios[i]);
    ck_assert_double_eq(number, 512.0 / 1500);
}
END_TEST

START_TEST(percentages)
{
    const char *bad[] = {"", "%", "5", "5%%", "5 %", "x%", "nan%"};
    double fraction = 5;
    ck_assert(parse_percentage("2.5%", &fraction));
    ck_assert_double_eq(fraction, 0.025);
    ck_assert(parse_percentage("100%", &fraction));
    ck_assert_double_eq(fraction, 1);
    for (size_t i = 0; i < LENGTH(bad); i++)
        ck_assert_msg(!parse_percentage(bad[i], &fraction), "%s", bad[i]);
    ck_assert_double_eq(fraction, 1);
}
END_TEST

START_TEST(durations)
{
    const struct {
        const char *text;
        double seconds;
    } good[] = {{"3h50m", 13800}, {"90s", 90},    {"1d12h", 129600}, {"1.5h", 5400},
                {"3600", 3600},   {"0.25", 0.25}, {"2m2m", 240},     {"1h0m1s", 3601}};
    const char *bad[] = {"",    "h",   "3x",    "3h50",   "-1s", "1e5",  "nan",
                         "inf", "3 h", "1..2s", "11000d", ".",   "0x10", "99999999999999999999"};
    double seconds = 5;
    for (size_t i = 0; i < LENGTH(bad); i++)
        ck_assert_msg(!parse_duration(bad[i], &seconds), "%s", bad[i]);
    ck_assert_double_eq(seconds, 5);
    for (size_t i = 0; i < LENGTH(good); i++) {
        ck_assert_msg(parse_duration(good[i].text, &seconds), "%s", good[i].text);
        ck_assert(fabs(seconds - good[i].seconds) < 1e-9);
    }
}
END_TEST

START_TEST(sizes)
{
    const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"4G", UINT64_C(4) << 30},
                {"1.5GiB", UINT64_C(3) << 29},
                {"512M", 512 << 20},
                {"900k", 900 << 10},
                {"1048576", 1 << 20},
                {"2TB", UINT64_C(2) << 40},
                {"7B", 7}};
    const char *bad[] = {"",   "0",   "-1G", "G",     "4X",       "4GG",
                         "4i", "4Gi", "nan", "1e400", "9999999T", " 4G"};
    uint64_t bytes = 5;
    for (size_t i = 0; i < LENGTH(bad); i++)
        ck_assert_msg(!parse_size(bad[i], &bytes), "%s", bad[i]);
    ck_assert_uint_eq(bytes, 5);
    for (size_t i = 0; i < LENGTH(good); i++) {
        ck_assert_msg(parse_size(good[i].text, &bytes), "%s", good[i].text);
        ck_assert_uint_eq(bytes, good[i].bytes);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("parse");
    TCase *tests = tcase_create("parse");
    tcase_add_test(tests, counts);
    tcase_add_test(tests, integers);
    tcase_add_test(tests, reals_and_ratios);
    tcase_add_test(tests, percentages);
    tcase_add_test(tests, durations);
    tcase_add_test(tests, sizes);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
