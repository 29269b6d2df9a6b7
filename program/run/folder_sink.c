#include "program/run/folder_sink.h"

#include <stdlib.h>

#include "base/atomic_batch.h"
#include "base/clock.h"
#include "base/memory.h"
#include "jobs/ledger.h"
#include "program/model_load.h"
#include "program/run/folder_write.h"
#include "program/run/image_words.h"
#include "program/run/item.h"
#include "program/run/item_end.h"
#include "program/run/run.h"

static void flush(void *context)
{
    struct folder_sink *folder = context;
    struct run *run = folder->run;
    struct error error;
    int status = 0;
    if (folder->pending_count)
        status = mount_check(run->config.settings->output, &run->config.output_mount, &error) ||
                         model_load_check(run->resources.model, &error) ||
                         atomic_batch_flush(run->resources.batch, &error)
                     ? -1
                     : 0;
    for (size_t i = 0; i < folder->pending_count; i++) {
        if (status == 0)
            status = ledger_append(run->resources.ledger, &folder->pending[i], &error);
        free((char *)folder->pending[i].key);
        free((char *)folder->pending[i].tar);
    }
    if (status)
        run_fail(run, &error);
    folder->pending_count = 0;
    folder->flushed = clock_now();
}

/* The image's outputs are written: its line waits for the sync of their folder. */
static void note_done(struct folder_sink *folder, struct item *item)
{
    struct run *run = folder->run;
    struct error error;
    if (memory_grow((void **)&folder->pending, &folder->pending_capacity, folder->pending_count + 1,
                    sizeof *folder->pending, &error)) {
        run_fail(run, &error);
        return;
    }
    folder->pending[folder->pending_count++] = (struct ledger_line){
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
    item_count_done(run, item);
    if (atomic_batch_due(run->resources.batch) || clock_now() - folder->flushed >= 1.0)
        flush(folder);
}

static int write_item(void *context, struct item *item)
{
    struct folder_sink *folder = context;
    return folder_write(folder->run, item);
}

static void finish(void *context, struct item *item, enum item_outcome outcome)
{
    struct folder_sink *folder = context;
    if (outcome == ITEM_DONE)
        note_done(folder, item);
    else if (outcome == ITEM_FAILED)
        item_note_failed(folder->run, item);
}

struct sink folder_sink(struct folder_sink *folder, struct run *run)
{
    folder->run = run;
    return (struct sink){.write = write_item, .finish = finish, .settle = flush, .context = folder};
}

void folder_sink_free(struct folder_sink *folder)
{
    for (size_t i = 0; i < folder->pending_count; i++) {
        free((char *)folder->pending[i].key);
        free((char *)folder->pending[i].tar);
    }
    free(folder->pending);
}
