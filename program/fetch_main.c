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
    for (size_t i = 0; i < count; i++) {
        fprintf(to, "  %-22s %s, %s, ", table[i].name, table[i].title,
                model_zoo_saved_as(&table[i]));
        model_zoo_print_size(&table[i], to);
        fprintf(to, ", %s\n", table[i].licence);
    }
}

enum exit_status fetch_main(struct command_line *line)
{
    struct error error;
    char sha256[DIGEST_TEXT];
    const char *name = line->operands[0];
    const struct model_zoo_entry *entry = name ? model_zoo_find(name) : NULL;
    if (name && !entry) {
        plain_line(stderr,
                   "maskmill fetch-model: %s: no published model has that name; fetch-model "
                   "without a name lists them",
                   name);
        return EXIT_USAGE;
    }
    if (!entry) {
        fetch_print_models(stdout);
        return EXIT_ALL_DONE;
    }
    const char *path = line->settings.output ? line->settings.output : model_zoo_saved_as(entry);
    if (fetch_model(entry, path, sha256, &error))
        return command_fail(line->command, &error);
    if (entry->sha256)
        plain_line(stdout, "%s: %s, SHA-256 as published", path, entry->title);
    else
        plain_line(stdout, "%s: %s, SHA-256 %s; no published sum is known", path, entry->title,
                   sha256);
    return EXIT_ALL_DONE;
}
