#include "program/run/name_fold.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"

#define E_ACUTE "\xc3\xa9"
#define E_ACUTE_UPPER "\xc3\x89"
#define E_AND_ACCENT "e\xcc\x81"
#define SHARP_S "\xc3\x9f"

static const struct probe {
    const char *made, *asked;
    enum name_fold fold;
} probes[] = {
    {"a", "A", NAME_FOLD_ASCII},     {E_ACUTE, E_ACUTE_UPPER, NAME_FOLD_UNICODE},
    {SHARP_S, "ss", NAME_FOLD_FULL}, {E_ACUTE, E_AND_ACCENT, NAME_FOLD_NORMAL},
    {"a", "a.", NAME_FOLD_TRAILING},
};

enum { PROBE_NAME = 64 };

/* Makes one name and looks for another. Names that the file system cannot hold fold nothing. */
static int ask(int folder, const struct probe *probe, unsigned *how, struct error *error)
{
    struct stat status;
    int fd =
        openat(folder, probe->made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EINVAL || errno == EILSEQ))
        return 0;
    if (fd < 0)
        return error_set_system(error, ERROR_IO, errno, "a file cannot be made");
    close(fd);
    if (fstatat(folder, probe->asked, &status, AT_SYMLINK_NOFOLLOW) == 0)
        *how |= probe->fold;
    if (unlinkat(folder, probe->made, 0))
        return error_set_system(error, ERROR_IO, errno, "a file cannot be removed");
    return 0;
}

/* Makes a folder of a new name in `parent`. Returns 0 or an errno. */
static int make_new(int parent, char name[PROBE_NAME])
{
    for (unsigned i = 0; i < 10000; i++) {
        snprintf(name, PROBE_NAME, "names-%ld-%u", (long)getpid(), i);
        if (mkdirat(parent, name, 0700) == 0)
            return 0;
        if (errno != EEXIST)
            return errno;
    }
    return EEXIST;
}

/* The probe in `parent`, an open folder. */
static int probe_in(int parent, unsigned *how, struct error *error)
{
    char name[PROBE_NAME];
    int reason = make_new(parent, name);
    if (reason)
        return error_set_system(error, ERROR_IO, reason, "a folder cannot be made");
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int status = fd >= 0 ? 0 : error_set_system(error, ERROR_IO, errno, "a folder cannot be made");
    for (size_t i = 0; status == 0 && i < sizeof probes / sizeof *probes; i++)
        status = ask(fd, &probes[i], how, error);
    if (fd >= 0)
        close(fd);
    unlinkat(parent, name, AT_REMOVEDIR);
    return status;
}

int name_fold_probe(const struct folder *run, const char *below, unsigned *how, struct error *error)
{
    *how = 0;
    struct folder *folder = folder_below(run, below, error);
    int status = folder ? probe_in(folder->fd, how, error) : -1;
    folder_close(folder);
    return status ? error_prefix(error, "%s%s: what names are the same there is not known",
                                 run->prefix, below)
                  : 0;
}

/* Characters one by one, as file systems with tables of upper case have it. */
static char *fold_characters(const char *text)
{
    GString *folded = g_string_new(NULL);
    for (const char *at = text; *at; at = g_utf8_next_char(at))
        g_string_append_unichar(folded, g_unichar_tolower(g_unichar_toupper(g_utf8_get_char(at))));
    return g_string_free(folded, FALSE);
}

static char *fold_case(unsigned how, const char *text)
{
    if (how & NAME_FOLD_FULL)
        return g_utf8_casefold(text, -1);
    if (how & NAME_FOLD_UNICODE)
        return fold_characters(text);
    if (how & NAME_FOLD_ASCII)
        return g_ascii_strdown(text, -1);
    return g_strdup(text);
}

static char *normalise(unsigned how, const char *text)
{
    return how & NAME_FOLD_NORMAL ? g_utf8_normalize(text, -1, G_NORMALIZE_DEFAULT)
                                  : g_strdup(text);
}

/* Drops dots and blanks at the end of each component, in place. */
static void drop_trailing(char *text)
{
    char *to = text;
    char *kept = text; /* the end of what is kept of this component */
    for (const char *at = text;; at++) {
        if (*at == '/' || *at == '\0')
            to = kept;
        *to++ = *at;
        if (*at == '\0')
            return;
        if (*at != '.' && *at != ' ')
            kept = to;
    }
}

char *name_fold(unsigned how, const char *name, size_t length)
{
    char *text = g_strndup(name, length);
    bool known = g_utf8_validate(text, -1, NULL);
    /* Folding may leave characters that are not in the normal form, so that comes before and
     * after. */
    char *normal = known ? normalise(how, text) : g_strdup(text);
    char *folded = fold_case(known ? how : how & NAME_FOLD_ASCII, normal);
    char *form = known ? normalise(how, folded) : g_strdup(folded);
    g_free(text);
    g_free(normal);
    g_free(folded);
    if (how & NAME_FOLD_TRAILING)
        drop_trailing(form);
    return form;
}
