#include "program/command_line.h"

#include <getopt.h>

#include "base/error.h"
#include "base/memory.h"
#include "program/command.h"

enum { LONG_BASE = 256 }; /* getopt's value of the table's entry i is LONG_BASE + i */

static const struct setting *with_letter(unsigned command, int letter)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++)
        if ((table[i].traits & command) && table[i].letter == letter)
            return &table[i];
    return NULL;
}

/* A command's options as getopt_long wants them; `letters` has room for 2 + 2 * table size
 * characters. */
static struct option *getopt_table(unsigned command, char *letters, struct error *error)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    struct option *options = memory_new(count + 1, sizeof *options, "options", error);
    struct option *next = options;
    if (!options)
        return NULL;
    *letters++ = ':'; /* missing values are reported here, not by getopt */
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].traits & command))
            continue;
        next->name = table[i].name;
        next->has_arg = table[i].argument ? required_argument : no_argument;
        next->val = LONG_BASE + (int)i;
        next++;
        if (table[i].letter) {
            *letters++ = table[i].letter;
            if (table[i].argument)
                *letters++ = ':';
        }
    }
    *letters = '\0';
    return options;
}

static int read_options(struct settings *settings, int argc, char **argv,
                        const struct option *options, const char *letters, struct error *error)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    optind = 0; /* glibc: start afresh */
    opterr = 0;
    for (int found; (found = getopt_long(argc, argv, letters, options, NULL)) != -1;) {
        if (found == ':')
            return error_set(error, ERROR_USAGE, "%s: a value is missing; see --help",
                             argv[optind - 1]);
        if (found == '?')
            return error_set(error, ERROR_USAGE, "%s: there is no such option; see --help",
                             argv[optind - 1]);
        const struct setting *setting =
            found >= LONG_BASE ? &table[found - LONG_BASE] : with_letter(settings->command, found);
        if (settings_set(settings, setting->name, setting->argument ? optarg : "true",
                         SOURCE_COMMAND_LINE, error))
            return -1;
    }
    return 0;
}

static int check_operands(const struct command_line *line, struct error *error)
{
    const struct command *command = line->command;
    const int most = command->most ? command->most : 1;
    if (!command->wanted || (line->operand_count >= command->least && line->operand_count <= most))
        return 0;
    return error_set(error, ERROR_USAGE, "%s %s; see --help", command->wanted,
                     command->least ? "is needed" : "at most");
}

int command_line_read(struct command_line *line, const struct command *command, int argc,
                      char **argv, struct error *error)
{
    size_t count;
    settings_table(&count);
    *line = (struct command_line){.command = command};
    if (settings_init(&line->settings, command->option_bit, error))
        return -1;
    char *letters = memory_new(2 * count + 2, 1, "options", error);
    struct option *options = letters ? getopt_table(command->option_bit, letters, error) : NULL;
    int status = options ? read_options(&line->settings, argc, argv, options, letters, error) : -1;
    line->operands = argv + optind;
    line->operand_count = argc - optind;
    memory_free(options);
    memory_free(letters);
    if (status || line->settings.help)
        return status;
    return check_operands(line, error);
}

void command_line_free(struct command_line *line)
{
    settings_free(&line->settings);
}
