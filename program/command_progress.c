#include "program/command_progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/plain_text.h"
#include "jobs/items.h"
#include "jobs/progress.h"

static const struct item_words record_words = {"record", "records", "masks"};
static const struct item_words image_words = {"image", "images", "masks"};

static struct progress *new_progress(const struct item_words *words)
{
    struct error ignored;
    const struct progress_options options = {.words = words, .out = stderr, .terminal = true};
    return isatty(STDERR_FILENO) ? progress_new(&options, &ignored) : NULL;
}

struct progress *command_progress_new(void)
{
    return new_progress(&record_words);
}

struct progress *command_progress_of_images(void)
{
    return new_progress(&image_words);
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
