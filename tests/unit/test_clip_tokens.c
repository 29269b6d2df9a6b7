/* CLIP's tokenizer with a vocabulary of fifteen merges; expected tokens are those of OpenAI's clip.simple_tokenizer
 * with it. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/clip/clip_bpe.h"
#include "model/clip/clip_tokens.h"
#include "model/clip/clip_vocabulary.h"
#include "model/clip/clip_vocabulary_read.h"
#include "scratch.h"

enum { CONTEXT = 16, BYTES = 512, START = 527, END = 528 };

static const char *const merges[] = {"a b",      "ab ab",   "c a",
                                     "ca t</w>", "ab c",    "a t</w>",
                                     "o b",      "d o",     "do g</w>",
                                     "d o</w>",  "' s</w>", "\xc3\x83 \xc2\xa9</w>",
                                     "ca f",     "b c",     "caf \xc3\x83\xc2\xa9</w>"};
enum { MERGES = sizeof merges / sizeof *merges };

static struct error error;
static struct scratch scratch;

static void set_up(void)
{
    scratch = scratch_new();
}

static void tear_down(void)
{
    scratch_free(&scratch);
}

/* Writes merges.txt. */
static void write_merges(const char *name)
{
    char text[1024];
    int used = snprintf(text, sizeof text, "#version: 0.2\n");
    for (int i = 0; i < MERGES; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s\n", merges[i]);
    scratch_write(&scratch, name, text);
}

/* Appends a string of JSON with a comma behind it; what a merge makes has no space. */
static void add_string(char *text, const char *string, bool joined)
{
    strcat(text, "\"");
    for (size_t used = strlen(text); *string; string++)
        if (*string != ' ' || !joined) {
            text[used++] = *string;
            text[used] = '\0';
        }
    strcat(text, "\"");
}

/* The pieces as members of an object. */
static void add_pieces(char *text)
{
    for (int token = 0; token < BYTES; token++) {
        /* Visible bytes come first, in the order of their numbers. */
        int byte = token % 256;
        int point = byte < 94    ? byte + 33
                    : byte < 106 ? byte - 94 + 161
                    : byte < 188 ? byte - 106 + 174
                                 : byte - 188 + 256;
        char piece[16];
        if (point < 128)
            snprintf(piece, sizeof piece, "%s%c", point == '"' || point == '\\' ? "\\" : "", point);
        else
            snprintf(piece, sizeof piece, "%c%c", 0xc0 | point >> 6, 0x80 | (point & 0x3f));
        sprintf(text + strlen(text), "\"%s%s\": %d, ", piece, token < 256 ? "" : "</w>", token);
    }
    for (int i = 0; i < MERGES; i++) {
        add_string(text, merges[i], true);
        sprintf(text + strlen(text), ": %d, ", BYTES + i);
    }
    strcat(text, "\"<|startoftext|>\": 527, \"<|endoftext|>\": 528");
}

/* tokenizer.json, with merges as strings or as pairs. */
static void write_tokenizer(const char *name, bool pairs)
{
    static char text[32768];
    strcpy(text, "{\"added_tokens\": [{\"id\": 528, \"content\": \"<|endoftext|>\"}], \"model\": "
                 "{\"type\": \"BPE\", "
                 "\"end_of_word_suffix\": \"</w>\", \"vocab\": {");
    add_pieces(text);
    strcat(text, "}, \"merges\": [");
    for (int i = 0; i < MERGES; i++) {
        const char *space = strchr(merges[i], ' ');
        strcat(text, i > 0 ? ", " : "");
        if (pairs)
            sprintf(text + strlen(text), "[\"%.*s\", \"%s\"]", (int)(space - merges[i]), merges[i],
                    space + 1);
        else
            add_string(text, merges[i], false);
    }
    strcat(text, "]}}");
    scratch_write(&scratch, name, text);
}

static struct clip_tokenizer *load(const char *name)
{
    struct clip_tokenizer *tokenizer;
    char *path = scratch_path(&scratch, name);
    ck_assert_msg(clip_tokenizer_load(&tokenizer, path, &error) == 0, "%s", error.text);
    free(path);
    ck_assert_int_eq(clip_tokenizer_size(tokenizer), 529);
    return tokenizer;
}

/* `expected` ends with END. */
static void check(const struct clip_tokenizer *tokenizer, const char *text, const int *expected)
{
    int32_t tokens[CONTEXT];
    int i = 0;
    ck_assert_msg(clip_tokenize(tokenizer, text, false, tokens, CONTEXT, &error) == 0, "%s: %s",
                  text, error.text);
    ck_assert_int_eq(tokens[0], START);
    do {
        ck_assert_msg(tokens[i + 1] == expected[i], "%s: token %d is %d, expected %d", text, i,
                      tokens[i + 1], expected[i]);
    } while (expected[i++] != END);
    for (i++; i < CONTEXT; i++)
        ck_assert_int_eq(tokens[i], 0);
}

#define TOKENS(...) ((const int[]){__VA_ARGS__, END})

static void check_all(const struct clip_tokenizer *tokenizer)
{
    check(tokenizer, "", (const int[]){END});
    check(tokenizer, " \t\n ", (const int[]){END});
    check(tokenizer, "cat", TOKENS(515));
    check(tokenizer, "a cat, a dog", TOKENS(320, 515, 267, 320, 520));
    check(tokenizer, "CAT'S  Cat's", TOKENS(515, 522, 515, 522));
    /* Merges go by rank, and equal ones from the left. */
    check(tokenizer, "abcab abab ababab abcabcab",
          TOKENS(512, 514, 321, 512, 64, 321, 513, 64, 321, 516, 512, 514, 321));
    check(tokenizer, "Caf\xc3\xa9 cafe\xcc\x81 caf\xc3\x83\xc2\xa9 caf&eacute;",
          TOKENS(526, 526, 526, 526));
    check(tokenizer, "12 cats!?", TOKENS(272, 273, 514, 83, 338, 0, 286));
    check(tokenizer,
          "\xe2\x80\x9c"
          "cat\xe2\x80\x9d",
          TOKENS(257, 515, 257));
    check(tokenizer, "\xf0\x9f\x90\x88", TOKENS(172, 253, 238, 486));
    /* A mark that is in no word, and the long s. */
    check(tokenizer,
          "cat\xcd\x85"
          "cat",
          TOKENS(515, 515));
    check(tokenizer,
          "'\xc5\xbf"
          "cat",
          TOKENS(6, 129, 379, 515));
}

START_TEST(merges_alone)
{
    write_merges("merges.txt");
    struct clip_tokenizer *tokenizer = load("merges.txt");
    check_all(tokenizer);
    clip_tokenizer_free(tokenizer);
}
END_TEST

START_TEST(start_and_end_in_a_text)
{
    const int32_t expected[CONTEXT] = {START, START, 515, END, END};
    int32_t tokens[CONTEXT];
    write_merges("merges.txt");
    struct clip_tokenizer *tokenizer = load("merges.txt");
    ck_assert_int_eq(
        clip_tokenize(tokenizer, "<|startoftext|>cat<|EndOfText|>", false, tokens, CONTEXT, &error),
        0);
    ck_assert_mem_eq(tokens, expected, sizeof expected);
    clip_tokenizer_free(tokenizer);
}
END_TEST

START_TEST(forms_of_files)
{
    /* A folder has them in an order: the last that is written here comes first. */
    static const char *const names[] = {"a/bpe_simple_vocab_16e6.txt", "a/merges.txt"};
    scratch_write(&scratch, "a/model.safetensors", "12345678{}");
    scratch_write(&scratch, "a/model.bin", "PK\x03\x04");
    scratch_write(&scratch, "a/model.safetensors.index.json", "{\"weight_map\": {}}");
    for (int form = 0; form < 5; form++) {
        static char text[32768] = "{";
        if (form < 2)
            write_merges(names[form]);
        if (form == 2) {
            add_pieces(text);
            strcat(text, "}");
            scratch_write(&scratch, "a/vocab.json", text);
        }
        if (form > 2)
            write_tokenizer("a/tokenizer.json", form == 4);
        static const char *const paths[] = {"a", "a/model.bin", "a/model.safetensors.index.json"};
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            struct clip_tokenizer *tokenizer = load(paths[i]);
            check_all(tokenizer);
            clip_tokenizer_free(tokenizer);
        }
    }
}
END_TEST

