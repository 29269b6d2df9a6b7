/* completion.c - completions of bash, zsh and fish, from the tables of commands and options. */
#include <string.h>

#include "program/command.h"
#include "program/help.h"
#include "program/model_zoo.h"
#include "program/settings.h"

/* What an option's value may be completed to. */
enum value_kind { VALUE_NONE, VALUE_FREE, VALUE_CHOICE, VALUE_FILE, VALUE_FOLDER };

static enum value_kind value_kind(const struct setting *setting)
{
    if (!setting->argument)
        return VALUE_NONE;
    if (setting->range.choices)
        return VALUE_CHOICE;
    if (strcmp(setting->argument, "FILE") == 0)
        return VALUE_FILE;
    return strcmp(setting->argument, "DIR") == 0 ? VALUE_FOLDER : VALUE_FREE;
}

/* Prints `text` with a backslash before each of the characters `special`. */
static void print_escaped(const char *text, const char *special, FILE *to)
{
    for (; *text; text++) {
        if (strchr(special, *text))
            fputc('\\', to);
        fputc(*text, to);
    }
}

/* Prints "a|b|c" as "a b c". */
static void print_choices(const char *choices, FILE *to)
{
    for (; *choices; choices++)
        fputc(*choices == '|' ? ' ' : *choices, to);
}

/* The names that an operand may have, separated by blanks. */
static void print_names(enum operand_kind kind, FILE *to)
{
    size_t count;
    if (kind == OPERAND_MODEL) {
        const struct model_zoo_entry *models = model_zoo_table(&count);
        for (size_t i = 0; i < count; i++)
            fprintf(to, "%s%s", i ? " " : "", models[i].name);
    } else if (kind == OPERAND_COMMAND) {
        const struct command *commands = command_table(&count);
        for (size_t i = 0; i < count; i++)
            fprintf(to, "%s%s", i ? " " : "", commands[i].name);
    }
}

/* ---- bash ---- */

/* Case branches for the values of a command's options: "run:--precision) words=...". */
static void bash_values(const struct command *command, FILE *to)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++) {
        enum value_kind kind = value_kind(&table[i]);
        if (!(table[i].traits & command->option_bit) || kind == VALUE_NONE)
            continue;
        fprintf(to, "        %s:--%s", command->name, table[i].name);
        if (table[i].letter)
            fprintf(to, " | %s:-%c", command->name, table[i].letter);
        if (kind == VALUE_CHOICE) {
            fputs(") words='", to);
            print_choices(table[i].range.choices, to);
            fputs("' ;;\n", to);
        } else {
            fprintf(to, ") %s ;;\n",
                    kind == VALUE_FILE     ? "kind=file"
                    : kind == VALUE_FOLDER ? "kind=directory"
                                           : "return");
        }
    }
}

static void bash_options(const struct command *command, FILE *to)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    fprintf(to, "            %s) words='", command->name);
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].traits & command->option_bit))
            continue;
        fprintf(to, "--%s ", table[i].name);
        if (table[i].letter)
            fprintf(to, "-%c ", table[i].letter);
    }
    fputs("' ;;\n", to);
}

static void bash_operand(const struct command *command, FILE *to)
{
    fprintf(to, "            %s) ", command->name);
    if (command->operand == OPERAND_PATH || command->operand == OPERAND_FOLDER) {
        fprintf(to, "kind=%s", command->operand == OPERAND_PATH ? "file" : "directory");
    } else {
        fputs("words='", to);
        print_names(command->operand, to);
        fputs("'", to);
    }
    fputs(" ;;\n", to);
}

static void bash_print(FILE *to)
{
    size_t count;
    const struct command *table = command_table(&count);
    fputs("# bash completion for maskmill, from `maskmill help --completion bash`\n"
          "_maskmill()\n{\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command=${COMP_WORDS[1]} words= kind=\n"
          "    COMPREPLY=()\n"
          "    if ((COMP_CWORD == 1)); then\n"
          "        COMPREPLY=($(compgen -W '",
          to);
    print_names(OPERAND_COMMAND, to);
    fputs(" --help --version' -- \"$cur\"))\n"
          "        return\n"
          "    fi\n"
          "    # bash splits --name=value into three words.\n"
          "    if [[ $cur == = ]]; then\n"
          "        cur=\n"
          "    elif [[ $prev == = ]]; then\n"
          "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    fi\n"
          "    case $command:$prev in\n",
          to);
    for (size_t i = 0; i < count; i++)
        bash_values(&table[i], to);
    fputs("    esac\n"
          "    if [[ -z $words$kind && $cur == -* ]]; then\n"
          "        case $command in\n",
          to);
    for (size_t i = 0; i < count; i++)
        bash_options(&table[i], to);
    fputs("        esac\n"
          "    elif [[ -z $words$kind ]]; then\n"
          "        case $command in\n",
          to);
    for (size_t i = 0; i < count; i++)
        bash_operand(&table[i], to);
    fputs("        esac\n"
          "    fi\n"
          "    if [[ $words ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "    elif [[ $kind ]]; then\n"
          "        compopt -o filenames 2>/dev/null\n"
          "        mapfile -t COMPREPLY < <(compgen -A \"$kind\" -- \"$cur\")\n"
          "    fi\n"
          "}\n"
          "complete -F _maskmill maskmill\n",
          to);
}

/* ---- zsh ---- */

