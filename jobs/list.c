#include "jobs/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/list_folder.h"
#include "jobs/list_repeats.h"
#include "jobs/list_text.h"

struct list {
    struct list_options options;
    struct list_folder_options folder_options;
    size_t next_input;
    struct list_folder *folder;   /* the current walk, or NULL */
    struct list_text *text;       /* or NULL */
    struct list_repeats *repeats; /* to skip; NULL before a survey, or if it found none */
    char *key;                    /* of the text list's current entry */
    size_t key_capacity;
    uint64_t index; /* of the next item */
    struct passed_over passed;
};

static bool is_stream(const char *input)
{
    return strcmp(input, "-") == 0;
}

static int check_inputs(const struct list_options *options, struct error *error)
{
    struct stat status;
    for (size_t i = 0; i < options->input_count && !options->objects; i++)
        if (!is_stream(options->inputs[i]) && stat(options->inputs[i], &status))
            return error_set_system(error, ERROR_IO, errno, "cannot find the input '%s'",
                                    options->inputs[i]);
    return 0;
}

struct list *list_open(const struct list_options *options, struct error *error)
{
    struct stat status;
    if (check_inputs(options, error))
        return NULL;
    struct list *list = memory_new(1, sizeof *list, "list of items", error);
    if (!list)
        return NULL;
    list->options = *options;
    list->folder_options.wanted = options->wanted;
    list->folder_options.skip_suffix = options->skip_suffix;
    list->folder_options.rules = options->rules;
    list->folder_options.passed = &list->passed;
    if (options->skip_folder && stat(options->skip_folder, &status) == 0) {
        list->folder_options.skip = true;
        list->folder_options.skip_device = status.st_dev;
        list->folder_options.skip_inode = status.st_ino;
    }
    if (options->list_file)
        list->text =
            list_text_open(options->list_file, options->null_separated, !options->objects, error);
    if (options->list_file && !list->text) {
        list_close(list);
        return NULL;
    }
    return list;
}

int list_rewind(struct list *list, struct error *error)
{
    list_folder_close(list->folder);
    list->folder = NULL;
    list->next_input = 0;
    list->index = 0;
    list->passed = (struct passed_over){0};
    if (list->repeats)
        list_repeats_rewind(list->repeats);
    return list->text ? list_text_rewind(list->text, error) : 0;
}

/* Sets path and key of an INPUT that is no folder. */
static void fill_input(struct list_item *item, const char *input)
{
    const char *slash = strrchr(input, '/');
    item->path = input;
    item->key = slash ? slash + 1 : input;
}

static int next_object(struct list *list, struct list_item *item, struct error *error)
{
    fill_input(item, list->options.inputs[list->next_input++]);
    if (*item->key && strcmp(item->key, ".") != 0 && strcmp(item->key, "..") != 0)
        return 1;
    return error_set(error, ERROR_USAGE, "the input '%s' does not name an object", item->path);
}

/* The next INPUT. Returns 1 with an item, 0 if it is a folder, now open for walking, or -1. */
static int next_input(struct list *list, struct list_item *item, struct error *error)
{
    const char *input = list->options.inputs[list->next_input++];
    struct stat status;
    item->path = input;
    item->key = LIST_STREAM_KEY;
    if (is_stream(input))
        return 1;
    if (stat(input, &status))
        return error_set_system(error, ERROR_IO, errno, "cannot find the input '%s'", input);
    if (S_ISDIR(status.st_mode)) {
        list->folder = list_folder_open(input, &list->folder_options, error);
        return list->folder ? 0 : -1;
    }
    fill_input(item, input);
    return 1;
}

/* The next entry of the text list. Returns 1 with an item, 0 at the end, or -1. */
static int next_entry(struct list *list, struct list_item *item, struct error *error)
{
    int found = list_text_next(list->text, &item->path, &item->line, error);
    if (found <= 0)
        return found;
    if (memory_grow((void **)&list->key, &list->key_capacity, strlen(item->path) + 1, 1, error))
        return -1;
    bool object = list->options.objects;
    if (list_key(object ? list_behind_scheme(item->path) : item->path, list->key))
        return error_set(error, ERROR_USAGE, "list '%s', line %llu: '%s' does not name %s",
                         list->options.list_file, (unsigned long long)item->line, item->path,
                         object ? "an object" : "a file");
    item->key = list->key;
    return 1;
}

void list_watch(struct list *list, void (*no_fault)(void *context, const char *key), void *context)
{
    list->folder_options.no_fault = no_fault;
    list->folder_options.context = context;
}

/* The next entry of the folder that is being walked. Returns 1, 0 at its end, or -1. */
static int next_in_folder(struct list *list, struct list_item *item, struct error *error)
{
    struct list_folder_entry entry;
    int found = list_folder_next(list->folder, &entry, error);
    if (found > 0) {
        item->path = entry.path;
        item->key = entry.key;
        item->fault = entry.fault;
    } else if (found == 0) {
        list_folder_close(list->folder);
        list->folder = NULL;
    }
    return found;
}

/* The next entry of the text list that is not excluded. Returns 1, 0 at the end, or -1. */
static int next_listed(struct list *list, struct list_item *item, struct error *error)
{
    int found;
    while ((found = next_entry(list, item, error)) > 0 &&
           name_rules_exclude(&list->options.rules, item->key))
        passed_over_add(&list->passed, PASSED_EXCLUDED);
    return found;
}

/* The next item of all. Returns 1, 0 at the end, or -1. */
static int next_item(struct list *list, struct list_item *item, struct error *error)
{
    int found = 0;
    *item = (struct list_item){0};
    while (found == 0) {
        if (list->folder) {
            found = next_in_folder(list, item, error);
        } else if (list->next_input < list->options.input_count) {
            found = list->options.objects ? next_object(list, item, error)
                                          : next_input(list, item, error);
        } else {
            return list->text ? next_listed(list, item, error) : 0;
        }
    }
    return found;
}

/* Sets item->folder. 0 or -1. */
static int find_folder(const struct list *list, struct list_item *item, struct error *error)
{
    const struct list_options *options = &list->options;
    bool asks = options->holds_many && !item->fault;
    int many = asks ? options->holds_many(options->context, item->path, item->key, error) : 0;
    item->folder = many > 0 ? options->folder(item->key) : 0;
    return many < 0 ? -1 : 0;
}

int list_next(struct list *list, struct list_item *item, struct error *error)
{
    for (;;) {
        int found = next_item(list, item, error);
        if (found <= 0)
            return found;
        if (find_folder(list, item, error))
            return -1;
        if (!list->repeats || !list_repeats_skip(list->repeats, item))
            break;
        passed_over_add(&list->passed, PASSED_REPEATED);
    }
    item->index = list->index++;
    return 1;
}

const struct passed_over *list_passed(const struct list *list)
{
    return &list->passed;
}

void list_skip_repeats(struct list *list, struct list_repeats *repeats)
{
    list_repeats_free(list->repeats);
    list->repeats = repeats;
}

bool list_has_objects(const struct list *list)
{
    return list->options.objects;
}

void list_close(struct list *list)
{
    if (!list)
        return;
    list_folder_close(list->folder);
    list_text_close(list->text);
    list_repeats_free(list->repeats);
    free(list->key);
    memory_free(list);
}
