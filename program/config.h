/* config.h - settings as a JSON object (read by --config FILE, printed by --print-config), and the
 * presets. Names have underscores; values are numbers, strings, true or false. */
#ifndef PROGRAM_CONFIG_H
#define PROGRAM_CONFIG_H

struct error;
struct json_text;
struct setting;
struct settings;

/* Applies a file's values with SOURCE_CONFIG. null leaves an option as it is.
 * Returns 0, or -1 (ERROR_USAGE, ERROR_IO) naming the file and the line or the option. */
int config_read(struct settings *settings, const char *path, struct error *error);

/* The JSON text of every option that decides the output, which config_read reads back. The caller
 * frees it with free(3). NULL with ERROR_MEMORY. */
char *config_text(const struct settings *settings, struct error *error);

/* Appends the value of one option as in config_text: a number, true, false, a string, or null for
 * none. */
void config_value(struct json_text *text, const struct settings *settings,
                  const struct setting *setting);

/* Applies preset "amg" (the package's defaults, also over a model's own), "sam2" (those of SAM
 * 2's package), "sa1b" (the recipe of the SA-1B data set: Kirillov et al., "Segment Anything",
 * appendix B) or "recall" (low thresholds and no clean-up; all else is the model's) with
 * SOURCE_PRESET. Returns 0 or -1 (ERROR_MEMORY). */
int config_preset(struct settings *settings, const char *preset, struct error *error);

#endif
