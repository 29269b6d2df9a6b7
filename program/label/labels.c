#include "program/label/labels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/name_index.h"
#include "base/utf8.h"
#include "model/checkpoint/checkpoint.h"
#include "model/clip/clip.h"
#include "model/clip/clip_tokens.h"
#include "pipeline/classifier.h"
#include "program/label/clip_open.h"
#include "program/review/review_classes.h"
#include "program/settings.h"
#include "records/record.h"

/* The seven that CLIP's authors found to do as well together as their eighty (notebooks/
 * Prompt_Engineering_for_ImageNet.ipynb). */
static const char *const usual_templates[] = {
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
};
static const char *const plain_template[] = {"{}"};

struct labels {
    const struct settings *settings;
    struct clip *clip;
    struct clip_tokenizer *tokenizer;
    struct name_index names;
    const char *const *templates; /* [template_count], borrowed */
    size_t template_count;
    int32_t *tokens;              /* [names][templates][context] */
    struct clip_classes *classes; /* NULL until labels_prepare */
};

bool labels_embed(const struct settings *settings)
{
    return settings->embeddings && strcmp(settings->embeddings, "clip") == 0;
}

int labels_check_options(const struct settings *settings, struct error *error)
{
    const char *alone = settings->clip_vocab       ? "clip-vocab"
                        : settings->template.count ? "template"
                        : settings->class_min > 0  ? "class-min"
                                                   : NULL;
    const bool sees = settings->classes || labels_embed(settings);
    if (labels_embed(settings) && !settings->clip)
        return error_set(
            error, ERROR_USAGE,
            "--embeddings clip needs --clip FILE: CLIP's checkpoint; see docs/text.md");
    if (settings->classes && !settings->clip)
        return error_set(error, ERROR_USAGE,
                         "--classes needs --clip FILE: the checkpoint that knows texts; see "
                         "docs/text.md");
    if (!settings->classes && settings->clip && !labels_embed(settings))
        return error_set(error, ERROR_USAGE,
                         "--clip needs --classes FILE: names of classes, one a line; or "
                         "--embeddings clip");
    if (!sees && settings_given(settings, "clip-background"))
        return error_set(error, ERROR_USAGE,
                         "--clip-background: only with --classes or --embeddings clip");
    if (!settings->classes && alone)
        return error_set(error, ERROR_USAGE, "--%s: only with --classes and --clip", alone);
    return 0;
}

/* ---- texts */

static int check_template(const char *template, struct error *error)
{
    if (!strstr(template, "{}"))
        return error_set(error, ERROR_USAGE,
                         "--template \"%s\": has no {}, where the name of the class goes",
                         template);
    return utf8_valid(template, strlen(template))
               ? 0
               : error_set(error, ERROR_USAGE, "--template \"%s\": is not UTF-8", template);
}

/* The template with the name in the place of its first {}. The caller frees it with free(3). */
static char *fill_in(const char *template, const char *name, struct error *error)
{
    char *text;
    const char *place = strstr(template, "{}");
    if (asprintf(&text, "%.*s%s%s", (int)(place - template), template, name, place + 2) >= 0)
        return text;
    error_set(error, ERROR_MEMORY, "no memory for a text");
    return NULL;
}

static int tokenise_name(struct labels *labels, size_t number, struct error *error)
{
    const char *name = labels->names.names[number];
    size_t context = (size_t)clip_info(labels->clip)->context;
    for (size_t i = 0; i < labels->template_count; i++) {
        int32_t *tokens = labels->tokens + (number * labels->template_count + i) * context;
        char *text = fill_in(labels->templates[i], name, error);
        int status =
            text ? clip_tokenize(labels->tokenizer, text, false, tokens, (int)context, error) : -1;
        free(text);
        if (status)
            return error_prefix(error, "\"%s\"", name);
    }
    return 0;
}

static int tokenise(struct labels *labels, struct error *error)
{
    size_t context = (size_t)clip_info(labels->clip)->context;
    labels->tokens = memory_new(labels->names.count * labels->template_count,
                                context * sizeof *labels->tokens, "tokens", error);
    int status = labels->tokens ? 0 : -1;
    for (size_t i = 0; status == 0 && i < labels->names.count; i++)
        status = tokenise_name(labels, i, error);
    return status;
}

/* ---- names */

static int read_names(struct labels *labels, struct error *error)
{
    const struct settings *settings = labels->settings;
    struct review_classes file = {0};
    if (!settings->classes)
        return 0;
    int status = review_classes_read(&file, settings->classes, error);
    for (size_t i = 0; status == 0 && i < file.count; i++)
        if (name_index_put(&labels->names, file.names[i], error) == NAME_INDEX_NONE)
            status = -1;
    review_classes_free(&file);
    if (status == 0 && labels->names.count == 0)
        status = error_set(error, ERROR_USAGE, "--classes %s: has no name", settings->classes);
    labels->templates = usual_templates;
    labels->template_count = sizeof usual_templates / sizeof *usual_templates;
    if (settings->template.count) {
        labels->templates = (const char *const *)settings->template.texts;
        labels->template_count = settings->template.count;
    }
    for (size_t i = 0; status == 0 && i < labels->template_count; i++)
        status = check_template(labels->templates[i], error);
    return status;
}

