/* The server of a review, apart from HTTP: who is let in, numbers in addresses, guests, classes, texts. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "program/review/review_classes.h"
#include "program/review/review_guard.h"
#include "program/review/review_guests.h"
#include "program/review/review_number.h"
#include "program/review/review_texts.h"

enum { PORT = 4711 };

static struct review_guard make_guard(void)
{
    struct error error;
    struct review_guard guard = {0};
    ck_assert_int_eq(review_guard_make(&guard, PORT, &error), 0);
    return guard;
}

static enum guard_answer judge(const struct review_guard *guard, struct guard_request request)
{
    const char *reason = NULL;
    enum guard_answer answer = review_guard_judge(guard, &request, &reason);
    ck_assert((answer == GUARD_REFUSE) == (reason != NULL));
    return answer;
}

START_TEST(secrets_are_long_and_new_each_time)
{
    struct review_guard one = make_guard(), other = make_guard();
    const char *const secrets[] = {one.token, one.cookie, other.token, other.cookie};
    for (int i = 0; i < 4; i++) {
        ck_assert_uint_eq(strlen(secrets[i]), GUARD_SECRET);
        ck_assert_uint_eq(strspn(secrets[i], "0123456789abcdef"), GUARD_SECRET);
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(secrets[i], secrets[j]);
    }
}
END_TEST

START_TEST(the_token_gives_the_cookie_and_nothing_else)
{
    const struct review_guard guard = make_guard();
    char wrong[GUARD_SECRET + 2], cookies[256];
    const char *own = "127.0.0.1:4711";
    struct guard_request request = {.host = own, .token = guard.token};
    ck_assert_int_eq(judge(&guard, request), GUARD_ENTER);
    request.site = "cross-site"; /* a link in a chat */
    ck_assert_int_eq(judge(&guard, request), GUARD_ENTER);
    request.changes = true;
    ck_assert_int_eq(judge(&guard, request), GUARD_REFUSE);
    for (int i = 0; i < GUARD_SECRET; i++) {
        snprintf(wrong, sizeof wrong, "%s", guard.token);
        wrong[i] ^= 1;
        ck_assert_int_eq(judge(&guard, (struct guard_request){.host = own, .token = wrong}),
                         GUARD_REFUSE);
        wrong[i] = 0;
        ck_assert_int_eq(judge(&guard, (struct guard_request){.host = own, .token = wrong}),
                         GUARD_REFUSE);
    }
    snprintf(wrong, sizeof wrong, "%s0", guard.token);
    ck_assert_int_eq(judge(&guard, (struct guard_request){.host = own, .token = wrong}),
                     GUARD_REFUSE);
    snprintf(cookies, sizeof cookies, "maskmill_review_4711=%s", guard.token);
    ck_assert_int_eq(judge(&guard, (struct guard_request){.host = own, .cookies = cookies}),
                     GUARD_REFUSE);
    ck_assert_int_eq(judge(&guard, (struct guard_request){.host = own, .token = guard.cookie}),
                     GUARD_REFUSE);
}
END_TEST

START_TEST(browsers_leave_port_80_out)
{
    struct error error;
    struct review_guard guard = {0};
    ck_assert_int_eq(review_guard_make(&guard, 80, &error), 0);
    struct guard_request request = {.host = "127.0.0.1", .token = guard.token};
    ck_assert_int_eq(judge(&guard, request), GUARD_ENTER);
    request.host = "127.0.0.1:8080";
    ck_assert_int_eq(judge(&guard, request), GUARD_REFUSE);
}
END_TEST

