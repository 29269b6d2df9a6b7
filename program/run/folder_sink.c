#include "program/run/folder_sink.h"

#include "base/atomic_batch.h"
#include "base/clock.h"
#include "base/error.h"
#include "program/run/collection.h"
#include "program/run/folder_write.h"
#include "program/run/item.h"
#include "program/run/item_end.h"
#include "program/run/run.h"
#include "program/run/run_clean.h"
#include "program/run/run_folder.h"

static void flush(void *context)
{
    struct folder_sink *folder = context;
    struct run *run = folder->run;
    struct error error;
    if (folder->waiting.count &&
        (done_lines_check(run, &error) || atomic_batch_flush(run->resources.batch, &error) ||
         done_lines_write(&folder->waiting, run, &error)))
        run_fail(run, &error);
    done_lines_drop(&folder->waiting);
    folder->flushed = clock_now();
}

/* The image's outputs are written: its line waits for the sync of their folder. */
static void note_done(struct folder_sink *folder, struct item *item)
{
    struct run *run = folder->run;
    struct error error;
    if (done_lines_add(&folder->waiting, run, item, &error))
        run_fail(run, &error);
    else if (atomic_batch_due(run->resources.batch) || clock_now() - folder->flushed >= 1.0)
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

static int admit(void *context, struct submission *image, struct error *error)
{
    struct folder_sink *folder = context;
    struct run *run = folder->run;
    if (!run_folder_wants(run, image->key, image->tar))
        return 0;
    return !image->fault && run_clean_image(run->resources.clean, image->key, error) ? -1 : 1;
}

struct sink folder_sink(struct folder_sink *folder, struct run *run)
{
    folder->run = run;
    return (struct sink){
        .write = write_item, .finish = finish, .settle = flush, .admit = admit, .context = folder};
}

void folder_sink_free(struct folder_sink *folder)
{
    done_lines_free(&folder->waiting);
}