static int take_texts(struct labels *labels, struct error *error)
{
    const struct setting_texts *texts = &labels->settings->text;
    for (size_t i = 0; i < texts->count; i++) {
        if (!record_is_category(texts->texts[i]) ||
            !utf8_valid(texts->texts[i], strlen(texts->texts[i])))
            return error_set(error, ERROR_USAGE,
                             "--text: must be 1 to %d bytes of UTF-8 without control characters",
                             RECORD_CATEGORY_MAX);
        if (name_index_put(&labels->names, texts->texts[i], error) == NAME_INDEX_NONE)
            return -1;
    }
    labels->templates = plain_template;
    labels->template_count = 1;
    return 0;
}

/* ---- opening */

/* Makes labels whose names `read` finds. */
static int open_labels(struct labels **labels, const struct settings *settings,
                       int (*read)(struct labels *, struct error *), struct error *error)
{
    *labels = memory_new(1, sizeof **labels, "classes", error);
    if (!*labels)
        return -1;
    (*labels)->settings = settings;
    if (read(*labels, error) == 0 &&
        clip_open(&(*labels)->clip, (*labels)->names.count ? &(*labels)->tokenizer : NULL, settings,
                  error) == 0 &&
        tokenise(*labels, error) == 0)
        return 0;
    labels_free(*labels);
    *labels = NULL;
    return -1;
}

int labels_open_classes(struct labels **labels, const struct settings *settings,
                        struct error *error)
{
    return open_labels(labels, settings, read_names, error);
}

int labels_open_texts(struct labels **labels, const struct settings *settings, struct error *error)
{
    return open_labels(labels, settings, take_texts, error);
}

int labels_prepare(struct labels *labels, int threads, struct error *error)
{
    const struct clip_texts texts = {
        .tokens = labels->tokens,
        .classes = labels->names.count,
        .texts = labels->template_count,
    };
    if (labels->names.count == 0)
        return 0;
    labels->classes = clip_classes_new(labels->clip, &texts, threads, error);
    return labels->classes ? 0 : -1;
}

void labels_free(struct labels *labels)
{
    if (!labels)
        return;
    clip_classes_free(labels->classes);
    memory_free(labels->tokens);
    name_index_free(&labels->names);
    clip_tokenizer_free(labels->tokenizer);
    clip_free(labels->clip);
    memory_free(labels);
}

size_t labels_count(const struct labels *labels)
{
    return labels->names.count;
}

const char *labels_name_of(const struct labels *labels, size_t number)
{
    return number < labels->names.count ? labels->names.names[number] : NULL;
}

const struct clip *labels_clip(const struct labels *labels)
{
    return labels->clip;
}

const struct clip_classes *labels_classes(const struct labels *labels)
{
    return labels->classes;
}

/* ---- digests */

int labels_check_unchanged(const struct labels *labels, struct error *error)
{
    return checkpoint_check_unchanged(clip_checkpoint(labels->clip), error);
}

/* Adds an activation that the checkpoint does not have from its tensors (config.json): the embeddings depend on it.
 * Without one the sum is that of the file. */
static void add_activation(struct digest *digest, const char *tower,
                           const struct clip_tower_info *info)
{
    if (strcmp(info->activation, "QuickGELU") == 0)
        return;
    digest_add(digest, tower, strlen(tower) + 1);
    digest_add(digest, info->activation, strlen(info->activation) + 1);
}

int labels_clip_digest(const struct labels *labels, char text[DIGEST_TEXT], struct error *error)
{
    const struct checkpoint *checkpoint = clip_checkpoint(labels->clip);
    struct digest *digest = digest_new();
    const void *bytes;
    size_t size;
    for (size_t i = 0; (bytes = checkpoint_bytes(checkpoint, i, &size)); i++)
        digest_add(digest, bytes, size);
    add_activation(digest, "image", &clip_info(labels->clip)->image);
    add_activation(digest, "text", &clip_info(labels->clip)->text);
    digest_finish(digest, text);
    return labels_check_unchanged(labels, error);
}

void labels_digest(const struct labels *labels, char text[DIGEST_TEXT])
{
    size_t context = (size_t)clip_info(labels->clip)->context;
    struct digest *digest = digest_new();
    for (size_t i = 0; i < labels->names.count; i++)
        digest_add(digest, labels->names.names[i], strlen(labels->names.names[i]) + 1);
    digest_add(digest, labels->tokens,
               labels->names.count * labels->template_count * context * sizeof *labels->tokens);
    digest_finish(digest, text);
}

struct classifier *labels_worker(const struct labels *labels, int threads, struct error *error)
{
    bool keep = strcmp(labels->settings->clip_background, "keep") == 0;
    return classifier_new(labels->clip, keep ? CLIP_BACKGROUND_KEEP : CLIP_BACKGROUND_MEAN, threads,
                          error);
}

double labels_class_min(const struct labels *labels)
{
    return labels->settings->class_min;
}
