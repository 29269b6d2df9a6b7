#include "program/filter/filter_source.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "program/run/run_folder.h"

/* Options that are none of `filter`, but say what crop_box is. */
static const char *const layout[] = {"crop-n-layers", "tile"};

static bool is_layout(const char *name)
{
    for (size_t i = 0; i < sizeof layout / sizeof *layout; i++)
        if (strcmp(layout[i], name) == 0)
            return true;
    return false;
}

/* Whether `filter` has to know the option. */
static bool matters(const struct setting *setting)
{
    return (setting->traits & DECIDES) &&
           ((setting->traits & FOR_FILTER) || is_layout(setting->name));
}

/* Takes over the values of the file. An empty one means none. */
static int take_values(struct filter_source *source, struct error *error)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++) {
        const char *value = matters(&table[i]) ? runfile_value(&source->file, table[i].name) : NULL;
        if (value && *value &&
            settings_set(&source->settings, table[i].name, value, SOURCE_CONFIG, error))
            return -1;
    }
    settings_read_choices(&source->settings);
    return 0;
}

static int read_file(struct filter_source *source, const struct folder *folder, const char *name,
                     struct error *error)
{
    if (runfile_read(folder, name, &source->file, error))
        return -1;
    return take_values(source, error) ? error_prefix(error, "%s%s", folder->prefix, name) : 0;
}

int filter_source_read(struct filter_source *source, const char *path, bool trust_folder,
                       struct error *error)
{
    struct stat status;
    *source = (struct filter_source){0};
    if (settings_init(&source->settings, FOR_RUN, error))
        return -1;
    settings_read_choices(&source->settings);
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode))
        return 0;
    struct folder *folder = folder_open(path, trust_folder, error);
    int result = folder ? 0 : -1;
    if (folder && folder_has(folder, RUN_FILE))
        result = read_file(source, folder, RUN_FILE, error);
    else if (folder && folder_has(folder, FILTER_FILE))
        result = read_file(source, folder, FILTER_FILE, error);
    folder_close(folder);
    return result;
}

void filter_source_free(struct filter_source *source)
{
    settings_free(&source->settings);
    runfile_free(&source->file);
}

int filter_source_fields(const struct filter_source *source, struct runfile_list *fields,
                         struct error *error)
{
    const struct runfile_list *own = &source->file;
    int status = own->count ? 0 : runfile_set(fields, "maskmill", MASKMILL_VERSION, error);
    for (size_t i = 0; status == 0 && i < own->count; i++)
        status = runfile_set(fields, own->fields[i].name, own->fields[i].value, error);
    return status;
}
