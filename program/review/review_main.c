/* review_main.c - `maskmill review`. */
#include "base/error.h"
#include "program/command.h"
#include "program/command_line.h"

enum exit_status review_main(struct command_line *line)
{
    struct error error;
    error_set(&error, ERROR_USAGE, "%s: there is no page yet", line->operands[0]);
    return command_fail(line->command, &error);
}