START_TEST(packed_merges)
{
    static const char packed[] =
        "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x53\x2e\x4b\x2d\x2a\xce\xcc\xcf\xb3\x52"
        "\x30\xd0\x33\xe2\x4a\x54\x48\xe2\x4a\x4c\x52\x48\x4c\xe2\x4a\x56\x48\xe4\x4a\x4e"
        "\x54\x28\xb1\xd1\x2f\xb7\x03\x09\x25\x73\xc1\x38\xf9\x40\x35\x29\x0a\xf9\x5c\x29"
        "\xf9\x0a\xe9\x60\x01\x20\x07\x4c\xab\x2b\x14\x83\xe9\xc3\xcd\x0a\x87\x56\x82\x59"
        "\x40\x03\xd2\xb8\x40\x7a\x93\x13\xd3\x14\x0e\x37\x43\x44\x01\x55\xec\xd3\xf5\x72"
        "\x00\x00\x00";
    char *path = scratch_path(&scratch, "bpe_simple_vocab_16e6.txt.gz");
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fwrite(packed, 1, sizeof packed - 1, file);
    fclose(file);
    free(path);
    struct clip_tokenizer *tokenizer = load("bpe_simple_vocab_16e6.txt.gz");
    check_all(tokenizer);
    clip_tokenizer_free(tokenizer);
}
END_TEST

