/* info_main.c - `maskmill info`. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json_text.h"
#include "program/arguments.h"
#include "program/commands.h"
#include "program/model_info.h"

static void print_help(void)
{
    puts(
        "usage: maskmill info [options] [MODEL]\n\n"
        "Loads a checkpoint (without MODEL: the built-in one), checks every tensor, and says what\n"
        "it is: architecture, sizes, parameters, dtype, SHA-256, which published file it is, its\n"
        "metadata, and the thresholds that a run with it uses where none are given.\n\n"
        "      --json          as one JSON object\n"
        "      --image-size N  side of the model's input, for a TinyViT that does not say it\n"
        "  -h, --help\n\n"
        "Exit status: 0 usable, 2 usage, 3 not usable.");
}

static int report(const struct inspection *inspection, bool json, struct error *error)
{
    struct json_text text = {0};
    if (!json) {
        inspect_print(inspection, stdout);
        return 0;
    }
    inspect_json(inspection, &text);
    char *made = json_text_take(&text, NULL, error);
    if (!made)
        return -1;
    fputs(made, stdout);
    free(made);
    return 0;
}

static int run_command(const char *path, const char *image_size, bool json)
{
    struct error error;
    struct inspection inspection;
    int failed = inspect_model(&inspection, path, image_size, &error);
    if (!failed) {
        failed = report(&inspection, json, &error);
        inspect_free(&inspection);
    }
    if (!failed)
        return EXIT_ALL_DONE;
    fprintf(stderr, "maskmill info: %s\n", error.text);
    return error.code == ERROR_USAGE ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

int info_main(int argc, char **argv)
{
    bool json = false;
    const char *image_size = NULL;
    const struct arguments arguments = {
        .command = "info",
        .print_help = print_help,
        .options = {{.name = "json", .flag = &json}, {.name = "image-size", .value = &image_size}},
        .wanted = "one model",
        .may_lack = true,
    };
    const char *path;
    int status;
    return arguments_read(&arguments, argc, argv, &path, &status)
               ? run_command(path, image_size, json)
               : status;
}
