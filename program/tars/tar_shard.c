#include "program/tars/tar_shard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/memory.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/list.h"
#include "jobs/progress.h"
#include "program/run/collection.h"
#include "program/run/image_words.h"
#include "program/run/input_kind.h"
#include "program/run/item_embeddings.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"
#include "program/run/run_formats.h"
#include "program/tars/tar_line.h"
#include "records/tar_pack.h"

void tar_shard_free(struct tar_shard *shard)
{
    if (!shard)
        return;
    tar_part_close(shard->part);
    tar_journal_free(&shard->kept);
    tar_journal_free(&shard->old);
    if (shard->old_tar >= 0)
        close(shard->old_tar);
    if (shard->old_lines >= 0)
        close(shard->old_lines);
    tar_files_free(&shard->files);
    free(shard->key);
    memory_free(shard);
}

static struct tar_shard *new_shard(const struct run *run, const struct list_item *tar,
                                   struct error *error)
{
    struct tar_shard *shard = memory_new(1, sizeof *shard, "an output tar", error);
    if (!shard)
        return NULL;
    shard->old_tar = shard->old_lines = -1;
    shard->samples = (struct tar_sample_options){
        .folder = input_is_stream(tar->path) ? 0 : tar->folder,
        .fields = run_formats_fields(run->resources.formats),
        .copy_images = run->config.settings->copy_images,
        .embeddings_ending = item_embeddings_ending(run),
    };
    shard->key = strdup(tar->key);
    char *name = strndup(tar->key, tar->folder);
    if (!shard->key || !name)
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", tar->path);
    else if (tar_files_name(&shard->files, name, error) == 0) {
        free(name);
        return shard;
    }
    free(name);
    tar_shard_free(shard);
    return NULL;
}

/* Whether a file is there; *size becomes its size. */
static bool is_there(const struct folder *out, const char *name, uint64_t *size)
{
    struct stat status;
    if (folder_stat(out, name, &status) || !S_ISREG(status.st_mode))
        return false;
    *size = (uint64_t)status.st_size;
    return true;
}

/* The lines about a tar. */
struct tar_source {
    const struct folder *folder; /* that they lie in */
    const char *name;            /* of their file */
    uint64_t tar_bytes;          /* size of the tar */
};

/* A tar's lines, as they are compared with the ledger. */
struct repair {
    struct run *run;
    const char *tar; /* its key */
};

/* Writes the line of the ledger that a kill has lost. */
static int repair_line(void *context, const struct tar_line *line, struct error *error)
{
    const struct repair *repair = context;
    struct run *run = repair->run;
    struct ledger_entry known = ledger_index_find(run->resources.before, line->file_name);
    if (known.status == (line->failed ? LEDGER_FAILED : LEDGER_DONE))
        return 0;
    struct ledger_line lost = {
        .status = line->failed ? LEDGER_FAILED : LEDGER_DONE,
        .key = line->file_name,
        .tar = repair->tar,
        .bytes = line->failed ? 0 : line->place.record_bytes,
        .seconds = line->seconds,
        .error = line->failed ? line->error : NULL,
    };
    if (!line->failed) {
        lost.numbers[0] = (struct ledger_number){"width", line->width};
        lost.numbers[1] = (struct ledger_number){"height", line->height};
        lost.numbers[2] = (struct ledger_number){image_words.results, line->masks};
    }
    if (!run->config.settings->retry_failed) /* else they are tried again, or counted below */
        run->outcome.failed_before += line->failed;
    if (known.status == LEDGER_FAILED)
        run_folder_uncount(run);
    return ledger_append(run->resources.ledger, &lost, error);
}

/* Reads the lines of the tar `key`, and writes those of the ledger that are not there. */
static int read_lines(struct tar_journal *journal, struct run *run, const char *key,
                      const struct tar_source *lines, struct error *error)
{
    struct repair repair = {run, key};
    const struct tar_journal_visitor visitor = {repair_line, &repair};
    return tar_journal_read(journal, lines->folder, lines->name, lines->tar_bytes, &visitor, error);
}

/* The same for a file of the run's folder. */
static int read_journal(struct tar_journal *journal, struct run *run, const struct tar_shard *shard,
                        const char *lines, uint64_t tar_bytes, struct error *error)
{
    const struct tar_source source = {run->config.output, lines, tar_bytes};
    return read_lines(journal, run, shard->key, &source, error);
}

/* The tar `key` is published with these lines, but the ledger does not say so. Returns 1; 0 if the lines are
 * not those of this tar; or -1. */
