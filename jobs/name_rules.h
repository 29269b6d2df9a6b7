/* name_rules.h - names that are left out wherever they are found, in folders as in tars: hidden
 * ones, what systems put beside photographs, and what the user excludes. What the user names, on
 * the command line or in a list, is left out only if a pattern excludes it (lists).
 *
 * A pattern is one of fnmatch(3); '*' also matches '/'. Without a '/' it is compared with each
 * component of a path: "*.gif", "thumbs". With one it is compared with the path and with each
 * folder above it: "2019/raw", "/thumbs" (at the top only).
 */
#ifndef JOBS_NAME_RULES_H
#define JOBS_NAME_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "jobs/passed_over.h"

struct name_rules {
    const char *const *exclude; /* [exclude_count] patterns, tidied */
    size_t exclude_count;
};

/* Drops the slashes at a pattern's end. False if nothing is left. */
bool name_rules_tidy(char *pattern);

/* Why one component is left out, or PASSED_NOT. */
enum passed_reason name_rules_name(const struct name_rules *rules, const char *name);

/* Whether a pattern excludes a relative path. Only its first 4,095 bytes are looked at. */
bool name_rules_exclude(const struct name_rules *rules, const char *path);

/* Why a relative path is left out for any of its components, or PASSED_NOT. */
enum passed_reason name_rules_path(const struct name_rules *rules, const char *path);

#endif
