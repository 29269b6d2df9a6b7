#include "program/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/atomic_clean.h"
#include "base/error.h"
#include "base/folder.h"
#include "program/digest.h"
#include "program/model_zoo.h"

enum { URL_SIZE = 256, BLOCK = 1 << 16, HEAD = 9 };

/* Where no size is known, more than this is refused; the largest published file has 2.6 GB. */
static const uint64_t MOST = (uint64_t)4 << 30;

/* A running downloader that writes the file to a pipe. */
struct download {
    pid_t process;
    int pipe; /* to read from */
    const char *program;
};

/* What has come out of the pipe. */
struct arrival {
    char sha256[DIGEST_TEXT];
    uint64_t size;            /* one block more than allowed at most */
    unsigned char head[HEAD]; /* its first bytes, zeros behind the end */
};

/* posix_spawnp with `out` as the child's standard output. Returns 0 or an errno value. */
static int spawn(char *const *arguments, int out, pid_t *process)
{
    posix_spawn_file_actions_t actions;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed)
        return failed;
    failed = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (!failed)
        failed = posix_spawnp(process, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* Starts the first downloader that is installed; no shell is involved. */
static int start(struct download *download, char *url, struct error *error)
{
    /* Gives up after 30 s without a connection, and after 60 s with less than 1 kB/s. */
    char *curl[] = {"curl",       "--fail",
                    "--location", "--proto",
                    "=https",     "--proto-redir",
                    "=https",     "--connect-timeout",
                    "30",         "--speed-limit",
                    "1000",       "--speed-time",
                    "60",         "--",
                    url,          NULL};
    char *wget[] = {"wget",
                    "--https-only",
                    "--connect-timeout=30",
                    "--read-timeout=60",
                    "--tries=1",
                    "--output-document=-",
                    "--",
                    url,
                    NULL};
    char *const *const programs[] = {curl, wget};
    int ends[2];
    int failed = ENOENT;
    if (pipe2(ends, O_CLOEXEC))
        return error_set_system(error, ERROR_IO, errno, "a pipe for the download");
    for (size_t i = 0; i < 2 && failed == ENOENT; i++) {
        download->program = programs[i][0];
        failed = spawn(programs[i], ends[1], &download->process);
    }
    close(ends[1]);
    download->pipe = ends[0];
    if (!failed)
        return 0;
    close(ends[0]);
    if (failed == ENOENT)
        return error_set(error, ERROR_IO,
                         "neither curl nor wget is installed: install one, or download %s with "
                         "anything else and check its hash with maskmill info",
                         url);
    return error_set_system(error, ERROR_IO, failed, "%s cannot be started", download->program);
}

/* The most bytes that the file can have. */
static uint64_t limit(const struct model_zoo_entry *entry)
{
    return entry->size ? entry->size + entry->rounding : MOST;
}

/* Copies what comes out of the pipe to `file`; stops when it is more than `most` bytes. */
static int receive(const struct download *download, struct atomic_file *file, uint64_t most,
                   struct arrival *arrival, struct error *error)
{
    unsigned char block[BLOCK];
    struct digest *digest = digest_new();
    ssize_t got;
    int failed = 0;
    *arrival = (struct arrival){.size = 0};
    while (!failed && arrival->size <= most &&
           (got = read(download->pipe, block, sizeof block)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            failed = error_set_system(error, ERROR_IO, errno, "the download");
            break;
        }
        digest_add(digest, block, (size_t)got);
        failed = atomic_append(file, block, (size_t)got, error);
        for (size_t i = 0; i < (size_t)got && arrival->size + i < HEAD; i++)
            arrival->head[arrival->size + i] = block[i];
        arrival->size += (uint64_t)got;
    }
    digest_finish(digest, arrival->sha256);
    return failed;
}

/* Waits for the downloader to end. Closing the pipe ends one that is still writing. */
static int finish(const struct download *download, int *status)
{
    close(download->pipe);
    pid_t ended;
    do
        ended = waitpid(download->process, status, 0);
    while (ended < 0 && errno == EINTR);
    return ended < 0 ? -1 : 0;
}

/* Whether it begins as a zip of torch.save does, a pickle, or a safetensors file. */
static bool begins_a_checkpoint(const struct arrival *arrival)
{
    return memcmp(arrival->head, "PK\3\4", 4) == 0 || arrival->head[0] == 0x80 ||
           (arrival->head[7] == 0 && arrival->head[8] == '{');
}

/* Refuses a file that is not the published one, or, where no sum is known, that is no checkpoint. */
static int check(const struct model_zoo_entry *entry, const char *url,
                 const struct arrival *arrival, struct error *error)
{
    unsigned long long size = arrival->size, most = limit(entry), least = 0;
    if (entry->size)
        least = entry->size - entry->rounding;
    if (size > most)
        return error_set(error, ERROR_MODEL,
                         "%s: not the published file: more than %llu bytes; nothing was kept", url,
                         most);
    if (size < least || (entry->sha256 && strcmp(arrival->sha256, entry->sha256) != 0))
        return error_set(error, ERROR_MODEL,
                         "%s: not the published file: %llu bytes with SHA-256 %s, expected %s%llu "
                         "with %s; nothing was kept",
                         url, size, arrival->sha256, entry->rounding ? "about " : "",
                         (unsigned long long)entry->size, entry->sha256 ? entry->sha256 : "any");
    if (!entry->sha256 && !begins_a_checkpoint(arrival))
        return error_set(error, ERROR_MODEL,
                         "%s: no checkpoint but something else: %llu bytes with SHA-256 %s; "
                         "nothing was kept",
                         url, size, arrival->sha256);
    return 0;
}

static int download_to(struct atomic_file *file, const struct model_zoo_entry *entry,
                       char sha256[DIGEST_TEXT], struct error *error)
{
    struct download download;
    struct arrival arrival;
    char url[URL_SIZE];
    int status = 0;
    snprintf(url, sizeof url, "%s%s", entry->url, entry->file);
    if (start(&download, url, error))
        return -1;
    int failed = receive(&download, file, limit(entry), &arrival, error);
    int lost = finish(&download, &status);
    if (failed)
        return failed;
    if (arrival.size <= limit(entry) && (lost || !WIFEXITED(status) || WEXITSTATUS(status) != 0))
        return error_set(error, ERROR_IO,
                         "%s could not download %s (status %d; is there a network?)",
                         download.program, url, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    memcpy(sha256, arrival.sha256, DIGEST_TEXT);
    return check(entry, url, &arrival, error);
}

/* 0: nothing is at `path`; 1: the right file is there; -1: something else is. */
static int look(const struct model_zoo_entry *entry, const char *path, char sha256[DIGEST_TEXT],
                struct error *error)
{
    if (access(path, F_OK) && errno == ENOENT)
        return 0;
    if (digest_file(path, sha256, error))
        return -1;
    if (entry->sha256 && strcmp(sha256, entry->sha256) == 0)
        return 1;
    return error_set(error, ERROR_IO,
                     "%s: %s file (SHA-256 %s) is in the way: move it, or choose another name with "
                     "--output",
                     path, entry->sha256 ? "another" : "a", sha256);
}

int fetch_model(const struct model_zoo_entry *entry, const char *path, char sha256[DIGEST_TEXT],
                struct error *error)
{
    struct atomic_file file = {.fd = -1};
    int there = look(entry, path, sha256, error);
    if (there)
        return there > 0 ? 0 : -1;
    atomic_clean_beside(path); /* a download that was killed may have left some GB */
    const char *name;
    struct folder *folder = folder_of(path, &name, error);
    int opened = folder ? atomic_open(&file, folder, name, error) : -1;
    folder_close(folder);
    if (opened)
        return -1;
    if (download_to(&file, entry, sha256, error)) {
        atomic_abandon(&file);
        return -1;
    }
    return atomic_commit(&file, NULL, error);
}