static int adopt(struct run *run, const char *key, const struct tar_source *lines,
                 struct error *error)
{
    struct tar_journal journal = {0};
    const struct ledger_line read = {.status = LEDGER_NONE, .key = key, .bytes = lines->tar_bytes};
    int status = read_lines(&journal, run, key, lines, error);
    bool ours = tar_journal_ends(&journal, lines->tar_bytes);
    tar_journal_free(&journal);
    if (status || !ours)
        return status;
    return ledger_append(run->resources.ledger, &read, error) ? -1 : 1;
}

int tar_shard_adopt(struct run *run, const char *key, const char *lines, uint64_t size,
                    struct error *error)
{
    const char *name;
    struct folder *folder = folder_of(lines, &name, error);
    if (!folder)
        return -1;
    const struct tar_source source = {folder, name, size};
    int status = adopt(run, key, &source, error);
    folder_close(folder);
    if (status == 0)
        return error_set(error, ERROR_RECORD,
                         "%s: the lines about its output are damaged; remove its marker and its "
                         "output from the store",
                         key);
    return status < 0 ? -1 : 0;
}

/* The output is published, but the ledger does not say so: it was killed before, or the file is somebody
 * else's. */
static int adopt_published(struct run *run, const struct tar_shard *shard, uint64_t size,
                           struct error *error)
{
    const struct folder *out = run->config.output;
    const struct tar_source lines = {out, shard->files.lines, size};
    int status = adopt(run, shard->key, &lines, error);
    if (status == 0)
        return error_set(error, ERROR_USAGE,
                         "%s%s was there before and is not this run's; choose another folder with "
                         "-o, or --overwrite to replace it",
                         out->prefix, shard->files.tar);
    return status < 0 ? -1 : 0;
}

static bool is_known(const struct ledger_index *before, const char *key, uint64_t size)
{
    struct ledger_entry entry = ledger_index_find(before, key);
    return entry.status == LEDGER_NONE && size > 0 && entry.bytes == size;
}

/* For --retry-failed: opens a published tar in which images have failed. Returns 1, 0 if none has, or -1. */
static int open_old(struct run *run, struct tar_shard *shard, uint64_t size, struct error *error)
{
    const struct folder *out = run->config.output;
    struct error ignored;
    /* From before, without repairs: its failures are tried again now. */
    if (tar_journal_read(&shard->old, out, shard->files.lines, size, NULL, error))
        return -1;
    if (shard->old.failed == 0 && tar_journal_ends(&shard->old, size))
        return 0;
    shard->old_tar = folder_open_file(out, shard->files.tar, O_RDONLY, error);
    shard->old_lines = folder_open_file(out, shard->files.lines, O_RDONLY, &ignored);
    if (shard->old_lines < 0)
        tar_journal_cut(&shard->old, 0);
    return shard->old_tar < 0 ? -1 : 1;
}

/* Its images count as taken, though none is looked at: else it would seem that there is nothing to do. */
static void count_taken(struct run *run, const struct tar_shard *shard, uint64_t size)
{
    uint64_t lines = 0;
    bool empty = size == TAR_RECORD && is_there(run->config.output, shard->files.lines, &lines) &&
                 lines == 0;
    run->outcome.taken += !empty;
}

/* A start with --retry-failed or --overwrite was killed: what it has done of this tar is forgotten, in the ledger,
 * too. */
static int forget_part(struct run *run, struct tar_shard *shard, uint64_t size, struct error *error)
{
    struct tar_journal journal = {0};
    int status = read_journal(&journal, run, shard, shard->files.lines, size, error);
    tar_journal_free(&journal);
    return status ? status : tar_files_remove_parts(&shard->files, run->config.output, error);
}

/* Sees to an output that is published. Returns as tar_shard_begin, 1 if it is to be written again. */
static int see_published(struct run *run, struct tar_shard *shard, uint64_t size,
                         struct error *error)
{
    const struct folder *out = run->config.output;
    bool known = is_known(run->resources.before, shard->key, size);
    if (!known && adopt_published(run, shard, size, error))
        return -1;
    count_taken(run, shard, size);
    int wanted = run->config.settings->retry_failed ? open_old(run, shard, size, error) : 0;
    if (wanted)
        return wanted;
    return folder_has(out, shard->files.part_tar) ? forget_part(run, shard, size, error) : 0;
}

/* With --retry-failed, of a tar that was never finished: all from the first failure on is done again. */
static void cut_at_failure(struct tar_journal *journal)
{
    size_t sound = 0;
    while (sound < journal->count && !journal->images[sound].failed)
        sound++;
    tar_journal_cut(journal, sound);
}

