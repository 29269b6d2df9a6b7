#include "program/similar/similar_texts.h"

#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/half.h"
#include "base/memory.h"
#include "jobs/runfile.h"
#include "model/clip/clip.h"
#include "pipeline/classifier.h"
#include "program/label/labels.h"
#include "program/run/run_folder.h"
#include "program/settings.h"
#include "program/similar/similar_run.h"
#include "search/search.h"
#include "search/search_index.h"

/* Compares what the run's own file says of its embeddings. */
static int check_fields(const struct runfile_list *fields, const char *path,
                        const char sha256[DIGEST_TEXT], struct error *error)
{
    const char *kind = runfile_value(fields, "embeddings");
    const char *clip = runfile_value(fields, "clip_sha256");
    if (!kind || strcmp(kind, "clip") != 0)
        return error_set(error, ERROR_USAGE,
                         "%s: its embeddings are none of CLIP's, so no text can be compared with "
                         "them; maskmill run --embeddings clip makes such",
                         path);
    return clip && strcmp(clip, sha256) == 0
               ? 0
               : error_set(error, ERROR_USAGE,
                           "%s: its embeddings were made with another checkpoint than that of "
                           "--clip",
                           path);
}

/* Refuses embeddings that are not of the same CLIP. A run without a file of its own is believed. */
static int check_run(const struct similar_run *run, const struct labels *labels,
                     struct error *error)
{
    struct runfile_list fields = {0};
    char sha256[DIGEST_TEXT];
    const size_t width = (size_t)clip_info(labels_clip(labels))->width;
    if (labels_clip_digest(labels, sha256, error))
        return -1;
    if (folder_has(run->folder, RUN_FILE)) {
        int status = runfile_read(run->folder, RUN_FILE, &fields, error);
        if (status == 0)
            status = check_fields(&fields, run->folder->path, sha256, error);
        runfile_free(&fields);
        if (status)
            return -1;
    }
    const struct search_rows rows = search_index_rows(run->index);
    return rows.count == 0 || rows.width == width
               ? 0
               : error_set(error, ERROR_USAGE,
                           "%s: its embeddings have %zu numbers, those of --clip %zu",
                           run->folder->path, rows.width, width);
}

static int fill(struct similar_texts *texts, struct error *error)
{
    texts->count = labels_count(texts->labels);
    texts->width = (size_t)clip_info(labels_clip(texts->labels))->width;
    texts->halves = memory_new(texts->count, texts->width * sizeof *texts->halves, "texts", error);
    if (!texts->halves)
        return -1;
    for (size_t i = 0; i < texts->count; i++) {
        const float *row = clip_classes_row(labels_classes(texts->labels), i);
        for (size_t k = 0; k < texts->width; k++)
            texts->halves[i * texts->width + k] = half_of(row[k]);
    }
    return 0;
}

int similar_texts_open(struct similar_texts *texts, const struct similar_run *run, int threads,
                       struct error *error)
{
    if (run->settings->text.count == 0)
        return 0;
    return labels_open_texts(&texts->labels, run->settings, error) ||
                   check_run(run, texts->labels, error) ||
                   labels_prepare(texts->labels, threads, error) || fill(texts, error)
               ? -1
               : 0;
}

void similar_texts_free(struct similar_texts *texts)
{
    labels_free(texts->labels);
    memory_free(texts->halves);
    *texts = (struct similar_texts){0};
}

const char *similar_texts_name(const struct similar_texts *texts, size_t number)
{
    return labels_name_of(texts->labels, number);
}
