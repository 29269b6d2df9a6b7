/* Texts mended: expected texts are what ftfy 6.3 and Python 3.11 make of them. */
#include "unit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "text/code_points.h"
#include "text/fix_text.h"
#include "text/gunzip.h"
#include "text/lower_case.h"
#include "text/normal_form.h"
#include "text/unescape.h"

static struct error error;

typedef int text_change(const uint32_t *points, size_t count, struct code_points *to,
                        struct error *error);

static void check(text_change *change, const char *text, const char *expected)
{
    struct code_points from = {0}, to = {0};
    ck_assert_int_eq(code_points_add_utf8(&from, text, strlen(text), &error), 0);
    ck_assert_msg(change(from.points, from.count, &to, &error) == 0, "%s", error.text);
    char *made = code_points_utf8(&to, &error);
    ck_assert_ptr_nonnull(made);
    ck_assert_str_eq(made, expected);
    free(made);
    code_points_free(&from);
    code_points_free(&to);
}

START_TEST(utf8_is_read_and_written)
{
    struct code_points text = {0};
    const char bytes[] = "a\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x90\x88|\xff\xc3|\xed\xa0\x80";
    const uint32_t points[] = {'a',    0xe9, 0x6f22, 0x1f408, '|',   0xfffd,
                               0xfffd, '|',  0xfffd, 0xfffd,  0xfffd};
    ck_assert_int_eq(code_points_add_utf8(&text, bytes, sizeof bytes - 1, &error), 0);
    ck_assert_uint_eq(text.count, sizeof points / sizeof *points);
    ck_assert_mem_eq(text.points, points, sizeof points);
    code_points_free(&text);
}
END_TEST

START_TEST(html_is_unescaped)
{
    check(unescape_html, "&notit; &amp;lt; &#x80;&#0;&#xD800; &#1;x &#9999999999;&#38",
          "\xc2\xacit; &lt; \xe2\x82\xac\xef\xbf\xbd\xef\xbf\xbd x \xef\xbf\xbd&");
    check(unescape_html, "&NotEqualTilde;&AMP&quotx &xyz; & &#; &#x;",
          "\xe2\x89\x82\xcc\xb8&\"x &xyz; & &#; &#x;");
    check(unescape_html, "&hellip &Abreve=", "&hellip &Abreve=");
    check(unescape_html, "&CounterClockwiseContourIntegral;&", "\xe2\x88\xb3&");
}
END_TEST

START_TEST(plain_references_are_unescaped)
{
    check(unescape_plain, "P&EACUTE;REZ &nTILDE; BUNDESSTRA&SZLIG;E &FFILIG;",
          "P\xc3\x89REZ &nTILDE; BUNDESSTRASSE FFI");
    check(unescape_plain, "this&not that &amp &#59; &#65; &#65a; &#x41;",
          "this&not that &amp &#59; A &#65a; A");
}
END_TEST

START_TEST(texts_are_fixed)
{
    check(fix_text, "", "");
    check(fix_text, "&macr;\\_(\xc3\xa3\xc2\x83\xc2\x84)_/&macr;",
          "\xc2\xaf\\_(\xe3\x83\x84)_/\xc2\xaf");
    check(fix_text,
          "Broken text&hellip; it&#x2019;s \xef\xac\x82ubberi\xef\xac\x81"
          "c!",
          "Broken text\xe2\x80\xa6 it's flubberific!");
    check(fix_text, "<b>&lt;", "<b>&lt;");
    check(fix_text, "&lt;a\nb<\n&lt;", "<a\nb<\n&lt;");
    check(fix_text, "a\r\nb\rc\xe2\x80\xa8", "a\nb\nc\n");
    check(fix_text, "\x1b[36;44mblue\x1b[0m\x07", "blue");
    check(fix_text, "\xef\xbc\xac\xef\xbc\xaf\xe3\x80\x80\xef\xbe\x8a", "LO \xe3\x83\x8f");
    check(fix_text,
          "\xe2\x80\x9c"
          "cafe\xcc\x81\xe2\x80\x9d",
          "\"caf\xc3\xa9\"");
}
END_TEST

START_TEST(mojibake_is_undone)
{
    check(fix_text, "voil\xc3\x83 le travail", "voil\xc3\xa0 le travail");
    check(fix_text, "\xc3\xa2\xe2\x82\xac\xc5\x93like this\xc3\xa2\xe2\x82\xac\xef\xbf\xbd",
          "\"like this\xef\xbf\xbd");
    /* A part of a text that is no single charset's. */
    check(fix_text, "\xc3\x83\xc2\xa9 \xe6\xbc\xa2", "\xc3\xa9 \xe6\xbc\xa2");
    check(fix_text, "\xc2\x85 \xc2\x81", "\xe2\x80\xa6 \xc2\x81");
    /* Surrogates of three bytes each. */
    check(fix_text, "\xc3\xad\xc2\xa0\xc2\xbd\xc3\xad\xc2\xb8\xc2\x80", "\xf0\x9f\x98\x80");
    /* Windows-1251 of Latin-1 of Windows-1252. */
    check(fix_text, "\xd0\x93\xd1\x9e\xd0\x92\xd0\x82\xd0\x92\xe2\x84\xa2x", "'x");
    /* Nothing is wrong with these. */
    check(fix_text, "na\xc3\xafve caf\xc3\xa9 \xc3\x85 \xc3\x85land",
          "na\xc3\xafve caf\xc3\xa9 \xc3\x85 \xc3\x85land");
    check(fix_text,
          "(\xe2\x95\xaf\xc2\xb0\xe2\x96\xa1\xc2\xb0)\xe2\x95\xaf\xef\xb8\xb5 "
          "\xe2\x94\xbb\xe2\x94\x81\xe2\x94\xbb",
          "(\xe2\x95\xaf\xc2\xb0\xe2\x96\xa1\xc2\xb0)\xe2\x95\xaf\xef\xb8\xb5 "
          "\xe2\x94\xbb\xe2\x94\x81\xe2\x94\xbb");
}
END_TEST

