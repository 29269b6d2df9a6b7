/* settings.h - every option of every command: one table of names, ranges, defaults and help, and
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

/* The texts of an option that may be given several times. All owned. */
struct setting_texts {
    char **texts; /* [count] */
    size_t count, capacity;
};

/* Values of options; texts are owned, NULL where none was given. */
struct settings {
    unsigned command; /* whose options these are: one of enum setting_trait's FOR_... */

    struct generator_options generator;
    char *crop_layers;     /* "1,2"; NULL: all */
    char *region_cleanup;  /* "amg" or "sa1b" */
    char *non_overlapping; /* "smaller" or "better"; NULL: off */
    char *point_grid;      /* file; NULL: a regular grid */
    char *preset;          /* "amg", "sam2", "sa1b", "recall" or NULL */
    char *config;          /* file of options */
    bool print_config;     /* show the options instead of working */

    char *model;                  /* path; NULL: the built-in model */
    int image_size;               /* S; 0: the model's own */
    char *precision;              /* "f32", "bf16" or "f16" */
    char *output;                 /* folder; a file for fetch-model */
    char *list;                   /* file of input paths, "-" for standard input */
    bool null_separated;          /* entries of the list end in NUL */
    char *known;                  /* folder or file of masks that are there; NULL: none */
    bool known_parts;             /* grid points within them are prompted, too */
    struct setting_texts exclude; /* patterns of name_rules.h */
    char *format;                 /* comma-separated names; `run` writes records in any case */
    char *fields;                 /* comma-separated members beyond SA-1B's */
    char *to;                     /* run: "files" or "tar" */
    bool copy_images;             /* run: the images themselves into the tars */
    char *spool;                  /* run: folder for shards on their way; NULL: inputs are files */
    char *get, *put;              /* run: commands that copy from and to a store */
    bool overlay;
    char *embeddings;        /* "image", "crop" or "clip"; NULL: none */
    char *embeddings_format; /* "npy" or "safetensors" */
    bool report;             /* a page about the run at its end */
    double outline_width; /* of pictures of masks (pictures/style.h); -1: by the picture's size */
    double alpha;
    char *palette, *labels;
    char *scale_16bit; /* "none" or "minmax" */
    bool trust_folder;
    uint64_t max_pixels; /* largest width * height that is decoded */

    int threads;       /* threads that share one image; 0: chosen */
    int workers;       /* images at a time; 0: chosen */
    uint64_t memory;   /* bytes; 0: what the machine has free */
    char *shard;       /* "i/n", "auto", "auto/n" */
    bool lock;         /* if the same run is in progress, end at once with status 0 */
    bool retry_failed; /* only images that failed before */
    bool
        overwrite; /* begin afresh in a folder with another configuration; filter, report: replace */
    bool extend;   /* go on in a folder with another configuration */
    char *max_failures;    /* "N" or "P%"; NULL: no limit */
    bool failed_images_ok; /* they do not make the status 1 */
    double max_time;       /* seconds; 0: no limit */
    int retries;           /* further attempts after a passing fault of the file system */
    double image_timeout;  /* seconds to decode an image; 0: no limit */

    bool quiet;
    char *log_format; /* "text" or "json" */
    char *metrics;    /* file for Prometheus */
    bool unordered;   /* pipe: answers as they end */

    /* of CLIP */
    char *clip;                    /* checkpoint; NULL: none is used */
    char *clip_vocab;              /* vocabulary; NULL: beside the checkpoint */
    char *clip_background;         /* "mean" or "keep" */
    double class_min;              /* least score of a category */
    struct setting_texts template; /* with {}; none: CLIP's usual ones */
    struct setting_texts text;     /* predict */
    int top;                       /* predict: best masks a text; 0: all */

    /* of predict */
    struct setting_texts point; /* "X,Y" or "X,Y,LABEL" */
    struct setting_texts box;   /* "X0,Y0,X1,Y1" */
    char *mask;                 /* a file, or run lengths as JSON */
    char *prompts;              /* file of prompts as JSON */
    char *boxes;                /* file of a detector's boxes */
    char *coco; /* document that lists the images of a detector's results; eval: the data set */
    char *text_prompt; /* a text of every prompt, for models that take one */
    bool multimask;    /* three masks a prompt */
    bool png;          /* as "png" in `format` */
    bool serve_ndjson; /* answers requests on standard input */

