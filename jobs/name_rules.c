#include "jobs/name_rules.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"

enum { PATH_SIZE = 4096 };

bool name_rules_tidy(char *pattern)
{
    size_t length = strlen(pattern);
    while (length > 0 && pattern[length - 1] == '/')
        pattern[--length] = '\0';
    return length > 0;
}

/* Names of Synology, QNAP, macOS, Windows and ext4. */
static bool is_system(const char *name)
{
    static const char *const names[] = {
        "@eaDir",     "@Recycle",  "@Recently-Snapshot", "#recycle",
        "#snapshot",  "__MACOSX",  "$RECYCLE.BIN",       "System Volume Information",
        "lost+found", "Thumbs.db", "ehthumbs.db",        "desktop.ini"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((names[i][0] | 0x20) == (name[0] | 0x20) && strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static bool matches_name(const struct name_rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->exclude_count; i++)
        if (!strchr(rules->exclude[i], '/') && fnmatch(rules->exclude[i], name, 0) == 0)
            return true;
    return false;
}

static bool matches_path(const struct name_rules *rules, const char *path)
{
    for (size_t i = 0; i < rules->exclude_count; i++) {
        const char *pattern = rules->exclude[i];
        if (strchr(pattern, '/') && fnmatch(pattern + (pattern[0] == '/'), path, 0) == 0)
            return true;
    }
    return false;
}

enum passed_reason name_rules_name(const struct name_rules *rules, const char *name)
{
    if (matches_name(rules, name))
        return PASSED_EXCLUDED;
    if (name[0] == '.' && path_is_hidden(name))
        return PASSED_HIDDEN;
    return is_system(name) ? PASSED_SYSTEM : PASSED_NOT;
}

/* Calls `check` with the start of the path up to each component's end, and with that component,
 * until it gives a reason. */
static enum passed_reason each_component(const struct name_rules *rules, const char *path,
                                         enum passed_reason check(const struct name_rules *rules,
                                                                  const char *start,
                                                                  const char *component))
{
    char copy[PATH_SIZE];
    size_t length = strnlen(path, PATH_SIZE - 1);
    char *component = copy;
    enum passed_reason reason = PASSED_NOT;
    memcpy(copy, path, length);
    copy[length] = '\0';
    while (reason == PASSED_NOT && component) {
        char *slash = strchr(component, '/');
        if (slash)
            *slash = '\0';
        reason = *component ? check(rules, copy, component) : PASSED_NOT;
        if (slash)
            *slash++ = '/';
        component = slash;
    }
    return reason;
}

static enum passed_reason check_excluded(const struct name_rules *rules, const char *start,
                                         const char *component)
{
    return matches_name(rules, component) || matches_path(rules, start) ? PASSED_EXCLUDED
                                                                        : PASSED_NOT;
}

static enum passed_reason check_found(const struct name_rules *rules, const char *start,
                                      const char *component)
{
    return matches_path(rules, start) ? PASSED_EXCLUDED : name_rules_name(rules, component);
}

bool name_rules_exclude(const struct name_rules *rules, const char *path)
{
    return rules->exclude_count > 0 && each_component(rules, path, check_excluded) != PASSED_NOT;
}

enum passed_reason name_rules_path(const struct name_rules *rules, const char *path)
{
    return each_component(rules, path, check_found);
}