/* One argument of _arguments, within single quotes: '(-t --threads)'{-t,--threads=}'[help]:N:'. */
static void zsh_option(const struct setting *setting, FILE *to)
{
    enum value_kind kind = value_kind(setting);
    const char *equals = setting->argument ? "=" : "";
    fputs(" \\\n            ", to);
    if (setting->letter)
        fprintf(to, "'(-%c --%s)'{-%c,--%s%s}'[", setting->letter, setting->name, setting->letter,
                setting->name, equals);
    else
        fprintf(to, "'%s--%s%s[", setting->kind == SETTING_TEXTS ? "*" : "", setting->name, equals);
    for (const char *at = setting->help; *at; at++) {
        if (*at == '\'')
            fputs("'\\'", to);
        else if (strchr("[]:\\", *at))
            fputc('\\', to);
        fputc(*at, to);
    }
    fputs("]", to);
    if (kind != VALUE_NONE)
        fprintf(to, ":%s:", setting->argument);
    if (kind == VALUE_CHOICE) {
        fputc('(', to);
        print_choices(setting->range.choices, to);
        fputc(')', to);
    } else if (kind == VALUE_FILE || kind == VALUE_FOLDER) {
        fputs(kind == VALUE_FILE ? "_files" : "_files -/", to);
    }
    fputc('\'', to);
}

static void zsh_command(const struct command *command, FILE *to)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    const char *many = command->wanted && command->most < 2 ? "" : "*";
    fprintf(to, "    %s)\n        _arguments", command->name);
    for (size_t i = 0; i < count; i++)
        if (table[i].traits & command->option_bit)
            zsh_option(&table[i], to);
    fprintf(to, " \\\n            '%s:", many);
    if (command->operand == OPERAND_PATH || command->operand == OPERAND_FOLDER) {
        fprintf(to, "path:_files%s'\n", command->operand == OPERAND_FOLDER ? " -/" : "");
    } else {
        fputs("name:(", to);
        print_names(command->operand, to);
        fputs(")'\n", to);
    }
    fputs("        ;;\n", to);
}

static void zsh_print(FILE *to)
{
    size_t count;
    const struct command *table = command_table(&count);
    fputs("#compdef maskmill\n"
          "# zsh completion for maskmill, from `maskmill help --completion zsh`\n"
          "local -a commands=(\n",
          to);
    for (size_t i = 0; i < count; i++) {
        fprintf(to, "    '%s:", table[i].name);
        print_escaped(table[i].summary, ":", to);
        fputs("'\n", to);
    }
    fputs(")\n"
          "if ((CURRENT == 2)); then\n"
          "    _describe command commands\n"
          "    return\n"
          "fi\n"
          "local command=$words[2]\n"
          "shift words\n"
          "((CURRENT--))\n"
          "case $command in\n",
          to);
    for (size_t i = 0; i < count; i++)
        zsh_command(&table[i], to);
    fputs("esac\n", to);
}

/* ---- fish ---- */

static void fish_option(const struct command *command, const struct setting *setting, FILE *to)
{
    enum value_kind kind = value_kind(setting);
    fprintf(to, "complete -c maskmill -n '__fish_seen_subcommand_from %s' -l %s", command->name,
            setting->name);
    if (setting->letter)
        fprintf(to, " -s %c", setting->letter);
    if (kind == VALUE_CHOICE) {
        fputs(" -x -a '", to);
        print_choices(setting->range.choices, to);
        fputs("'", to);
    } else if (kind == VALUE_FOLDER) {
        fputs(" -x -a '(__fish_complete_directories)'", to);
    } else if (kind != VALUE_NONE) {
        fputs(kind == VALUE_FILE ? " -r -F" : " -x", to);
    }
    fputs(" -d '", to);
    print_escaped(setting->help, "'\\", to);
    fputs("'\n", to);
}

static void fish_operand(const struct command *command, FILE *to)
{
    fprintf(to, "complete -c maskmill -n '__fish_seen_subcommand_from %s'", command->name);
    if (command->operand == OPERAND_PATH) {
        fputs(" -F\n", to);
    } else if (command->operand == OPERAND_FOLDER) {
        fputs(" -a '(__fish_complete_directories)'\n", to);
    } else {
        fputs(" -a '", to);
        print_names(command->operand, to);
        fputs("'\n", to);
    }
}

static void fish_print(FILE *to)
{
    size_t command_count, count;
    const struct command *commands = command_table(&command_count);
    const struct setting *table = settings_table(&count);
    fputs("# fish completion for maskmill, from `maskmill help --completion fish`\n"
          "complete -c maskmill -f\n",
          to);
    for (size_t c = 0; c < command_count; c++) {
        fprintf(to, "complete -c maskmill -n __fish_use_subcommand -a %s -d '", commands[c].name);
        print_escaped(commands[c].summary, "'\\", to);
        fputs("'\n", to);
    }
    for (size_t c = 0; c < command_count; c++) {
        for (size_t i = 0; i < count; i++)
            if (table[i].traits & commands[c].option_bit)
                fish_option(&commands[c], &table[i], to);
        fish_operand(&commands[c], to);
    }
}

void completion_print(const char *shell, FILE *to)
{
    if (strcmp(shell, "bash") == 0)
        bash_print(to);
    else if (strcmp(shell, "zsh") == 0)
        zsh_print(to);
    else
        fish_print(to);
}
