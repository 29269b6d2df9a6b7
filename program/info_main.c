/* info_main.c - `maskmill info`. */
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/json_text.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/info_clip.h"
#include "program/model_info.h"

static int report(const struct model_info *info, bool json, struct error *error)
{
    struct json_text text = {0};
    if (!json) {
        model_info_print(info, stdout);
        return 0;
    }
    model_info_json(info, &text);
    return command_print_json(&text, error);
}

/* Of a model that finds masks. */
static int report_model(struct command_line *line, const char *path, struct error *error)
{
    struct model_info info;
    if (model_info_read(&info, path, &line->settings, error))
        return -1;
    int failed = report(&info, line->settings.json, error);
    model_info_free(&info);
    return failed;
}

enum exit_status info_main(struct command_line *line)
{
    struct error error;
    const char *path = line->operands[0];
    int failed = path && info_clip_is(path) ? info_clip_print(path, line->settings.json, &error)
                                            : report_model(line, path, &error);
    return failed ? command_fail(line->command, &error) : EXIT_ALL_DONE;
}
