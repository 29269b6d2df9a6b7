#include "program/run/run_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/list.h"
#include "jobs/runfile.h"
#include "program/run/run.h"
#include "program/run/run_clean.h"
#include "program/spool/spool.h"
#include "program/tars/run_tars.h"
#include "records/embeddings.h"

enum { FIELD_TEXT = 4096 };

char *run_folder_name(const char *key, const char *suffix, struct error *error)
{
    char *name;
    if (asprintf(&name, "%.*s%s", (int)list_stem(key), key, suffix) >= 0)
        return name;
    error_set(error, ERROR_MEMORY, "%s: no memory for the name of its output", key);
    return NULL;
}

/* Whether a value is the one that an option has where nobody sets it. */
static bool is_standard(const struct setting *setting, const char *text)
{
    const char *standard = setting->standard;
    if (!standard)
        standard = setting->kind == SETTING_FLAG ? "false" : "";
    return strcmp(text, standard) == 0;
}

/* The fields of run.json: the version, the hashes of the model, the point grid, the known masks and the classes,
 * and every option that decides the output. Returns their number. `texts` and `grid_sha256` hold the values. */
static size_t list_fields(const struct run_config *config, struct runfile_field *fields,
                          char (*texts)[FIELD_TEXT], char grid_sha256[DIGEST_TEXT])
{
    const struct generator_options *generator = &config->settings->generator;
    size_t count;
    const struct setting *table = settings_table(&count);
    size_t used = 0;
    fields[used++] = (struct runfile_field){"maskmill", MASKMILL_VERSION};
    fields[used++] = (struct runfile_field){"model_sha256", config->model_sha256};
    if (generator->own_points) {
        digest_bytes(generator->own_points, 2 * sizeof(double) * (size_t)generator->own_point_count,
                     grid_sha256);
        fields[used++] = (struct runfile_field){"point_grid_sha256", grid_sha256};
    }
    if (*config->known_sha256)
        fields[used++] = (struct runfile_field){"known_sha256", config->known_sha256};
    if (*config->classes_sha256)
        fields[used++] = (struct runfile_field){"classes_sha256", config->classes_sha256};
    if (*config->clip_sha256)
        fields[used++] = (struct runfile_field){"clip_sha256", config->clip_sha256};
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].traits & DECIDES))
            continue;
        settings_text(config->settings, &table[i], texts[i], FIELD_TEXT);
        if ((table[i].traits & UNLESS_STANDARD) && is_standard(&table[i], texts[i]))
            continue;
        fields[used++] = (struct runfile_field){table[i].name, texts[i]};
    }
    return used;
}

/* The fields, with the texts that they point to. All owned. */
struct fields {
    struct runfile_field *fields; /* [count] */
    size_t count;
    char (*texts)[FIELD_TEXT];
    char grid_sha256[DIGEST_TEXT];
};

static void free_fields(struct fields *fields)
{
    memory_free(fields->texts);
    memory_free(fields->fields);
}

/* Removes all ledgers: their lines are about another configuration. */
static int remove_ledgers(const struct folder *output, struct error *error)
{
    char **names;
    size_t count;
    int status = 0;
    if (ledger_files(output, NULL, &names, &count, error))
        return -1;
    for (size_t i = 0; status == 0 && i < count; i++)
        status = folder_remove(output, names[i], error);
    free(names);
    return status;
}

/* With --overwrite: forgets what other configurations have made, before run.json names this one. A start after
 * a kill would take it for this one's. */
static int forget(const struct run_config *config, const struct run_resources *resources,
                  struct error *error)
{
    if (remove_ledgers(config->output, error))
        return -1;
    return settings_to_tar(config->settings) ? run_tars_remove(config, resources->list, error)
                                             : 0; /* a record counts only if a ledger knows it */
}

/* Whether a field of run.json has this value. */
static bool has_value(const struct runfile_list *list, const char *name, const char *value)
{
    const char *found = runfile_value(list, name);
    return found && strcmp(found, value) == 0;
}

/* With --extend: embeddings of another kind or model would lie beside those that are there, and could not be compared
 * with them. No file in .npy says which it is. */
static int check_embeddings(const struct run_config *config, struct error *error)
{
    const char *kind = config->settings->embeddings;
    const bool clip = kind && strcmp(kind, "clip") == 0;
    struct runfile_list list = {0};
    if (!kind || !folder_has(config->output, EMBEDDINGS_FOLDER))
        return 0;
    if (runfile_read(config->output, RUN_FILE, &list, error))
        return -1;
    const bool same = has_value(&list, "embeddings", kind) &&
                      (clip ? has_value(&list, "clip_sha256", config->clip_sha256)
                            : has_value(&list, "model_sha256", config->model_sha256));
    runfile_free(&list);
    return same ? 0
                : error_set(error, ERROR_USAGE,
                            "%s%s: has embeddings of another kind or model, which cannot be "
                            "compared with --embeddings %s; choose another folder, or --overwrite "
                            "to do all images again",
                            config->output->prefix, EMBEDDINGS_FOLDER, kind);
}

