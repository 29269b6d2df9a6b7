/* help.c - the help for people at a terminal, and `maskmill help`. */
#include "program/help.h"

#include <string.h>

#include "base/error.h"
#include "program/command.h"
#include "program/command_line.h"

enum { TEXT_WIDTH = 90 };

/* Prints a paragraph, broken at its blanks. */
static void print_wrapped(const char *text, FILE *to)
{
    size_t column = 0;
    for (const char *word = text; *word;) {
        size_t length = strcspn(word, " ");
        if (column && column + 1 + length > TEXT_WIDTH) {
            fputc('\n', to);
            column = 0;
        }
        fprintf(to, "%s%.*s", column ? " " : "", (int)length, word);
        column += (column ? 1 : 0) + length;
        word += length + (word[length] == ' ');
    }
    fputc('\n', to);
}

static void print_setting(const struct setting *setting, unsigned command, FILE *to)
{
    const char *standard = settings_standard(setting, command);
    char left[64];
    char letter[5] = "    ";
    if (setting->letter)
        snprintf(letter, sizeof letter, "-%c, ", setting->letter);
    snprintf(left, sizeof left, "%s--%s %s", letter, setting->name,
             setting->argument ? setting->argument : "");
    fprintf(to, "  %-38s %s", left, setting->help);
    if (standard)
        fprintf(to, " (default %s)", standard);
    fputc('\n', to);
}

static void print_settings(unsigned command, FILE *to)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    const char *group = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].traits & command))
            continue;
        if (group != table[i].group)
            fprintf(to, "\n%s:\n", table[i].group);
        group = table[i].group;
        print_setting(&table[i], command, to);
    }
}

void help_print(const struct command *command, FILE *to)
{
    fprintf(to, "usage: maskmill %s %s\n\n", command->name, command->synopsis);
    print_wrapped(command->about, to);
    if (command->values) {
        fputc('\n', to);
        command->values(to);
    }
    print_settings(command->option_bit, to);
    fputs("\nExit status:\n", to);
    print_wrapped(command->statuses, to);
}

void help_print_commands(FILE *to)
{
    size_t count;
    const struct command *table = command_table(&count);
    fputs("maskmill " MASKMILL_VERSION ": masks of everything in photographs, Segment Anything's"
          " automatic stage in C\n\nusage: maskmill COMMAND [options] ...\n\n",
          to);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %-12s %s\n", table[i].name, table[i].summary);
    fputs("\n  maskmill COMMAND --help   the options of a command\n"
          "  maskmill --version\n",
          to);
}

enum exit_status help_main(struct command_line *line)
{
    const struct command *command = line->operand_count ? command_find(line->operands[0]) : NULL;
    if (line->settings.man)
        manual_print(stdout);
    else if (line->settings.completion)
        completion_print(line->settings.completion, stdout);
    else if (command)
        help_print(command, stdout);
    else if (line->operand_count == 0)
        help_print_commands(stdout);
    else {
        struct error error;
        error_set(&error, ERROR_USAGE, "%s: there is no such command", line->operands[0]);
        return command_fail(line->command, &error);
    }
    return EXIT_ALL_DONE;
}
