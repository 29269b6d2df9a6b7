#include "program/run/item_end.h"

#include <errno.h>

#include "jobs/ledger.h"
#include "jobs/list_hint.h"
#include "jobs/progress.h"
#include "jobs/stop.h"
#include "program/run/item.h"
#include "program/run/run.h"

void item_count_done(struct run *run, const struct item *item)
{
    run->outcome.done++;
    progress_item(run->resources.progress, false, item->record.masks.count, item->seconds,
                  item->bytes);
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

void item_note_failed(struct run *run, struct item *item)
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
    if (run->resources.ledger && ledger_append(run->resources.ledger, &line, &error))
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