    /* of the other commands */
    bool json;  /* the report, or predict's record, as JSON */
    bool watch; /* status: again and again */
    char
        *images; /* export, verify, report, review, predict: folder that file_name is relative to */
    int port;    /* review; 0: any that is free */
    char *by;    /* review: who decides; NULL: the user's name */
    char *classes;      /* review, export, run, label: file of names */
    bool read_only;     /* review */
    bool single_file;   /* report: one HTML file */
    char *photos;       /* report: "auto", "copy", "link" or "none" */
    char *ids;          /* export: "stable" or "sequential" */
    int shard_images;   /* export: images a tar */
    char *shard_prefix; /* export: of the tars' names */
    bool reviewed;      /* export: as people corrected them */
    bool accepted_only; /* export: only what people accepted */
    char *print;        /* review: which images to print, instead of serving */
    char *masks;        /* eval: folder of records */
    int annotator;      /* eval */
    int clicks;         /* eval: on each true segment */
    bool box_prompts;   /* eval: and its box */
    int max_images;     /* eval; 0: all */
    char *name;         /* eval: of the data set; NULL: by its file of results */
    char *label_maps;   /* eval: folder of label maps; NULL: another form of data set */
    char *label_suffix; /* eval: end of their names; NULL: any of the usual ones */
    char *label_codes;  /* eval: "values", "cityscapes" or "ade20k" */
    int background;     /* eval: number in label maps that is no segment; -1: none */
    char *ignore;       /* eval: further ones, "255,1000-1999" */
    bool components;    /* eval: parts of a number are segments */
    char *class_names;  /* eval: file of numbers and names */
    bool by_class;      /* eval: figures of each class */
    char *results;      /* eval: file of a line an image, gone on with */
    bool from;          /* eval: the operands are such files */
    char *csv;          /* eval: file to write all figures to */
    int repeat;         /* bench */
    int size;           /* show: longest side, pixels; 0: the image's */
    bool side_by_side;  /* show */
    bool embed;         /* show: the photograph within the SVG */
    char *only;         /* show: ids of masks, "3,7" */
    int count;          /* show: images on a contact sheet */
    int columns;        /* show: of a contact sheet; 0: chosen */
    bool edges;         /* eval: boundaries in place of masks */
    char *maps;         /* eval: folder of maps of edges; NULL: the model's */
    int bits;           /* edges: of a number in the PNG */
    int edge_points;    /* edges: along one side of the grid */
    double edge_nms;    /* edges: box IoU */
    bool thick;         /* edges: not thinned */
    /* of similar */
    struct setting_texts alike; /* masks to find others for: "IMAGE:ID" */
    int nearest;                /* how many */
    double similarity;          /* least; of a duplicate, too */
    bool within;                /* in the same image only */
    bool duplicates;
    double twin_share; /* of masks, for two images to be duplicates */
    char *sheet;       /* file of a contact sheet */
    char *index;       /* file; NULL: in the run's folder */

    bool man;         /* help: print the manual page */
    char *completion; /* help: shell whose completions to print */
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
    SETTING_TEXT,    /* char *, owned */
    SETTING_TEXTS,   /* struct setting_texts: may be given several times */
    SETTING_PAIR     /* NAME=VALUE: sets another option; has no place of its own */
};

/* Which commands take an option, and what else holds of it; bits. */
enum setting_trait {
    FOR_RUN = 1 << 0,
    FOR_STATUS = 1 << 1,
    FOR_MERGE = 1 << 2,
    FOR_EXPORT = 1 << 3,
    FOR_VERIFY = 1 << 4,
    FOR_STATS = 1 << 5,
    FOR_INFO = 1 << 6,
    FOR_FETCH = 1 << 7,
    FOR_EVAL = 1 << 8,
    FOR_BENCH = 1 << 9,
    FOR_HELP = 1 << 10,
    FOR_REPORT = 1 << 11,
    FOR_SHOW = 1 << 12,
    FOR_FILTER = 1 << 13,
    FOR_PIPE = 1 << 14,
    FOR_PREDICT = 1 << 15,
    FOR_REVIEW = 1 << 16,
    FOR_EDGES = 1 << 17,
    FOR_SIMILAR = 1 << 18,
    FOR_LABEL = 1 << 19,
    FOR_ALL = (1 << 20) - 1,

