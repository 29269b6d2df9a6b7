/* The log of a review. An event is the same after writing and reading it; what people decided is applied to a
 * record of each image, which can be read back. */
#include "replay.h"
#include "scratch_folder.h"

#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "records/record.h"
#include "records/review.h"
#include "records/review_apply.h"

static const char two[] =
    "{\"image\": {\"image_id\": 7, \"width\": 7, \"height\": 5, \"file_name\": \"a.jpg\"}, "
    "\"annotations\": [{\"segmentation\": {\"size\": [5, 7], \"counts\": \";32NO012004\"}, "
    "\"id\": 0}, {\"segmentation\": {\"size\": [5, 7], \"counts\": \"01R1\"}, \"id\": 4}]}";

static void check(int holds)
{
    if (!holds)
        abort();
}

static int read_record(struct record *record, const char *text, size_t length)
{
    struct error error = {0};
    const struct record_source source = {.bytes = text, .length = length, .name = "a"};
    return record_parse(record, &source, NULL, &error);
}

/* What is written of a line that is an event is that event. */
static void check_line(const char *line, size_t length)
{
    struct error error = {0};
    struct review_event event, again;
    size_t size, same;
    if (review_event_line(&event, line, length, &error))
        return;
    char *text = review_event_text(&event, &size, &error);
    check(text && text[size - 1] == '\n');
    check(review_event_line(&again, text, size - 1, &error) == 0);
    char *second = review_event_text(&again, &same, &error);
    check(second && size == same && memcmp(text, second, size) == 0);
    free(text);
    free(second);
    review_event_free(&event);
    review_event_free(&again);
}

static void check_lines(const char *data, size_t size)
{
    for (size_t at = 0, end; at < size; at = end + 1) {
        const char *newline = memchr(data + at, '\n', size - at);
        end = newline ? (size_t)(newline - data) : size;
        check_line(data + at, end - at);
    }
}

/* Corrects the sample as if it were the image's record. */
static void apply(const struct review_image *image, bool accepted_only)
{
    struct error error = {0};
    struct record record, again;
    size_t length;
    check(read_record(&record, two, strlen(two)) == 0);
    if (review_apply(&record, image, accepted_only, &error) == 0) {
        check(record.masks.count <= 2 + image->mask_count);
        char *text = record_text(&record, 0, &length, &error);
        check(text && read_record(&again, text, length) == 0);
        check(again.masks.count == record.masks.count);
        for (size_t i = 0; i < again.masks.count; i++) {
            const char *name = record_category(&record, i), *same = record_category(&again, i);
            check(record.ids[i] == again.ids[i] && !name == !same &&
                  (!name || !strcmp(name, same)));
        }
        review_drops(&record, image, accepted_only);
        record_free(&again);
        free(text);
    } else {
        check(error.code == ERROR_RECORD);
    }
    record_free(&record);
}

static void check_image(const struct review_image *image)
{
    for (size_t i = 0; i < image->mask_count; i++) {
        check(i == 0 || image->masks[i - 1].id < image->masks[i].id);
        check(review_mask_of(image, image->masks[i].id) == &image->masks[i]);
    }
    check(image->events[image->event_count - 1].event.number == image->last);
    apply(image, false);
    apply(image, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    uint64_t bytes;
    struct folder *run = folder_open(scratch_folder(), false, &error);
    check(run && folder_make_below(run, PATH_RUN_FOLDER, &error) == 0);
    scratch_write(".", REVIEW_FILE, data, size);
    struct review *review = review_read(run, &bytes, &error);
    check_lines((const char *)data, size);
    check(review ? bytes <= size : error.code == ERROR_RECORD);
    for (size_t i = 0; review && i < review_count(review); i++)
        check_image(review_at(review, i));
    review_free(review);
    folder_close(run);
    return 0;
}
