/* What becomes of the images in the ledger: done, once they are on the disk, or failed. */
#include <errno.h>
#include <stdlib.h>

#include "base/atomic_batch.h"
#include "base/clock.h"
#include "base/memory.h"
#include "jobs/ledger.h"
#include "jobs/list_hint.h"
#include "jobs/progress.h"
#include "jobs/stop.h"
#include "program/model_load.h"
#include "program/run/collection_parts.h"
#include "program/run/image_words.h"
#include "program/run/item.h"
#include "program/run/run.h"

void collection_flush(struct collection *collection)
{
    struct run *run = collection->run;
    struct error error;
    int status = 0;
    if (collection->pending_count)
        status = mount_check(run->config.settings->output, &run->config.output_mount, &error) ||
                         model_load_check(run->resources.model, &error) ||
                         atomic_batch_flush(run->resources.batch, &error)
                     ? -1
                     : 0;
    for (size_t i = 0; i < collection->pending_count; i++) {
        if (status == 0)
            status = ledger_append(run->resources.ledger, &collection->pending[i], &error);
        free((char *)collection->pending[i].key);
        free((char *)collection->pending[i].tar);
    }
    if (status)
        run_fail(run, &error);
    collection->pending_count = 0;
    collection->flushed = clock_now();
}

void collection_note_done(struct collection *collection, struct item *item)
{
    struct run *run = collection->run;
    struct error error;
    if (memory_grow((void **)&collection->pending, &collection->pending_capacity,
                    collection->pending_count + 1, sizeof *collection->pending, &error)) {
        run_fail(run, &error);
        return;
    }
    collection->pending[collection->pending_count++] = (struct ledger_line){
        .status = LEDGER_DONE,
        .key = item->key,
        .tar = item->tar,
        .bytes = item->bytes,
        .numbers = {{"width", item->record.width},
                    {"height", item->record.height},
                    {image_words.results, item->record.masks.count}},
        .seconds = item->seconds,
        .worker = item->worker,
    };
    item->key = item->tar = NULL; /* the line owns them now */
    run->outcome.done++;
    progress_item(run->resources.progress, false, item->record.masks.count, item->seconds,
                  item->bytes);
    if (atomic_batch_due(run->resources.batch) || clock_now() - collection->flushed >= 1.0)
        collection_flush(collection);
}

/* Adds the item's line in the text list to its error, and what may be wrong with that line. */
static void explain(const struct run *run, struct item *item)
{
    char advice[ERROR_TEXT_SIZE];
    const char *list = run->config.settings->list;
    struct error *error = &item->error;
    const struct error said = *error;
    if (item->line == 0)
        return;
    bool missing = said.system == ENOENT || said.system == ENOTDIR || said.system == ENAMETOOLONG;
    bool hint = missing && list_hint(item->path, list, advice, sizeof advice);
    error_set(error, said.code, "list '%s', line %llu: %s%s%s", list,
              (unsigned long long)item->line, said.text, hint ? "; " : "", hint ? advice : "");
    error->system = said.system;
}

void collection_note_failed(struct run *run, struct item *item)
{
    struct error error;
    explain(run, item);
    const struct ledger_line line = {
        .status = LEDGER_FAILED,
        .key = item->key,
        .tar = item->tar,
        .seconds = item->seconds,
        .worker = item->worker,
        .error = item->error.text,
    };
    if (ledger_append(run->resources.ledger, &line, &error))
        run_fail(run, &error);
    run->outcome.failed++;
    progress_log(run->resources.progress, PROGRESS_ERROR, "%s", item->error.text);
    progress_item(run->resources.progress, true, 0, item->seconds, 0);
    uint64_t tried = run->outcome.done + run->outcome.failed;
    if (run->outcome.failed > run->config.failures_most ||
        (tried >= 20 && (double)run->outcome.failed > run->config.failures_share * (double)tried)) {
        run->outcome.too_many_failures = true;
        stop_ask(run->resources.stop);
    }
}