/* The folder was written with another configuration: refuses, or takes it over if asked to. */
static int take_over(const struct run_config *config, const struct run_resources *resources,
                     const struct fields *fields, struct error *error)
{
    if (!config->settings->overwrite && !config->settings->extend) {
        struct error difference = *error;
        return error_set(error, ERROR_USAGE,
                         "%s; choose another folder, or --extend to go on with the new "
                         "configuration, or --overwrite to do all images again",
                         difference.text);
    }
    if (config->settings->overwrite ? forget(config, resources, error)
                                    : check_embeddings(config, error))
        return -1;
    return runfile_replace(config->output, RUN_FILE, fields->fields, fields->count, error);
}

static int make_fields(struct fields *fields, const struct run_config *config, struct error *error)
{
    size_t options;
    settings_table(&options);
    fields->fields = memory_new(options + 7, sizeof *fields->fields, "run.json", error);
    fields->texts = fields->fields ? memory_new(options, FIELD_TEXT, "run.json", error) : NULL;
    if (!fields->texts) {
        memory_free(fields->fields);
        return -1;
    }
    fields->count = list_fields(config, fields->fields, fields->texts, fields->grid_sha256);
    return 0;
}

int run_folder_identity(const struct run_config *config, char sha256[DIGEST_TEXT],
                        struct error *error)
{
    struct fields fields;
    if (make_fields(&fields, config, error))
        return -1;
    struct digest *digest = digest_new();
    for (size_t i = 0; i < fields.count; i++) {
        const struct runfile_field *field = &fields.fields[i];
        digest_add(digest, field->name, strlen(field->name) + 1);
        digest_add(digest, field->value, strlen(field->value) + 1);
    }
    digest_finish(digest, sha256);
    free_fields(&fields);
    return 0;
}

static int agree(const struct run_config *config, const struct run_resources *resources,
                 struct error *error)
{
    struct fields fields;
    const struct spool *spool = resources->spool;
    if (make_fields(&fields, config, error))
        return -1;
    if (spool) /* what the ledger says is put lies there */
        fields.fields[fields.count++] = (struct runfile_field){"store", spool->prefix};
    int status = runfile_agree(config->output, RUN_FILE, fields.fields, fields.count, error);
    if (status == RUNFILE_DIFFERS)
        status = take_over(config, resources, &fields, error);
    free_fields(&fields);
    return status < 0 ? -1 : 0;
}

int run_folder_open(struct run_config *config, struct run_resources *resources, struct error *error)
{
    if (agree(config, resources, error))
        return -1;
    mount_note(config->settings->output, &config->output_mount);
    resources->before = config->settings->overwrite
                            ? ledger_index_new(error)
                            : ledger_index_read(config->output, &config->shard, error);
    resources->clean = resources->before ? run_clean_new(config, resources, error) : NULL;
    return resources->clean ? 0 : -1;
}

/* Whether the record exists with the size in the ledger. */
static bool is_there(const struct run *run, const char *key, uint64_t bytes)
{
    struct error error;
    struct stat found;
    char *name = run_folder_name(key, ".json", &error);
    bool there = name && folder_stat(run->config.output, name, &found) == 0 &&
                 S_ISREG(found.st_mode) && (uint64_t)found.st_size == bytes;
    free(name);
    return there;
}

static bool has_failed(const struct run *run, const char *key)
{
    return ledger_index_find(run->resources.before, key).status == LEDGER_FAILED;
}

/* Whether one of the folders of a file could not be read before. */
static bool folder_has_failed(const struct run *run, const char *key)
{
    bool failed = false;
    char *folder = strdup(key);
    for (char *slash = folder; !failed && slash && (slash = strchr(slash, '/')); slash++) {
        char after = slash[1];
        slash[1] = '\0';
        failed = has_failed(run, folder);
        slash[1] = after;
    }
    free(folder);
    return failed;
}

bool run_folder_reaches(const struct run *run, const char *tar)
{
    return !run->config.settings->retry_failed || has_failed(run, tar) ||
           folder_has_failed(run, tar);
}

bool run_folder_wants(const struct run *run, const char *key, const char *tar)
{
    struct ledger_entry entry = ledger_index_find(run->resources.before, key);
    if (entry.status == LEDGER_FAILED)
        return run->config.settings->retry_failed;
    if (tar ? !run_folder_reaches(run, tar)
            : run->config.settings->retry_failed && !folder_has_failed(run, key))
        return false;
    return entry.status != LEDGER_DONE || !is_there(run, key, entry.bytes);
}

bool run_folder_has_failed(const struct run *run, const char *key)
{
    /* With --overwrite the ledgers have not been read. */
    return run->config.settings->overwrite || has_failed(run, key);
}

void run_folder_uncount(struct run *run)
{
    if (!run->config.settings->retry_failed && run->outcome.failed_before > 0)
        run->outcome.failed_before--;
}

int run_folder_clear(struct run *run, const char *key, struct error *error)
{
    const struct ledger_line line = {.status = LEDGER_NONE, .key = key};
    run_folder_uncount(run);
    return ledger_append(run->resources.ledger, &line, error);
}
