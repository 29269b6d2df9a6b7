#include "program/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parse.h"

static void *value_of(struct settings *settings, const struct setting *setting)
{
    return (unsigned char *)settings + setting->offset;
}

static const void *value_in(const struct settings *settings, const struct setting *setting)
{
    return (const unsigned char *)settings + setting->offset;
}

static bool same_name(const char *name, const char *other)
{
    for (; *name && *other; name++, other++)
        if (*name != *other && !(*name == '-' && *other == '_'))
            return false;
    return *name == *other;
}

/* The option of that name: the command's own, else that of `run`; NULL for none. */
static const struct setting *find(unsigned command, const char *name)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    const struct setting *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].traits & (command | FOR_RUN)) || !same_name(table[i].name, name))
            continue;
        if (table[i].traits & command)
            return &table[i];
        found = &table[i];
    }
    return found;
}

/* An option's index in the table. */
static size_t place_of(const struct setting *setting)
{
    size_t count;
    return (size_t)(setting - settings_table(&count));
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = choices; length > 0 && !strchr(value, '|') && at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, value, length) == 0 && (at[length] == '|' || at[length] == '\0'))
            return true;
    }
    return false;
}

static bool is_allowed(const struct setting *setting, double number)
{
    double step = setting->kind == SETTING_REAL ? 0 : setting->range.step ? setting->range.step : 1;
    return number >= setting->range.least && number <= setting->range.most &&
           (step == 0 || fmod(number, step) == 0);
}

static int refuse_number(const struct setting *setting, const char *value, struct error *error)
{
    char kind[32] = "a whole number";
    if (setting->kind == SETTING_REAL)
        snprintf(kind, sizeof kind, "a number");
    else if (setting->range.step)
        snprintf(kind, sizeof kind, "a multiple of %d", setting->range.step);
    return error_set(error, ERROR_USAGE, "--%s %s: expected %s from %.15g to %.15g", setting->name,
                     value, kind, setting->range.least, setting->range.most);
}

static int set_number(struct settings *settings, const struct setting *setting, const char *value,
                      struct error *error)
{
    double number;
    if (!parse_ratio(value, &number) || !is_allowed(setting, number))
        return refuse_number(setting, value, error);
    void *at = value_of(settings, setting);
    if (setting->kind == SETTING_INT)
        *(int *)at = (int)number;
    else if (setting->kind == SETTING_COUNT)
        *(uint64_t *)at = (uint64_t)number;
    else
        *(double *)at = number;
    return 0;
}

static int set_flag(struct settings *settings, const struct setting *setting, const char *value,
                    struct error *error)
{
    bool on = strcmp(value, "true") == 0;
    if (!on && strcmp(value, "false") != 0)
        return error_set(error, ERROR_USAGE, "--%s %s: expected true or false", setting->name,
                         value);
    *(bool *)value_of(settings, setting) = on;
    return 0;
}

static int set_text(struct settings *settings, const struct setting *setting, const char *value,
                    struct error *error)
{
    if (setting->range.choices && !is_choice(setting->range.choices, value))
        return error_set(error, ERROR_USAGE, "--%s %s: expected one of %s", setting->name, value,
                         setting->range.choices);
    if (!setting->range.choices && !*value)
        return error_set(error, ERROR_USAGE, "--%s: expected %s, not an empty text", setting->name,
                         setting->argument);
    char *copy = strdup(value);
    if (!copy)
        return error_set(error, ERROR_MEMORY, "--%s: no memory for its value", setting->name);
    char **at = value_of(settings, setting);
    free(*at);
    *at = copy;
    return 0;
}

static void free_texts(struct setting_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        free(texts->texts[i]);
    free(texts->texts);
    *texts = (struct setting_texts){0};
}

/* Adds to the texts of the same source, and replaces those of a weaker one. */
static int add_text(struct settings *settings, const struct setting *setting, const char *value,
                    enum setting_source source, struct error *error)
{
    struct setting_texts *texts = value_of(settings, setting);
    if (!*value)
        return error_set(error, ERROR_USAGE, "--%s: expected %s, not an empty text", setting->name,
                         setting->argument);
    if (settings_source(settings, setting) < source)
        free_texts(texts);
    char *copy = strdup(value);
    if (!copy)
        return error_set(error, ERROR_MEMORY, "--%s: no memory for its value", setting->name);
    if (memory_grow((void **)&texts->texts, &texts->capacity, texts->count + 1,
                    sizeof *texts->texts, error)) {
        free(copy);
        return -1;
    }
    texts->texts[texts->count++] = copy;
    return 0;
}

static int set_seconds(struct settings *settings, const struct setting *setting, const char *value,
                       struct error *error)
{
    double seconds;
    if (!parse_duration(value, &seconds))
        return error_set(error, ERROR_USAGE,
                         "--%s: '%s' is not a duration: write 3h50m, 90s, 1d12h or a number of "
                         "seconds, ten years at most",
                         setting->name, value);
    *(double *)value_of(settings, setting) = seconds;
    return 0;
}

static int set_bytes(struct settings *settings, const struct setting *setting, const char *value,
                     struct error *error)
{
    uint64_t bytes;
    if (!parse_size(value, &bytes))
        return error_set(error, ERROR_USAGE,
                         "--%s: '%s' is not a size: write 4G, 512M or a number of bytes",
                         setting->name, value);
    *(uint64_t *)value_of(settings, setting) = bytes;
    return 0;
}

