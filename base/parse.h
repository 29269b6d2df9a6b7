/* parse.h - numbers and quantities from text: counts, ratios, percentages, durations, sizes.
 *
 * Every function reads the text to its end. Empty texts, blanks, hexadecimal digits, "inf", "nan"
 * and characters left over are refused. Each returns false when it refuses the text; the result is
 * then unchanged, and the caller names the option and what it expected. */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* A whole number, digits alone: "0", "1000". */
bool parse_count(const char *text, uint64_t *count);

/* A whole number from `least` to `most`, with an optional minus: "16", "-1". */
bool parse_integer(const char *text, int64_t least, int64_t most, int64_t *number);

/* A finite number: "0.7", "-1", "2.5e-3". */
bool parse_real(const char *text, double *number);

/* A finite number, or two with a slash, the second not zero: "0.7", "512/1500". */
bool parse_ratio(const char *text, double *number);

/* A number with a percent sign, as a fraction: "2.5%" is 0.025. */
bool parse_percentage(const char *text, double *fraction);

/* Seconds: a plain number, "3600", or numbers with the units d, h, m, s: "3h50m", "90s", "1d12h",
 * "1.5h". At most ten years. */
bool parse_duration(const char *text, double *seconds);

/* Bytes: "4G", "512M", "1.5GiB", "900k", "1048576". K, M, G and T are powers of 1024; B or iB may
 * follow. From 1 to 2^62, rounded down. */
bool parse_size(const char *text, uint64_t *bytes);

#endif
