#include "program/report/report_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "program/report/report_page.h"

/* A folder below, be the parent trusted or not: a link that lies where a report goes is not followed.
 * Who put it there chooses whose files would be removed or replaced. */
static struct folder *open_below(const struct folder *parent, const char *name, struct error *error)
{
    struct folder strict = *parent;
    strict.trusted = false;
    struct folder *below = folder_below(&strict, name, error);
    if (below || error->system != ELOOP)
        return below;
    error_set(error, ERROR_IO,
              "%s%s: is a symbolic link; remove it, or choose another name with -o", parent->prefix,
              name);
    error->system = ELOOP;
    return NULL;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t length = strlen(name), own = strlen(ending);
    return length > own && strcmp(name + length - own, ending) == 0;
}

/* Whether a name in data/ is one that a report writes, or the temporary file of one. */
static bool is_document(const char *name)
{
    return ends_with(name, ".js") || ends_with(name, ".maskmill-tmp");
}

/* Whether a name beside data/ is that of the page, or of a temporary file of it. */
static bool is_page(const char *name)
{
    static const char START[] = ".index.html.";
    return strcmp(name, "index.html") == 0 ||
           (strncmp(name, START, sizeof START - 1) == 0 && ends_with(name, ".maskmill-tmp"));
}

/* Removes the files of the folder `name` of a report, "" or "data", that belong there. */
static int remove_files(const struct folder *report, const char *name,
                        bool (*belongs)(const char *), struct error *error)
{
    int status = 0;
    DIR *list = folder_list(report, name, error);
    if (!list)
        return error->system == ENOENT ? 0 : -1;
    for (const struct dirent *entry; status == 0 && (entry = readdir(list));)
        if (belongs(entry->d_name) && unlinkat(dirfd(list), entry->d_name, 0))
            status = error_set_system(error, ERROR_IO, errno, "%s%s%s%s: cannot be removed",
                                      report->prefix, name, *name ? "/" : "", entry->d_name);
    closedir(list);
    return status;
}

static int remove_folder(const struct folder *folder, const char *name, struct error *error)
{
    if (unlinkat(folder->fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    return error_set_system(error, ERROR_IO, errno,
                            "%s%s: the old report cannot be removed; it may hold files of others",
                            folder->prefix, name);
}

int report_folder_remove(const struct folder *parent, const char *name, struct error *error)
{
    struct folder *report = open_below(parent, name, error);
    if (!report)
        return error->system == ENOENT ? 0 : -1;
    int status = remove_files(report, "data", is_document, error);
    if (status == 0)
        status = remove_folder(report, "data", error);
    if (status == 0)
        status = remove_files(report, "", is_page, error);
    folder_close(report);
    return status ? status : remove_folder(parent, name, error);
}

static int refuse_other(const struct folder *folder, struct error *error)
{
    return error_set(error, ERROR_IO, "%s: another maskmill is writing this report; try later",
                     folder->path);
}

/* Locks a folder until it is closed. */
static int lock(const struct folder *folder, struct error *error)
{
    if (flock(folder->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return 0; /* a file system without locks has one writer, or so we must hope */
    return refuse_other(folder, error);
}

/* Before the lock was taken, another report may have taken the folder for a left over one. */
static int check_name(const struct folder *parent, const char *temporary,
                      const struct folder *folder, struct error *error)
{
    struct stat named, own;
    if (fstatat(parent->fd, temporary, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        fstat(folder->fd, &own) == 0 && named.st_dev == own.st_dev && named.st_ino == own.st_ino)
        return 0;
    return refuse_other(folder, error);
}

static int remove_left_over(const struct folder *parent, const char *temporary, struct error *error)
{
    struct folder *old = open_below(parent, temporary, error);
    if (!old)
        return error->system == ENOENT ? 0 : -1;
    int status = lock(old, error);
    if (status == 0)
        status = report_folder_remove(parent, temporary, error);
    folder_close(old);
    return status;
}

struct folder *report_folder_make(const struct folder *parent, const char *temporary,
                                  struct error *error)
{
    if (remove_left_over(parent, temporary, error))
        return NULL;
    if (mkdirat(parent->fd, temporary, 0777)) {
        error_set_system(error, ERROR_IO, errno, "%s%s: cannot be made", parent->prefix, temporary);
        return NULL;
    }
    struct folder *folder = open_below(parent, temporary, error);
    if (folder && lock(folder, error) == 0 && check_name(parent, temporary, folder, error) == 0)
        return folder;
    folder_close(folder);
    return NULL;
}

static bool is_top(const char *name)
{
    return strcmp(name, "index.html") == 0 || strcmp(name, "data") == 0;
}

/* Whether the folder `name` of a report, "" or "data", holds nothing but what belongs there. */
static bool is_pure(const struct folder *report, const char *name, bool (*belongs)(const char *))
{
    struct error ignored;
    bool pure = true;
    DIR *list = folder_list(report, name, &ignored);
    for (const struct dirent *entry; list && pure && (entry = readdir(list));)
        pure = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
               belongs(entry->d_name);
    if (list)
        closedir(list);
    return list && pure;
}

bool report_folder_is(const struct folder *parent, const char *name)
{
    struct error ignored;
    char start[REPORT_PAGE_START];
    struct folder *report = open_below(parent, name, &ignored);
    FILE *page = report ? folder_stream(report, "index.html", &ignored) : NULL;
    bool is = page && report_page_is(start, fread(start, 1, sizeof start, page)) &&
              is_pure(report, "", is_top) && is_pure(report, "data", is_document);
    if (page)
        fclose(page);
    folder_close(report);
    return is;
}

/* Both names change hands, in one step where the file system can. Elsewhere (NFS) the old report is
 * `spare` meanwhile, and gets its name again if the new one cannot have it. */
static int exchange(int parent, const char *one, const char *other, const char *spare)
{
    if (renameat2(parent, one, parent, other, RENAME_EXCHANGE) == 0)
        return 0;
    if ((errno != EINVAL && errno != ENOSYS) || renameat(parent, other, parent, spare))
        return -1;
    if (renameat(parent, one, parent, other)) {
        int reason = errno;
        renameat(parent, spare, parent, other);
        errno = reason;
        return -1;
    }
    return renameat(parent, spare, parent, one);
}

int report_folder_place(const struct folder *parent, const char *temporary, const char *name,
                        struct error *error)
{
    char *spare;
    int result = 0;
    if (asprintf(&spare, "%s.old", temporary) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", name);
    /* An empty folder is replaced by rename(2) itself. */
    if (renameat(parent->fd, temporary, parent->fd, name)) {
        bool there = errno == ENOTEMPTY || errno == EEXIST;
        if (!there || exchange(parent->fd, temporary, name, spare))
            result = error_set_system(error, ERROR_IO, errno,
                                      "%s%s: the report cannot be put there", parent->prefix, name);
        else
            result = report_folder_remove(parent, temporary, error);
    }
    free(spare);
    if (result == 0 && fsync(parent->fd) && errno != EINVAL)
        result = error_set_system(error, ERROR_IO, errno, "%s: cannot be synced", parent->path);
    return result;
}
