#include "program/run/done_lines.h"

#include <stdlib.h>

#include "base/memory.h"
#include "jobs/ledger.h"
#include "program/run/image_words.h"
#include "program/run/item.h"
#include "program/run/item_end.h"
#include "program/run/run.h"
#include "program/run/run_setup.h"

int done_lines_add(struct done_lines *waiting, struct run *run, struct item *item,
                   struct error *error)
{
    if (memory_grow((void **)&waiting->lines, &waiting->capacity, waiting->count + 1,
                    sizeof *waiting->lines, error))
        return -1;
    waiting->lines[waiting->count++] = (struct ledger_line){
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
    return 0;
}

int done_lines_check(const struct run *run, struct error *error)
{
    return mount_check(run->config.settings->output, &run->config.output_mount, error) ||
                   run_check_models(&run->resources, error)
               ? -1
               : 0;
}

int done_lines_write(struct done_lines *waiting, const struct run *run, struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < waiting->count; i++)
        status = ledger_append(run->resources.ledger, &waiting->lines[i], error);
    done_lines_drop(waiting);
    return status;
}

void done_lines_drop(struct done_lines *waiting)
{
    for (size_t i = 0; i < waiting->count; i++) {
        free((char *)waiting->lines[i].key);
        free((char *)waiting->lines[i].tar);
    }
    waiting->count = 0;
}

void done_lines_free(struct done_lines *waiting)
{
    done_lines_drop(waiting);
    free(waiting->lines);
    *waiting = (struct done_lines){0};
}
