/* fetch_main.c - `maskmill fetch-model`. */
#include <stdio.h>

#include "base/error.h"
#include "base/plain_text.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/fetch.h"
#include "program/model_zoo.h"

void fetch_print_models(FILE *to)
{
    size_t count;
    const struct model_zoo_entry *table = model_zoo_table(&count);
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %-12s %s, %s, %.1f MB, %s\n", table[i].name, table[i].title, table[i].file,
                (double)table[i].size / 1e6, table[i].licence);
}

enum exit_status fetch_main(struct command_line *line)
{
    struct error error;
    const char *name = line->operands[0];
    const struct model_zoo_entry *entry = name ? model_zoo_find(name) : NULL;
    if (!entry) {
        fprintf(stderr, "maskmill fetch-model: %s:\n",
                name ? "no published model has that name; there are" : "one name is needed");
        fetch_print_models(stderr);
        return EXIT_USAGE;
    }
    const char *path = line->settings.output ? line->settings.output : entry->file;
    if (fetch_model(entry, path, &error))
        return command_fail(line->command, &error);
    plain_line(stdout, "%s: %s, SHA-256 as published", path, entry->title);
    return EXIT_ALL_DONE;
}