START_TEST(cookies_are_found_among_others)
{
    const struct review_guard guard = make_guard();
    static const struct {
        const char *format;
        enum guard_answer answer;
    } cases[] = {
        {"maskmill_review_4711=%s", GUARD_PASS},
        {"a=b; maskmill_review_4711=%s", GUARD_PASS},
        {"maskmill_review_4711=stale; maskmill_review_4711=%s; c", GUARD_PASS},
        {";; ;a;=;maskmill_review_4711=%s;", GUARD_PASS},
        {"maskmill_review_4712=%s", GUARD_REFUSE},
        {"maskmill_review_471=%s", GUARD_REFUSE},
        {"xmaskmill_review_4711=%s", GUARD_REFUSE},
        {"maskmill_review_4711=%s0", GUARD_REFUSE},
        {"maskmill_review_4711=0%s", GUARD_REFUSE},
        {"maskmill_review_4711=\"%s\"", GUARD_REFUSE},
        {"maskmill_review_4711 =%s", GUARD_REFUSE},
        {"maskmill_review_4711%s", GUARD_REFUSE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char cookies[256];
        snprintf(cookies, sizeof cookies, cases[i].format, guard.cookie);
        ck_assert_msg(judge(&guard, (struct guard_request){.host = "localhost:4711",
                                                           .cookies = cookies}) == cases[i].answer,
                      "%s", cases[i].format);
    }
    ck_assert_int_eq(judge(&guard, (struct guard_request){.host = "localhost:4711", .cookies = ""}),
                     GUARD_REFUSE);
}
END_TEST

START_TEST(other_servers_and_other_pages_are_refused)
{
    const struct review_guard guard = make_guard();
    char cookies[128];
    snprintf(cookies, sizeof cookies, "maskmill_review_4711=%s", guard.cookie);
    const struct {
        const char *host, *origin, *site;
        bool get, post; /* whether they pass */
    } cases[] = {
        {"127.0.0.1:4711", NULL, NULL, true, false},
        {"LOCALHOST:4711", NULL, NULL, true, false},
        {NULL, NULL, NULL, false, false},
        {"", NULL, NULL, false, false},
        {"127.0.0.1", NULL, NULL, false, false},
        {"127.0.0.1:47110", NULL, NULL, false, false},
        {"127.0.0.1:4711@evil.example", NULL, NULL, false, false},
        {"evil.example:4711", "http://evil.example:4711", "same-origin", false, false},
        {"[::1]:4711", NULL, NULL, false, false},
        {"127.0.0.1:4711", "http://127.0.0.1:4711", NULL, true, true},
        {"localhost:4711", "http://localhost:4711", "same-origin", true, true},
        {"localhost:4711", "http://127.0.0.1:4711", NULL, false, false},
        {"127.0.0.1:4711", "https://127.0.0.1:4711", NULL, false, false},
        {"127.0.0.1:4711", "http://127.0.0.1:4711.evil.example", NULL, false, false},
        {"127.0.0.1:4711", "http://127.0.0.1:4711/", NULL, false, false},
        {"127.0.0.1:4711", "null", NULL, false, false},
        {"127.0.0.1:4711", "", NULL, false, false},
        {"127.0.0.1:4711", NULL, "same-origin", true, true},
        {"127.0.0.1:4711", NULL, "none", true, false},
        {"127.0.0.1:4711", NULL, "same-site", false, false},
        {"127.0.0.1:4711", NULL, "cross-site", false, false},
        {"127.0.0.1:4711", "http://127.0.0.1:4711", "same-site", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int post = 0; post < 2; post++) {
            struct guard_request request = {.host = cases[i].host,
                                            .origin = cases[i].origin,
                                            .site = cases[i].site,
                                            .cookies = cookies,
                                            .changes = post};
            bool passes = post ? cases[i].post : cases[i].get;
            ck_assert_msg((judge(&guard, request) == GUARD_PASS) == passes, "case %zu, post %d", i,
                          post);
            request.doubled = true;
            ck_assert_int_eq(judge(&guard, request), GUARD_REFUSE);
        }
}
END_TEST

START_TEST(numbers_are_digits_alone)
{
    static const char *const bad[] = {"",   "-1", "+1", " 1", "1 ",  "01",
                                      "00", "1a", "x",  "10", "1.0", "99999999999999999999999999"};
    size_t number = 77;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!review_number(bad[i], 10, &number), "%s", bad[i]);
    ck_assert(!review_number("0", 0, &number));
    ck_assert_uint_eq(number, 77);
    ck_assert(review_number("0", 1, &number) && number == 0);
    ck_assert(review_number("9", 10, &number) && number == 9);
    ck_assert(review_number("123456", 123457, &number) && number == 123456);
}
END_TEST

/* Whether the other end of a connection was told that it is over. */
static bool is_ended(int socket)
{
    char byte;
    return recv(socket, &byte, 1, MSG_DONTWAIT) == 0;
}

/* A server's connections, and the clients' ends of them. */
enum { COUNT = 7 };

struct party {
    struct review_guests *guests;
    struct review_guest *guest[COUNT];
    int ends[COUNT][2];
};

static void begin_party(struct party *party, size_t guests, size_t members, double seconds)
{
    struct error error;
    party->guests =
        review_guests_new(&(struct review_guests_limits){guests, members, seconds}, &error);
    ck_assert_ptr_nonnull(party->guests);
}

static void arrive(struct party *party, int i)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, party->ends[i]), 0);
    party->guest[i] = review_guests_arrive(party->guests, party->ends[i][0]);
    ck_assert_ptr_nonnull(party->guest[i]);
}

