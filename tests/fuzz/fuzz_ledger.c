/* A ledger. Each valid line is added to an index, and is the same after writing and reading it. */
#include "replay.h"
#include "scratch_folder.h"

#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/ndjson.h"

static struct folder *run; /* in which the ledger lies */

static void check(int holds)
{
    if (!holds)
        abort();
}

/* The only line of a ledger that was written from *context. */
static int compare(void *context, const struct ledger_line *line)
{
    const struct ledger_line *written = context;
    check(strcmp(line->key, written->key) == 0 && line->status == written->status);
    for (int i = 0; i < LEDGER_NUMBERS && written->numbers[i].name; i++)
        check(ledger_line_number(line, written->numbers[i].name, UINT64_MAX) ==
              written->numbers[i].value);
    return 1;
}

static int visit(void *context, const struct ledger_line *line)
{
    struct error error = {0};
    struct ndjson text = {0};
    struct ledger_index *index = context;
    if (line->status == LEDGER_EVENT)
        return 0;
    check(ledger_index_add(index, line, &error) == 0);
    if (line->status != LEDGER_NONE)
        check(ledger_index_find(index, line->key).status != LEDGER_NONE);
    ndjson_begin(&text);
    ledger_format_item(&text, line);
    check(ndjson_end(&text) == 0);
    unlinkat(run->fd, "copy", 0);
    scratch_write(".", "copy", text.text.bytes, text.text.used);
    check(ledger_read(run, "copy", compare, (void *)line, NULL, &error) == 1);
    ndjson_free(&text);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct ledger_reading reading;
    struct ledger_index *index = ledger_index_new(&error);
    run = folder_open(scratch_folder(), false, &error);
    check(index != NULL && run != NULL);
    scratch_write(".", "ledger", data, size);
    check(ledger_read(run, "ledger", visit, index, &reading, &error) == 0);
    ledger_index_free(index);
    folder_close(run);
    return 0;
}
