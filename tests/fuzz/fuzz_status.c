/* What the output folder of a run holds, read by status and merge. The input is a list of files of the
 * run's own folder: a line "@@ NAME", then the file's text up to the next such line. */
#define REPLAY_COPIES 200
#include "replay.h"
#include "scratch_folder.h"

#include "base/error.h"
#include "base/folder.h"
#include "jobs/ledger.h"
#include "jobs/ledger_status.h"
#include "program/run/image_words.h"

enum { FILES = 16, NAME = 64 };

/* Writes the file whose line with its name begins at `at`. Returns where the next one begins. */
static const char *write_one(const char *at, const char *end)
{
    char name[NAME] = "";
    const char *line = memchr(at, '\n', (size_t)(end - at));
    size_t length = line ? (size_t)(line - at) - 3 : NAME;
    const char *text = line ? line + 1 : end;
    const char *next = text < end ? memmem(text, (size_t)(end - text), "\n@@ ", 4) : NULL;
    next = next ? next + 1 : end;
    if (length < NAME) {
        memcpy(name, at + 3, length);
        if (strlen(name) == length && length > 0 && !strchr(name, '/') && name[0] != '.')
            scratch_write(LEDGER_FOLDER, name, text, (size_t)(next - text));
    }
    return next;
}

static void write_files(const char *at, const char *end)
{
    for (int i = 0; i < FILES && end - at > 3 && memcmp(at, "@@ ", 3) == 0; i++)
        at = write_one(at, end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct ledger_run_status status;
    struct folder *run = folder_open(scratch_folder(), false, &error);
    FILE *nowhere = fopen("/dev/null", "we");
    if (!run || !nowhere || folder_make_below(run, LEDGER_FOLDER, &error))
        abort();
    write_files((const char *)data, (const char *)data + size);
    if (ledger_status_read(run, &image_words, &status, &error) == 0) {
        ledger_status_print(&status, nowhere);
        ledger_status_print_json(&status, nowhere);
        if (status.shard_count > status.shards_expected)
            abort();
        ledger_status_free(&status);
        if (ledger_merge(run, &image_words, &status, &error) == 0)
            ledger_status_free(&status);
    }
    folder_close(run);
    fclose(nowhere);
    return 0;
}
