/* The lines beside an output tar, which others may have changed. What the journal takes goes on without a gap, within
 * both files, and a line that is taken can be given another place. */
#include "replay.h"
#include "scratch_folder.h"

#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "program/tars/tar_journal.h"
#include "program/tars/tar_line.h"

enum { TAR_BYTES = 1 << 20 };

static void check(int holds)
{
    if (!holds)
        abort();
}

static int visit(void *context, const struct tar_line *line, struct error *error)
{
    uint64_t *end = context;
    (void)error;
    check(line->file_name[0] && line->key && line->error);
    check(line->place.offset == *end && line->place.bytes > 0);
    check(line->place.record_offset >= line->place.offset);
    *end += line->place.bytes;
    check(line->place.record_offset + line->place.record_bytes <= *end);
    return 0;
}

/* A line of these bytes, with another place, is one again, of the same image. */
static void check_moved(const char *text, size_t length)
{
    struct error error = {0};
    struct tar_line line;
    struct tar_line again;
    struct tar_line_owner *owner;
    struct tar_line_owner *other;
    struct json_text moved = {0};
    const struct tar_place place = {512, 1024, 1024, 100};
    size_t kept = tar_line_without_place(text, length);
    check(kept < length || length == 0);
    if (tar_line_parse(text, length, &line, &owner, &error) != 1)
        return;
    json_text_bytes(&moved, text, kept);
    tar_line_end(&moved, &place);
    if (tar_line_parse(moved.bytes, moved.used - 1, &again, &other, &error) == 1) {
        check(strcmp(again.file_name, line.file_name) == 0 || kept == 0);
        check(again.place.record_offset == place.record_offset);
        tar_line_free(other);
    }
    json_text_free(&moved);
    tar_line_free(owner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct tar_journal journal = {0};
    uint64_t end = 0;
    const struct tar_journal_visitor visitor = {visit, &end};
    struct folder *run = folder_open(scratch_folder(), false, &error);
    check(run != NULL);
    scratch_write(".", "lines", data, size);
    check(tar_journal_read(&journal, run, "lines", TAR_BYTES, &visitor, &error) == 0);
    check(journal.tar_bytes == end && end <= TAR_BYTES && journal.bytes <= size);
    for (size_t i = 0; i < journal.count; i++)
        check(journal.images[i].line < journal.bytes);
    tar_journal_cut(&journal, journal.count / 2);
    check(journal.tar_bytes <= end);
    tar_journal_free(&journal);
    const uint8_t *newline = memchr(data, '\n', size);
    check_moved((const char *)data, newline ? (size_t)(newline - data) : size);
    folder_close(run);
    return 0;
}
