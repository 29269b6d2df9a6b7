#include "program/command_progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/plain_text.h"
#include "jobs/items.h"
#include "jobs/progress.h"

static const struct item_words record_words = {"record", "records", "masks"};

struct progress *command_progress_new(void)
{
    struct error ignored;
    const struct progress_options options = {
        .words = &record_words, .out = stderr, .terminal = true};
    return isatty(STDERR_FILENO) ? progress_new(&options, &ignored) : NULL;
}

void command_progress_expect(struct progress *progress, uint64_t records)
{
    if (progress)
        progress_expect(progress, records, 0, 0);
}

void command_progress_record(struct progress *progress, bool refused, uint64_t masks)
{
    if (progress)
        progress_item(progress, refused, masks, 0, 0);
}

void command_progress_say(struct progress *progress, const char *command, const char *text)
{
    if (progress)
        progress_log(progress, PROGRESS_WARNING, "%s: %s", command, text);
    else
        plain_line(stderr, "maskmill %s: %s", command, text);
}