START_TEST(many_layers_are_refused)
{
    enum { LAYERS = 10000 };
    struct code_points text = {0}, to = {0};
    ck_assert_int_eq(code_points_add(&text, '&', &error), 0);
    for (int i = 0; i < LAYERS; i++)
        ck_assert_int_eq(code_points_add_utf8(&text, "amp;", 4, &error), 0);
    ck_assert_int_eq(fix_text(text.points, text.count, &to, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    code_points_free(&text);
    code_points_free(&to);
}
END_TEST

START_TEST(small_letters)
{
    check(lower_case, "A\xc3\x89\xc4\xb0I", "a\xc3\xa9i\xcc\x87i");
    /* Final sigma: at a word's end, past marks; not alone. */
    check(lower_case,
          "\xce\x9f\xce\xa3 \xce\xa3 \xce\x91\xce\xa3\xcc\x81. \xce\x91\xce\xa3\xcc\x81\xce\x91",
          "\xce\xbf\xcf\x82 \xcf\x83 \xce\xb1\xcf\x82\xcc\x81. \xce\xb1\xcf\x83\xcc\x81\xce\xb1");
    check(lower_case, "\xe2\x85\xa7\xe2\x92\xb6\xe1\xba\x9e", "\xe2\x85\xb7\xe2\x93\x90\xc3\x9f");
}
END_TEST

START_TEST(form_c)
{
    check(normal_form, "e\xcc\x81\xcc\xa3 \xcc\x81", "\xe1\xba\xb9\xcc\x81 \xcc\x81");
    check(normal_form, "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c");
    /* Excluded from composition. */
    check(normal_form, "\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc");
    check(normal_form, "\xcc\x88\xcc\x81", "\xcc\x88\xcc\x81");
    /* An accent of the same class stands between the letter and its own. */
    check(normal_form, "a\xcc\x93\xcc\x81", "a\xcc\x93\xcc\x81");
}
END_TEST

START_TEST(accents_without_end_take_no_time)
{
    enum { ACCENTS = 100000 };
    struct code_points text = {0}, to = {0};
    for (int i = 0; i < ACCENTS; i++)
        ck_assert_int_eq(code_points_add(&text, i % 2 ? 0x301 : 0x316, &error), 0);
    ck_assert_int_eq(normal_form(text.points, text.count, &to, &error), 0);
    ck_assert_uint_eq(to.count, ACCENTS);
    ck_assert_uint_eq(to.points[ACCENTS / 2 - 1], 0x316);
    ck_assert_uint_eq(to.points[ACCENTS / 2], 0x301);
    code_points_free(&text);
    code_points_free(&to);
}
END_TEST

START_TEST(gzip)
{
    static const char packed[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x04\x00\x43\xbe\xb7"
                                 "\xe8\x01\x00\x00\x00"; /* "a" */
    size_t size = sizeof packed - 1, length;
    char *text;
    ck_assert(gunzip_recognise(packed, size));
    ck_assert(!gunzip_recognise("\x1f", 1));
    ck_assert_msg(gunzip(packed, size, 1, &text, &length, &error) == 0, "%s", error.text);
    ck_assert_str_eq(text, "a");
    ck_assert_uint_eq(length, 1);
    free(text);
    ck_assert_int_eq(gunzip(packed, size, 0, &text, &length, &error), -1);
    ck_assert_str_eq(error.text, "more than 0 bytes when unpacked");
    for (size_t cut = 0; cut < size; cut++) {
        ck_assert_int_eq(gunzip(packed, cut, 1, &text, &length, &error), -1);
        ck_assert_int_eq(error.code, ERROR_MODEL);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_add_test(tests, utf8_is_read_and_written);
    tcase_add_test(tests, html_is_unescaped);
    tcase_add_test(tests, plain_references_are_unescaped);
    tcase_add_test(tests, texts_are_fixed);
    tcase_add_test(tests, mojibake_is_undone);
    tcase_add_test(tests, many_layers_are_refused);
    tcase_add_test(tests, small_letters);
    tcase_add_test(tests, form_c);
    tcase_add_test(tests, accents_without_end_take_no_time);
    tcase_add_test(tests, gzip);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
