#include "program/command_line.h"

#include <getopt.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "program/settings.h"

enum { LONG_BASE = 256 }; /* getopt's value of the table's entry i is LONG_BASE + i */

static const struct setting *with_letter(const struct setting *table, size_t count, int letter)
{
    for (size_t i = 0; i < count; i++)
        if (table[i].letter == letter)
            return &table[i];
    return NULL;
}

/* The table as getopt_long wants it; `letters` has room for 2 + 2 * count characters. */
static struct option *getopt_table(const struct setting *table, size_t count, char *letters,
                                   struct error *error)
{
    struct option *options = memory_new(count + 1, sizeof *options, "options", error);
    if (!options)
        return NULL;
    *letters++ = ':'; /* missing arguments are reported by us */
    for (size_t i = 0; i < count; i++) {
        options[i].name = table[i].name;
        options[i].has_arg = table[i].argument ? required_argument : no_argument;
        options[i].val = LONG_BASE + (int)i;
        if (table[i].letter) {
            *letters++ = table[i].letter;
            if (table[i].argument)
                *letters++ = ':';
        }
    }
    *letters = '\0';
    return options;
}

static int parse(struct settings *settings, int argc, char **argv, const struct option *options,
                 const char *letters, struct error *error)
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
            found >= LONG_BASE ? &table[found - LONG_BASE] : with_letter(table, count, found);
        if (settings_set(settings, setting->name, setting->argument ? optarg : "true",
                         SOURCE_COMMAND_LINE, error))
            return -1;
    }
    return 0;
}

int options_parse(struct settings *settings, int argc, char **argv, int *first, struct error *error)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    char *letters = memory_new(2 * count + 2, 1, "options", error);
    if (!letters)
        return -1;
    struct option *options = getopt_table(table, count, letters, error);
    int status = options ? parse(settings, argc, argv, options, letters, error) : -1;
    *first = optind;
    memory_free(options);
    memory_free(letters);
    return status;
}

static void print_setting(FILE *to, const struct setting *setting)
{
    char left[64];
    char letter[5] = "    ";
    if (setting->letter)
        snprintf(letter, sizeof letter, "-%c, ", setting->letter);
    snprintf(left, sizeof left, "%s--%s %s", letter, setting->name,
             setting->argument ? setting->argument : "");
    fprintf(to, "  %-38s %s", left, setting->help);
    if (setting->standard)
        fprintf(to, " (default %s)", setting->standard);
    fputc('\n', to);
}

void options_help(FILE *to)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    const char *group = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!group || strcmp(group, table[i].group) != 0)
            fprintf(to, "\n%s:\n", table[i].group);
        group = table[i].group;
        print_setting(to, &table[i]);
    }
}