static void end_party(struct party *party, int count)
{
    for (int i = 0; i < count; i++) {
        review_guests_leave(party->guests, party->guest[i]);
        close(party->ends[i][0]);
        close(party->ends[i][1]);
    }
    review_guests_admit(party->guests, NULL);
    review_guests_leave(party->guests, NULL);
    review_guests_free(party->guests);
}

/* The ends that were told that it is over, as bits. */
static unsigned ended(const struct party *party, int count)
{
    unsigned bits = 0;
    for (int i = 0; i < count; i++)
        bits |= (unsigned)is_ended(party->ends[i][1]) << i;
    return bits;
}

START_TEST(one_guest_too_many_ends_the_oldest)
{
    struct party party;
    begin_party(&party, 2, 9, 1000);
    arrive(&party, 0);
    review_guests_admit(party.guests, party.guest[0]); /* shows the cookie, and stays */
    for (int i = 1; i < 5; i++) {
        arrive(&party, i);
        ck_assert_uint_eq(ended(&party, i + 1), i < 3 ? 0 : i == 3 ? 2 : 6);
    }
    review_guests_admit(party.guests, party.guest[1]); /* too late */
    review_guests_expire(party.guests);
    ck_assert_uint_eq(ended(&party, 5), 6);
    end_party(&party, 5);
}
END_TEST

START_TEST(one_member_too_many_ends_the_one_that_was_longest_silent)
{
    struct party party;
    begin_party(&party, 9, 3, 1000);
    for (int i = 0; i < 3; i++) {
        arrive(&party, i);
        review_guests_admit(party.guests, party.guest[i]);
    }
    review_guests_admit(party.guests, party.guest[0]); /* another request */
    arrive(&party, 3);
    ck_assert_uint_eq(ended(&party, 4), 0);
    review_guests_admit(party.guests, party.guest[3]);
    ck_assert_uint_eq(ended(&party, 4), 2);
    review_guests_leave(party.guests, party.guest[2]);
    party.guest[2] = NULL;
    arrive(&party, 4);
    review_guests_admit(party.guests, party.guest[4]);
    ck_assert_uint_eq(ended(&party, 5), 2);
    arrive(&party, 5);
    review_guests_admit(party.guests, party.guest[5]);
    ck_assert_uint_eq(ended(&party, 6), 3);
    end_party(&party, 6);
}
END_TEST

START_TEST(guests_have_little_time)
{
    struct party party;
    begin_party(&party, 9, 9, 0.05);
    arrive(&party, 0);
    arrive(&party, 1);
    review_guests_admit(party.guests, party.guest[1]);
    review_guests_expire(party.guests);
    ck_assert_uint_eq(ended(&party, 2), 0);
    usleep(60000);
    review_guests_expire(party.guests);
    ck_assert_uint_eq(ended(&party, 2), 1);
    end_party(&party, 2);
}
END_TEST

