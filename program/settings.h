/* settings.h - every option of `maskmill run`: one table of names, ranges, defaults and help, and
 * the struct that holds the values and where each came from.
 *
 * Values come from the defaults, the model's metadata, a preset, a configuration file and the
 * command line. Each later kind of source overrides the earlier ones, in whatever order they are
 * applied. */
#ifndef PROGRAM_SETTINGS_H
#define PROGRAM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pipeline/options.h"

struct error;

struct settings {
    struct generator_options generator;
    /* Texts that settings_complete turns into numbers of `generator`. */
    char *crop_layers;     /* "1,2": only these; NULL: all */
    char *region_cleanup;  /* "amg" or "sa1b" */
    char *non_overlapping; /* "smaller" or "better"; NULL: off */
    char *point_grid;      /* file of points; NULL: a regular grid */

    char *preset;      /* "amg", "sa1b" or NULL */
    char *config;      /* file of options, or NULL */
    bool print_config; /* show the options instead of working */

    char *model;         /* path; NULL: the built-in model */
    int image_size;      /* S; 0: the model's own */
    char *precision;     /* "f32", "bf16" or "f16" */
    char *output;        /* folder */
    char *list;          /* file of input paths, "-" for standard input; NULL: none */
    bool null_separated; /* entries of the list end in NUL */
    char *format;        /* comma-separated names; records are written in any case */
    char *fields;        /* comma-separated members beyond SA-1B's, or NULL */
    bool overlay;
    uint64_t max_pixels; /* largest width * height that is decoded */

    int threads;          /* threads that share one image; 0: chosen */
    int workers;          /* images at a time; 0: chosen */
    uint64_t memory;      /* bytes; 0: what the machine has free */
    char *shard;          /* "i/n", "auto", "auto/n" */
    bool lock;            /* an overlapping start ends at once with status 0 */
    bool retry_failed;    /* only images that failed before */
    bool overwrite;       /* begin afresh in a folder with another configuration */
    bool extend;          /* go on in a folder with another configuration */
    char *max_failures;   /* "N" or "P%"; NULL: no limit */
    double max_time;      /* seconds; 0: no limit */
    int retries;          /* further attempts after a passing fault of the file system */
    double image_timeout; /* seconds to decode an image; 0: no limit */

    bool quiet;
    char *log_format; /* "text" or "json" */
    char *metrics;    /* file for Prometheus, or NULL */
    bool help;
    unsigned char *sources; /* enum setting_source of each option, by its place in the table */
};

enum setting_source {
    SOURCE_DEFAULT,
    SOURCE_MODEL,
    SOURCE_PRESET,
    SOURCE_CONFIG,
    SOURCE_COMMAND_LINE
};

enum setting_kind {
    SETTING_FLAG,    /* bool */
    SETTING_INT,     /* int */
    SETTING_REAL,    /* double; a ratio such as 512/1500 is one, too */
    SETTING_COUNT,   /* uint64_t */
    SETTING_BYTES,   /* uint64_t; "4G" */
    SETTING_SECONDS, /* double; "3h50m" */
    SETTING_TEXT     /* char *, owned */
};

struct setting {
    const char *name; /* without the leading dashes */
    char letter;      /* short form, 0: none */
    enum setting_kind kind;
    size_t offset;        /* of the value in struct settings */
    double least, most;   /* allowed range, inclusive; numbers only */
    int step;             /* whole numbers are multiples of it; 0: any */
    const char *standard; /* default as text; NULL: off, 0 or none */
    const char *choices;  /* "f32|bf16|f16": the texts allowed; NULL: any */
    const char *argument; /* name of the value in --help; NULL for flags */
    const char *group;    /* heading in --help */
    const char *help;
    bool decides; /* a run that changes it gives other output */
    /* The metadata of a model may hold another default: what goes with its scores, its logits and
     * the size of what it can see. Never a path. */
    bool model_default;
    /* It says where prompts are set. What a model brings of these counts as a whole, and only where
     * nothing stronger sets any of them: 14 points a side are meant for its crops, not for others.
     */
    bool search;
};

/* The table, in the order of --help; *count entries. */
const struct setting *settings_table(size_t *count);

/* Fills in the defaults. Returns 0, or -1 (ERROR_MEMORY). Freed by settings_free. */
int settings_init(struct settings *settings, struct error *error);
void settings_free(struct settings *settings);

/* Sets option `name` (dashes or underscores) from text, unless a stronger source has set it.
 * Flags take "true" and "false".
 * Returns 0, or -1 (ERROR_USAGE) naming the option, the value and the range. */
int settings_set(struct settings *settings, const char *name, const char *value,
                 enum setting_source source, struct error *error);

/* As settings_set, from "NAME=VALUE", which is cut in two at its '='. */
int settings_set_pair(struct settings *settings, char *pair, enum setting_source source,
                      struct error *error);

/* Once every source has been applied: refuses contradictions, reads the point grid, fills in the
 * values derived from texts. 0 or -1 (ERROR_USAGE, ERROR_IO, ERROR_MEMORY). */
int settings_complete(struct settings *settings, struct error *error);

/* The option's name with underscores, as in metadata and configuration files. */
void settings_key(const struct setting *setting, char *key, size_t size);

/* The option's value as text that settings_set reads back to the same value; "" for none.
 * At most `size` bytes, terminated. */
void settings_text(const struct settings *settings, const struct setting *setting, char *text,
                   size_t size);

/* Where the value of an option of the table comes from. */
enum setting_source settings_source(const struct settings *settings, const struct setting *setting);

#endif
