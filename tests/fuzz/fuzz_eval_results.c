/* Results of evaluations, which others may have changed: what is read back is sorted, each image once, and its
 * figures are made without a fault; going on after them leaves a file of whole lines. */
#include "replay.h"
#include "scratch_folder.h"

#include <string.h>

#include "base/error.h"
#include "program/eval/eval_header.h"
#include "program/eval/eval_image.h"
#include "program/eval/eval_lines.h"
#include "program/eval/eval_results.h"
#include "program/eval/eval_set.h"

static void check(int holds)
{
    if (!holds)
        abort();
}

static void check_lines(const struct eval_lines *lines)
{
    struct error error = {0};
    for (size_t i = 1; i < lines->place_count; i++) {
        const struct eval_place *a = &lines->places[i - 1], *b = &lines->places[i];
        check(a->set < b->set || (a->set == b->set && strcmp(a->key, b->key) < 0));
    }
    for (size_t i = 0; i < lines->set_count; i++) {
        struct eval_set set = {0};
        struct eval_rows rows = {0};
        if (eval_set_read(&set, lines, i, true, &error) == 0)
            check(eval_rows_add(&rows, &set.all, lines->sets[i].set, NULL, &error) == 0);
        eval_rows_free(&rows);
        eval_set_free(&set);
    }
}

/* Goes on after the file if its header can be read. */
static void go_on(const char *path, const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct eval_header header = {0};
    const struct eval_image outcome = {.clicks = 1};
    const uint8_t *newline = memchr(data, '\n', size);
    if (!newline || eval_header_read(&header, (const char *)data, (size_t)(newline - data), &error))
        return;
    struct eval_results *results = eval_results_open(path, &header, &error);
    check(results != NULL);
    check(eval_results_add(results, "another", &outcome, NULL, &error) == 0);
    eval_results_close(results);
    results = eval_results_open(path, &header, &error);
    check(results && eval_results_has(results, "another"));
    eval_results_close(results);
    eval_header_free(&header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct eval_lines lines = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/results", scratch_folder());
    scratch_write(".", "results", data, size);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    check(fd >= 0);
    if (eval_lines_add(&lines, fd, path, &error) == 0) {
        eval_lines_sort(&lines);
        check_lines(&lines);
    }
    eval_lines_free(&lines);
    go_on(path, data, size);
    return 0;
}
