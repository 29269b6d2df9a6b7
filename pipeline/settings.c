#include "pipeline/settings.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

#define AT(field) offsetof(struct settings, field)

static const char INPUT[] = "Input and output";
static const char MODEL[] = "Model";
static const char MASKS[] = "Masks";
static const char MACHINE[] = "Machine";

static const struct setting table[] = {
    {.name = "output",
     .letter = 'o',
     .kind = SETTING_TEXT,
     .offset = AT(output),
     .argument = "DIR",
     .group = INPUT,
     .help = "folder for the records (required)"},
    {.name = "list",
     .kind = SETTING_TEXT,
     .offset = AT(list),
     .argument = "FILE",
     .group = INPUT,
     .help = "read input paths from FILE, one a line; - for standard input"},
    {.name = "overlay",
     .kind = SETTING_FLAG,
     .offset = AT(overlay),
     .group = INPUT,
     .help = "also write NAME.overlay.jpg: the masks in colours over the image"},
    {.name = "max-pixels",
     .kind = SETTING_COUNT,
     .offset = AT(max_pixels),
     .least = 1,
     .most = 4294967295.0,
     .standard = "500000000",
     .argument = "N",
     .group = INPUT,
     .help = "refuse images with more pixels than this, by their header"},
    {.name = "quiet",
     .letter = 'q',
     .kind = SETTING_FLAG,
     .offset = AT(quiet),
     .group = INPUT,
     .help = "no progress and no summary; errors only"},

    {.name = "model",
     .letter = 'm',
     .kind = SETTING_TEXT,
     .offset = AT(model),
     .argument = "PATH",
     .group = MODEL,
     .help = "checkpoint, .pth or .safetensors (default: the built-in model)"},
    {.name = "image-size",
     .kind = SETTING_INT,
     .offset = AT(image_size),
     .least = 0,
     .most = 8192,
     .argument = "N",
     .group = MODEL,
     .decides = true,
     .help = "side of the model's input for a TinyViT; 0: as the model says"},
    {.name = "precision",
     .kind = SETTING_TEXT,
     .offset = AT(precision),
     .standard = "f32",
     .choices = "f32|bf16",
     .argument = "P",
     .group = MODEL,
     .decides = true,
     .help = "image encoder's products: f32, or bf16 where the CPU has it"},

    {.name = "points-per-side",
     .kind = SETTING_INT,
     .offset = AT(generation.points_per_side),
     .least = 1,
     .most = 1024,
     .standard = "32",
     .argument = "N",
     .group = MASKS,
     .decides = true,
     .help = "the grid has N x N point prompts"},
    {.name = "points-per-batch",
     .kind = SETTING_INT,
     .offset = AT(generation.points_per_batch),
     .least = 1,
     .most = 1048576,
     .standard = "64",
     .argument = "N",
     .group = MASKS,
     .help = "prompts decoded at a time; changes no result"},
    {.name = "pred-iou-thresh",
     .kind = SETTING_REAL,
     .offset = AT(generation.pred_iou_thresh),
     .least = 0,
     .most = 1,
     .standard = "0.88",
     .argument = "X",
     .group = MASKS,
     .decides = true,
     .help = "keep masks with a predicted IoU above X; 0 keeps all"},
    {.name = "stability-score-thresh",
     .kind = SETTING_REAL,
     .offset = AT(generation.stability_score_thresh),
     .least = 0,
     .most = 1,
     .standard = "0.95",
     .argument = "X",
     .group = MASKS,
     .decides = true,
     .help = "keep masks with a stability score of at least X; 0 keeps all"},
    {.name = "stability-score-offset",
     .kind = SETTING_REAL,
     .offset = AT(generation.stability_score_offset),
     .least = 0,
     .most = 100,
     .standard = "1.0",
     .argument = "X",
     .group = MASKS,
     .decides = true,
     .help = "the score compares the mask at logits -X and +X"},
    {.name = "box-nms-thresh",
     .kind = SETTING_REAL,
     .offset = AT(generation.box_nms_thresh),
     .least = 0,
     .most = 1,
     .standard = "0.7",
     .argument = "X",
     .group = MASKS,
     .decides = true,
     .help = "drop a mask whose box overlaps a better one's by an IoU above X"},

    {.name = "threads",
     .letter = 't',
     .kind = SETTING_INT,
     .offset = AT(threads),
     .least = 0,
     .most = 1024,
     .argument = "N",
     .group = MACHINE,
     .help = "threads that share one image; 0: every core"},
    {.name = "help",
     .letter = 'h',
     .kind = SETTING_FLAG,
     .offset = AT(help),
     .group = MACHINE,
     .help = "print this and exit"},
};