/* Reads what the temporary files hold. */
static int see_part(struct run *run, struct tar_shard *shard, struct error *error)
{
    uint64_t size;
    if (!is_there(run->config.output, shard->files.part_tar, &size))
        return 0;
    if (read_journal(&shard->kept, run, shard, shard->files.part_lines, size, error))
        return -1;
    if (!run->config.settings->retry_failed)
        return 0;
    if (shard->old_tar < 0)
        cut_at_failure(&shard->kept);
    run->outcome.failed_before += shard->kept.failed; /* tried again by a start that was killed */
    return 0;
}

/* With --retry-failed, a tar that was never finished is left alone; what has failed in it still counts. */
static int see_unfinished(struct run *run, struct tar_shard *shard, struct error *error)
{
    uint64_t size;
    run->outcome.taken++;
    if (!is_there(run->config.output, shard->files.part_tar, &size))
        return 0;
    if (read_journal(&shard->kept, run, shard, shard->files.part_lines, size, error))
        return -1;
    run->outcome.failed_before += shard->kept.failed;
    if (shard->kept.failed > 0)
        progress_log(
            run->resources.progress, PROGRESS_INFO,
            "%s: not finished, so its failed images wait: start without --retry-failed first",
            shard->key);
    return 0;
}

/* As tar_shard_begin, for a shard that was made. */
static int look(struct run *run, struct tar_shard *shard, struct error *error)
{
    const struct folder *out = run->config.output;
    uint64_t size;
    if (run->config.settings->overwrite)
        return 1;
    if (tar_files_settle(&shard->files, out, error))
        return -1;
    if (is_there(out, shard->files.tar, &size)) {
        int wanted = see_published(run, shard, size, error);
        if (wanted <= 0)
            return wanted;
    } else if (!run_folder_reaches(run, shard->key)) {
        return see_unfinished(run, shard, error);
    }
    return see_part(run, shard, error) ? -1 : 1;
}

int tar_shard_begin(struct run *run, const struct list_item *tar, struct tar_shard **shard,
                    struct error *error)
{
    *shard = new_shard(run, tar, error);
    if (!*shard)
        return -1;
    int wanted = look(run, *shard, error);
    if (wanted > 0)
        return 1;
    tar_shard_free(*shard);
    *shard = NULL;
    return wanted;
}

static bool has(const struct tar_journal *journal, uint64_t place, uint64_t name)
{
    return place < journal->count && journal->images[place].name == name;
}

int tar_shard_admit(struct tar_shard *shard, struct run *run, struct submission *image)
{
    uint64_t place = shard->seen++;
    uint64_t name = hash_bytes(image->key, strlen(image->key));
    if (has(&shard->kept, place, name))
        return 0;
    tar_journal_cut(&shard->kept, place); /* the input is another one from here on */
    image->place = place;
    bool done = has(&shard->old, place, name) && !shard->old.images[place].failed;
    if (done && !image->shares_record) { /* else an earlier image has its key now */
        image->mark = SINK_COPY;
        image->bytes = NULL;
        image->fault = NULL;
    } else if (!run->config.settings->retry_failed &&
               ledger_index_find(run->resources.before, image->key).status == LEDGER_FAILED) {
        run_folder_uncount(run);
    }
    return 1;
}

/* Whether the lines, if they are there, are such as a run writes. */
static bool are_lines(const struct folder *out, const char *name)
{
    struct error ignored;
    uint64_t size = 0;
    struct tar_journal journal = {0};
    bool read = !folder_has(out, name) ||
                (is_there(out, name, &size) &&
                 tar_journal_read(&journal, out, name, UINT64_MAX, NULL, &ignored) == 0 &&
                 (journal.count > 0 || size == 0));
    tar_journal_free(&journal);
    return read;
}

const char *tar_shard_foreign(const struct folder *out, const struct ledger_index *before,
                              const struct tar_files *files, const char *key)
{
    uint64_t size = 0;
    struct error ignored;
    struct tar_journal journal = {0};
    if (!before)
        return folder_has(out, files->tar)     ? files->tar
               : folder_has(out, files->lines) ? files->lines
                                               : NULL;
    if (!folder_has(out, files->tar))
        return are_lines(out, files->lines) ? NULL : files->lines;
    if (!is_there(out, files->tar, &size))
        return files->tar;
    if (is_known(before, key, size))
        return NULL;
    bool ours = tar_journal_read(&journal, out, files->lines, size, NULL, &ignored) == 0 &&
                tar_journal_ends(&journal, size);
    tar_journal_free(&journal);
    /* A start that was killed between the two renames while it replaced this one. */
    return ours || folder_has(out, files->part_tar) ? NULL : files->tar;
}
