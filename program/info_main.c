/* info_main.c - `maskmill info`. */
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/json_text.h"
#include "program/command.h"
#include "program/command_line.h"
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

enum exit_status info_main(struct command_line *line)
{
    struct error error;
    struct model_info info;
    int failed = model_info_read(&info, line->operands[0], &line->settings, &error);
    if (!failed) {
        failed = report(&info, line->settings.json, &error);
        model_info_free(&info);
    }
    return failed ? command_fail(line->command, &error) : EXIT_ALL_DONE;
}