static int read_classes(struct review_classes *classes, const char *text, size_t size,
                        struct error *error)
{
    char path[] = "/tmp/maskmill-classes-XXXXXX";
    int file = mkstemp(path);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, text, size), (ssize_t)size);
    close(file);
    int result = review_classes_read(classes, path, error);
    unlink(path);
    return result;
}

START_TEST(classes_are_lines)
{
    struct error error;
    struct review_classes classes = {0};
    static const char TEXT[] = "cat\r\n\n  big dog \t\n\xc3\xa4\nlast";
    ck_assert_int_eq(read_classes(&classes, TEXT, sizeof TEXT - 1, &error), 0);
    ck_assert_uint_eq(classes.count, 4);
    ck_assert_str_eq(classes.names[0], "cat");
    ck_assert_str_eq(classes.names[1], "big dog");
    ck_assert_str_eq(classes.names[2], "\xc3\xa4");
    ck_assert_str_eq(classes.names[3], "last");
    review_classes_free(&classes);
    ck_assert_int_eq(read_classes(&classes, "", 0, &error), 0);
    ck_assert_uint_eq(classes.count, 0);
    review_classes_free(&classes);
}
END_TEST

START_TEST(classes_that_are_no_text_are_refused)
{
    struct error error;
    char longest[300];
    memset(longest, 'x', sizeof longest);
    const struct {
        const char *text;
        size_t size;
        const char *reason;
    } cases[] = {{"cat\n\xff\n", 6, "line 2: is not UTF-8"},
                 {"a\0b\n", 4, "line 1: has a NUL"},
                 {longest, sizeof longest, "line 1: has more than 256 bytes"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct review_classes classes = {0};
        ck_assert_int_eq(read_classes(&classes, cases[i].text, cases[i].size, &error), -1);
        ck_assert_int_eq(error.code, ERROR_USAGE);
        ck_assert_msg(strstr(error.text, cases[i].reason) != NULL, "%s", error.text);
        review_classes_free(&classes);
    }
    struct review_classes classes = {0};
    ck_assert_int_eq(review_classes_read(&classes, "/nothing/there", &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    review_classes_free(&classes);
}
END_TEST

START_TEST(texts_are_found_by_their_rows)
{
    struct error error;
    struct review_texts texts = {0};
    char *text = NULL;
    size_t length = 0;
    const struct {
        size_t row;
        const char *text;
    } kept[] = {{0, "first"}, {2, ""}, {5, "third\n"}, {6, "last"}};
    ck_assert_int_eq(review_texts_read(&texts, 0, &text, &length, &error), -1);
    ck_assert_int_eq(error.code, ERROR_RECORD);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(
            review_texts_add(&texts, kept[i].row, kept[i].text, strlen(kept[i].text), &error), 0);
    for (int i = 3; i >= 0; i--) {
        ck_assert_int_eq(review_texts_read(&texts, kept[i].row, &text, &length, &error), 0);
        ck_assert_uint_eq(length, strlen(kept[i].text));
        ck_assert(memcmp(text, kept[i].text, length) == 0);
        free(text);
    }
    ck_assert_int_eq(review_texts_read(&texts, 1, &text, &length, &error), -1);
    ck_assert_int_eq(review_texts_read(&texts, 7, &text, &length, &error), -1);
    review_texts_free(&texts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("review_server");
    TCase *tests = tcase_create("review_server");
    tcase_add_test(tests, secrets_are_long_and_new_each_time);
    tcase_add_test(tests, the_token_gives_the_cookie_and_nothing_else);
    tcase_add_test(tests, browsers_leave_port_80_out);
    tcase_add_test(tests, cookies_are_found_among_others);
    tcase_add_test(tests, other_servers_and_other_pages_are_refused);
    tcase_add_test(tests, numbers_are_digits_alone);
    tcase_add_test(tests, one_guest_too_many_ends_the_oldest);
    tcase_add_test(tests, one_member_too_many_ends_the_one_that_was_longest_silent);
    tcase_add_test(tests, guests_have_little_time);
    tcase_add_test(tests, classes_are_lines);
    tcase_add_test(tests, classes_that_are_no_text_are_refused);
    tcase_add_test(tests, texts_are_found_by_their_rows);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