START_TEST(long_texts)
{
    int32_t tokens[4];
    static char text[CLIP_TEXT_MAX + 2];
    write_merges("merges.txt");
    struct clip_tokenizer *tokenizer = load("merges.txt");
    ck_assert_int_eq(clip_tokenize(tokenizer, "cat cat", false, tokens, 4, &error), 0);
    ck_assert_int_eq(clip_tokenize(tokenizer, "cat cat cat", false, tokens, 4, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_str_eq(error.text, "the text has more than 2 tokens: shorten it");
    ck_assert_int_eq(clip_tokenize(tokenizer, "cat a cat", true, tokens, 4, &error), 0);
    ck_assert_int_eq(tokens[2], 320);
    ck_assert_int_eq(tokens[3], END);
    ck_assert_int_eq(clip_tokenize(tokenizer, "cat", true, tokens, 1, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    /* A word without end takes no long time. */
    memset(text, 'a', CLIP_TEXT_MAX);
    ck_assert_int_eq(clip_tokenize(tokenizer, text, true, tokens, 4, &error), 0);
    text[CLIP_TEXT_MAX] = 'a';
    ck_assert_int_eq(clip_tokenize(tokenizer, text, true, tokens, 4, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    clip_tokenizer_free(tokenizer);
}
END_TEST

/* The same by the definition: all places of the best merge, from left to right, then the best again. */
static size_t merge_plainly(const struct clip_vocabulary *vocabulary, int32_t *tokens, size_t count)
{
    for (;;) {
        const struct clip_merge *best = NULL;
        size_t used = 0;
        for (size_t i = 0; i + 1 < count; i++) {
            const struct clip_merge *merge =
                clip_vocabulary_merge(vocabulary, tokens[i], tokens[i + 1]);
            if (merge && (!best || merge->rank < best->rank))
                best = merge;
        }
        if (!best)
            return count;
        for (size_t i = 0; i < count; i++) {
            bool here = i + 1 < count && tokens[i] == best->left && tokens[i + 1] == best->right;
            tokens[used++] = here ? best->merged : tokens[i];
            i += here;
        }
        count = used;
    }
}

START_TEST(random_words)
{
    enum { LONGEST = 300, WORDS = 300 };
    static const char letters[] = "abctdof";
    struct clip_vocabulary vocabulary = {0};
    uint64_t state = 1;
    write_merges("merges.txt");
    char *text = scratch_read(&scratch, "merges.txt");
    ck_assert_int_eq(clip_vocabulary_from_merges(&vocabulary, text, &error), 0);
    for (int number = 0; number < WORDS; number++) {
        unsigned char word[LONGEST];
        int32_t tokens[LONGEST], expected[LONGEST];
        size_t count = 1 + (size_t)number % LONGEST;
        for (size_t i = 0; i < count; i++) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            word[i] = (unsigned char)letters[(state >> 33) % (number % 2 ? 7 : 3)];
            expected[i] =
                i + 1 < count ? vocabulary.bytes[word[i]] : vocabulary.last_bytes[word[i]];
        }
        size_t made = clip_bpe(&vocabulary, word, count, tokens, &error);
        ck_assert_uint_eq(made, merge_plainly(&vocabulary, expected, count));
        ck_assert_mem_eq(tokens, expected, made * sizeof *tokens);
    }
    clip_vocabulary_free(&vocabulary);
    free(text);
}
END_TEST

/* Loading the file must fail with a message that ends so. */
static void refuse(const char *name, enum error_code code, const char *ending)
{
    struct clip_tokenizer *tokenizer;
    char *path = scratch_path(&scratch, name);
    ck_assert_int_eq(clip_tokenizer_load(&tokenizer, path, &error), -1);
    ck_assert_ptr_null(tokenizer);
    ck_assert_int_eq(error.code, code);
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "%s", error.text);
    ck_assert_str_eq(error.text + strlen(path), ending);
    free(path);
}

START_TEST(bad_files)
{
    refuse("missing", ERROR_IO, ": cannot be read: No such file or directory");
    scratch_write(&scratch, "empty", "");
    refuse("empty", ERROR_MODEL,
           ": no vocabulary of CLIP's: the first line of its merges has no \"#version\"");
    scratch_write(&scratch, "three", "#version\na b\na b c\n");
    refuse("three", ERROR_MODEL, ": line 3 is no merge of two pieces");
    scratch_write(&scratch, "unknown", "#version\nab c\n");
    refuse("unknown", ERROR_MODEL, ": merge 1 is of pieces that are not in the vocabulary");
    scratch_write(&scratch, "twice", "#version\na b\nc d\na b\n");
    refuse("twice", ERROR_MODEL, ": line 4 makes a piece that is there already");
    scratch_write(&scratch, "cut.json", "{\"a\": 1");
    refuse("cut.json", ERROR_MODEL, ": line 1: '}' expected near end of file");
    scratch_write(&scratch, "other.json", "{\"model\": {\"type\": \"WordPiece\", \"vocab\": {}}}");
    refuse("other.json", ERROR_MODEL,
           ": no tokenizer of CLIP's: its model is not BPE with words that end in </w>");
    scratch_write(&scratch, "huge.json",
                  "{\"model\": {\"end_of_word_suffix\": \"</w>\", \"vocab\": {\"a\": 1048576}}}");
    refuse("huge.json", ERROR_MODEL, ": a token is not in the range 0 to 1048575");
    scratch_write(&scratch, "few.json",
                  "{\"model\": {\"end_of_word_suffix\": \"</w>\", \"vocab\": {\"a\": 1}}}");
    refuse("few.json", ERROR_MODEL, ": no vocabulary of CLIP's: byte 00 is not in it");
    scratch_write(&scratch, "cut.gz", "\x1f\x8b\x08");
    refuse("cut.gz", ERROR_MODEL, ": a damaged gzip file: Need more input");
    scratch_write(&scratch, "b/model.pt", "PK\x03\x04");
    struct clip_tokenizer *tokenizer;
    char *path = scratch_path(&scratch, "b/model.pt");
    ck_assert_int_eq(clip_tokenizer_load(&tokenizer, path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "/b: no vocabulary of CLIP's lies there: "));
    /* what lies there under a vocabulary's name and is none is not looked beside again */
    scratch_write(&scratch, "b/tokenizer.json", "PK\x03\x04");
    ck_assert_int_eq(clip_tokenizer_load(&tokenizer, path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "/b/tokenizer.json: no vocabulary of CLIP's"));
    scratch_write(&scratch, "b/tokenizer.json", "{\"weight_map\": {\"a\": \"b.safetensors\"}}");
    ck_assert_int_eq(clip_tokenizer_load(&tokenizer, path, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "/b/tokenizer.json: no vocabulary of CLIP's"));
    free(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clip_tokens");
    TCase *tests = tcase_create("clip_tokens");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, merges_alone);
    tcase_add_test(tests, start_and_end_in_a_text);
    tcase_add_test(tests, forms_of_files);
    tcase_add_test(tests, packed_merges);
    tcase_add_test(tests, long_texts);
    tcase_add_test(tests, random_words);
    tcase_add_test(tests, bad_files);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
