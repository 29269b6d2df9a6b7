/* Known masks. The first byte says what the rest is: text of one image of 4 x 2 pixels, or a file of many images, of which
 * each is found and read; then all of it is read as that image's. */
#include "replay.h"

#include <stdlib.h>

#include "base/error.h"
#include "records/known_file.h"
#include "records/known_index.h"
#include "records/record_known.h"
#include "scratch_folder.h"

static void parse(const char *text, size_t length)
{
    struct error error = {0};
    struct record_known known;
    struct record record = {.width = 4, .height = 2};
    size_t written;
    const struct record_source source = {.bytes = text, .length = length, .name = "name"};
    if (record_known_parse(&known, &source, (struct size){4, 2}, &error))
        return;
    for (size_t i = 0; i < known.box_count; i++) { /* empty ones, as a model might find */
        struct mask mask = {.source = MASK_SOURCE_BOX};
        rle_begin(&mask.rle, 2, 4);
        if (rle_end(&mask.rle, &error) || mask_list_add(&record.masks, &mask, &error))
            abort();
    }
    if (record_known_join(&known, &record, &error))
        abort();
    record.file_name = strdup("name");
    char *whole = record_text(&record, 0, &written, &error);
    if (!whole)
        abort();
    free(whole);
    record_free(&record);
    record_known_free(&known);
}

static void read_one(const struct known_index *index, const char *image)
{
    struct error error = {0};
    struct known_place place;
    struct known_text text;
    if (known_index_find(index, image, &place, &error) || !place.found ||
        known_index_read(index, image, &place, &text, &error))
        return;
    parse(text.bytes, text.length);
    known_text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a.json", "a.ndjson"};
    struct error error = {0};
    char path[128];
    if (size == 0)
        return 0;
    if (data[0] % 3 == 0) {
        parse((const char *)data + 1, size - 1);
        return 0;
    }
    const char *folder = scratch_folder();
    const char *name = names[data[0] % 3 - 1];
    scratch_write("", name, data + 1, size - 1);
    for (int single = 0; single < 2; single++) {
        snprintf(path, sizeof path, "%s%s%s", folder, single ? "/" : "", single ? name : "");
        struct known_index *index = known_index_open(path, false, &error);
        if (!index)
            continue;
        read_one(index, "a.jpg");
        read_one(index, "b.jpg");
        read_one(index, "139.jpg");
        known_index_close(index);
    }
    return 0;
}