    /* A run that changes it gives other output. */
    DECIDES = 1 << 20,
    /* The metadata of a model may hold another default: what goes with its scores, its logits and
     * the size of what it can see. Never a path. */
    MODEL_DEFAULT = 1 << 21,
    /* It says where prompts are set. A model's own values of these apply all or none: all only
     * where no stronger source sets any of them, since 14 points a side are meant for its crops,
     * not for others. */
    SEARCH = 1 << 22,
    /* Decides, but is in run.json only with another value than the default: runs that were begun
     * before there was such an option go on. */
    UNLESS_STANDARD = 1 << 23
};

/* The values that an option takes; all zeros for a kind without a range. */
struct setting_range {
    double least, most;  /* inclusive; numbers only */
    int step;            /* whole numbers are multiples of it; 0: any */
    const char *choices; /* "f32|bf16|f16": the texts allowed; NULL: any */
};

struct setting {
    const char *name;     /* without the leading dashes */
    char letter;          /* short form, 0: none */
    const char *argument; /* name of the value in --help; NULL for flags */
    enum setting_kind kind;
    size_t offset; /* of the value in struct settings */
    struct setting_range range;
    const char *standard; /* default as text; NULL: off, 0 or none */
    unsigned traits;      /* enum setting_trait bits */
    const char *group;    /* heading in --help */
    const char *help;
};

/* The table, in the order of --help; *count entries. A name may be there once for each command. */
const struct setting *settings_table(size_t *count);

/* The default of an option in a command (FOR_...), NULL for none. `filter` has its options from
 * `run`, but applies those that are given, and no other. */
const char *settings_standard(const struct setting *setting, unsigned command);

/* Fills in the defaults of the options of one command (FOR_...). Beside its own options a command
 * has the values of all options of `run`. Returns 0, or -1 (ERROR_MEMORY). Freed by settings_free.
 */
int settings_init(struct settings *settings, unsigned command, struct error *error);
void settings_free(struct settings *settings);

/* Sets option `name` (dashes or underscores) from text, unless a stronger source has set it.
 * Flags take "true" and "false". Texts of one source add up; those of a stronger one replace them.
 * Returns 0, or -1 (ERROR_USAGE) naming the option, the value and the range. */
int settings_set(struct settings *settings, const char *name, const char *value,
                 enum setting_source source, struct error *error);

/* Once every source has been applied: refuses contradictions, reads the point grid, fills in the
 * values derived from texts. 0 or -1 (ERROR_USAGE, ERROR_IO, ERROR_MEMORY). */
int settings_complete(struct settings *settings, struct error *error);

/* The part of settings_complete that fills in the values derived from texts of choices. */
void settings_read_choices(struct settings *settings);

/* The option's name with underscores, as in metadata and configuration files. */
void settings_key(const struct setting *setting, char *key, size_t size);

/* The option's value as text that settings_set reads back to the same value; "" for none, and for
 * SETTING_TEXTS, which do not decide the output.
 * At most `size` bytes, terminated. */
void settings_text(const struct settings *settings, const struct setting *setting, char *text,
                   size_t size);

/* Whether a run writes tars (--to tar, or -o -), and whether it writes one to standard output. */
bool settings_to_tar(const struct settings *settings);
bool settings_to_stream(const struct settings *settings);

/* Whether option `name` may be given several times. */
bool settings_may_repeat(const struct settings *settings, const char *name);

/* Whether something stronger than a default has set option `name`. */
bool settings_given(const struct settings *settings, const char *name);

/* Where the value of an option of the table comes from. */
enum setting_source settings_source(const struct settings *settings, const struct setting *setting);

#endif