static int set_value(struct settings *settings, const struct setting *setting, const char *value,
                     struct error *error)
{
    switch (setting->kind) {
    case SETTING_FLAG:
        return set_flag(settings, setting, value, error);
    case SETTING_TEXT:
        return set_text(settings, setting, value, error);
    case SETTING_SECONDS:
        return set_seconds(settings, setting, value, error);
    case SETTING_BYTES:
        return set_bytes(settings, setting, value, error);
    default:
        return set_number(settings, setting, value, error);
    }
}

/* Sets the option that "NAME=VALUE" names. */
static int set_pair(struct settings *settings, const struct setting *setting, const char *pair,
                    enum setting_source source, struct error *error)
{
    const char *equals = strchr(pair, '=');
    if (!equals)
        return error_set(error, ERROR_USAGE, "--%s %s: expected NAME=VALUE", setting->name, pair);
    char *name = strndup(pair, (size_t)(equals - pair));
    if (!name)
        return error_set(error, ERROR_MEMORY, "--%s: no memory for its value", setting->name);
    const struct setting *named = find(settings->command, name);
    int status =
        named && named->kind == SETTING_PAIR
            ? error_set(error, ERROR_USAGE, "--%s %s: expected another option", setting->name, pair)
            : settings_set(settings, name, equals + 1, source, error);
    free(name);
    return status;
}

int settings_set(struct settings *settings, const char *name, const char *value,
                 enum setting_source source, struct error *error)
{
    const struct setting *setting = find(settings->command, name);
    if (!setting)
        return error_set(error, ERROR_USAGE, "%s: there is no such option", name);
    if (setting->kind == SETTING_PAIR)
        return set_pair(settings, setting, value, source, error);
    unsigned char *earlier = &settings->sources[place_of(setting)];
    if (source < *earlier)
        return 0;
    if (setting->kind == SETTING_TEXTS ? add_text(settings, setting, value, source, error)
                                       : set_value(settings, setting, value, error))
        return -1;
    *earlier = (unsigned char)source;
    return 0;
}

const char *settings_standard(const struct setting *setting, unsigned command)
{
    bool filters = (setting->traits & FOR_FILTER) && (setting->traits & FOR_RUN);
    return command == FOR_FILTER && filters ? NULL : setting->standard;
}

int settings_init(struct settings *settings, unsigned command, struct error *error)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    *settings = (struct settings){.command = command};
    settings->sources = memory_new(count, 1, "settings", error);
    if (!settings->sources)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const char *standard = settings_standard(&table[i], command);
        if (standard && find(command, table[i].name) == &table[i] &&
            set_value(settings, &table[i], standard, error)) {
            settings_free(settings);
            return -1;
        }
    }
    return 0;
}

void settings_free(struct settings *settings)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (table[i].kind == SETTING_TEXTS)
            free_texts(value_of(settings, &table[i]));
        if (table[i].kind != SETTING_TEXT)
            continue;
        char **text = value_of(settings, &table[i]);
        free(*text);
        *text = NULL;
    }
    memory_free(settings->sources);
    settings->sources = NULL;
    free(settings->generator.own_points);
    settings->generator.own_points = NULL;
}

void settings_key(const struct setting *setting, char *key, size_t size)
{
    snprintf(key, size, "%s", setting->name);
    for (char *at = key; *at; at++)
        if (*at == '-')
            *at = '_';
}

/* The fewer digits where they read back the same: 0.7, not 0.69999999999999996. */
static void write_real(double number, char *text, size_t size)
{
    snprintf(text, size, "%.15g", number);
    if (strtod(text, NULL) != number)
        snprintf(text, size, "%.17g", number);
}

void settings_text(const struct settings *settings, const struct setting *setting, char *text,
                   size_t size)
{
    const void *at = value_in(settings, setting);
    switch (setting->kind) {
    case SETTING_FLAG:
        snprintf(text, size, "%s", *(const bool *)at ? "true" : "false");
        break;
    case SETTING_INT:
        snprintf(text, size, "%d", *(const int *)at);
        break;
    case SETTING_COUNT:
    case SETTING_BYTES:
        snprintf(text, size, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case SETTING_REAL:
    case SETTING_SECONDS:
        write_real(*(const double *)at, text, size);
        break;
    case SETTING_TEXT:
        snprintf(text, size, "%s", *(char *const *)at ? *(char *const *)at : "");
        break;
    case SETTING_TEXTS:
    case SETTING_PAIR:
        *text = '\0';
        break;
    }
}

enum setting_source settings_source(const struct settings *settings, const struct setting *setting)
{
    return (enum setting_source)settings->sources[place_of(setting)];
}

bool settings_to_tar(const struct settings *settings)
{
    return settings_to_stream(settings) || (settings->to && strcmp(settings->to, "tar") == 0);
}

bool settings_to_stream(const struct settings *settings)
{
    return settings->command == FOR_RUN && settings->output && strcmp(settings->output, "-") == 0;
}

bool settings_may_repeat(const struct settings *settings, const char *name)
{
    const struct setting *setting = find(settings->command, name);
    return setting && setting->kind == SETTING_TEXTS;
}

bool settings_given(const struct settings *settings, const char *name)
{
    const struct setting *setting = find(settings->command, name);
    return setting && settings_source(settings, setting) > SOURCE_DEFAULT;
}