enum { TABLE_LENGTH = sizeof table / sizeof table[0] };

const struct setting *settings_table(size_t *count)
{
    *count = TABLE_LENGTH;
    return table;
}

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

static const struct setting *find(const char *name)
{
    for (size_t i = 0; i < TABLE_LENGTH; i++)
        if (same_name(table[i].name, name))
            return &table[i];
    return NULL;
}

/* Reads "0.7" or "512/1500". */
static bool parse_number(const char *text, double *number)
{
    char *end;
    errno = 0;
    *number = strtod(text, &end);
    if (end == text || errno == ERANGE)
        return false;
    if (*end == '/') {
        const char *divisor_text = end + 1;
        double divisor = strtod(divisor_text, &end);
        if (end == divisor_text || divisor == 0)
            return false;
        *number /= divisor;
    }
    return *end == '\0' && isfinite(*number);
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = choices; length > 0 && at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, value, length) == 0 && (at[length] == '|' || at[length] == '\0'))
            return true;
    }
    return false;
}

static int set_number(struct settings *settings, const struct setting *setting, const char *value,
                      struct error *error)
{
    double number;
    bool whole = setting->kind != SETTING_REAL;
    if (!parse_number(value, &number) || (whole && number != floor(number)) ||
        number < setting->least || number > setting->most)
        return error_set(error, ERROR_USAGE, "--%s %s: expected %s from %.15g to %.15g",
                         setting->name, value, whole ? "a whole number" : "a number",
                         setting->least, setting->most);
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
    if (setting->choices && !is_choice(setting->choices, value))
        return error_set(error, ERROR_USAGE, "--%s %s: expected one of %s", setting->name, value,
                         setting->choices);
    if (!setting->choices && !*value)
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

static int set_value(struct settings *settings, const struct setting *setting, const char *value,
                     struct error *error)
{
    switch (setting->kind) {
    case SETTING_FLAG:
        return set_flag(settings, setting, value, error);
    case SETTING_TEXT:
        return set_text(settings, setting, value, error);
    default:
        return set_number(settings, setting, value, error);
    }
}

int settings_set(struct settings *settings, const char *name, const char *value,
                 enum setting_source source, struct error *error)
{
    const struct setting *setting = find(name);
    if (!setting)
        return error_set(error, ERROR_USAGE, "%s: there is no such option", name);
    size_t place = (size_t)(setting - table);
    if (source < settings->sources[place])
        return 0;
    if (set_value(settings, setting, value, error))
        return -1;
    settings->sources[place] = (unsigned char)source;
    return 0;
}

int settings_init(struct settings *settings, struct error *error)
{
    memset(settings, 0, sizeof *settings);
    settings->sources = memory_new(TABLE_LENGTH, 1, "settings", error);
    if (!settings->sources)
        return -1;
    for (size_t i = 0; i < TABLE_LENGTH; i++)
        if (table[i].standard && set_value(settings, &table[i], table[i].standard, error)) {
            settings_free(settings);
            return -1;
        }
    return 0;
}

void settings_free(struct settings *settings)
{
    for (size_t i = 0; i < TABLE_LENGTH; i++)
        if (table[i].kind == SETTING_TEXT) {
            char **text = value_of(settings, &table[i]);
            free(*text);
            *text = NULL;
        }
    memory_free(settings->sources);
    settings->sources = NULL;
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
        snprintf(text, size, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case SETTING_REAL:
        snprintf(text, size, "%.17g", *(const double *)at);
        break;
    case SETTING_TEXT:
        snprintf(text, size, "%s", *(char *const *)at ? *(char *const *)at : "");
        break;
    }
}

enum setting_source settings_source(const struct settings *settings, const struct setting *setting)
{
    return (enum setting_source)settings->sources[setting - table];
}
