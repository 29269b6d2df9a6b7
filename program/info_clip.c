#include "program/info_clip.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/plain_text.h"
#include "model/checkpoint/checkpoint.h"
#include "model/clip/clip.h"
#include "program/command.h"
#include "program/digest.h"
#include "program/model_zoo.h"

/* What is known of the file. */
struct facts {
    const char *path;
    const struct clip_info *clip;
    struct checkpoint_summary summary;
    const struct model_zoo_entry *published; /* or NULL */
    uint64_t bytes;                          /* of all files */
    char sha256[DIGEST_TEXT];
};

bool info_clip_is(const char *path)
{
    struct error unreadable;
    struct checkpoint *checkpoint;
    if (checkpoint_open(&checkpoint, path, &unreadable))
        return false;
    bool found = clip_recognise(checkpoint);
    checkpoint_close(checkpoint);
    return found;
}

static struct facts examine(const char *path, const struct clip *clip)
{
    const struct checkpoint *checkpoint = clip_checkpoint(clip);
    struct facts facts = {
        .path = path, .clip = clip_info(clip), .summary = checkpoint_summary(checkpoint)};
    struct digest *digest = digest_new();
    const void *bytes;
    size_t size;
    for (size_t i = 0; (bytes = checkpoint_bytes(checkpoint, i, &size)); i++) {
        digest_add(digest, bytes, size);
        facts.bytes += size;
    }
    digest_finish(digest, facts.sha256);
    facts.published = model_zoo_identify(facts.sha256);
    return facts;
}

static void print_tower(const char *name, const struct clip_tower_info *tower)
{
    printf("%-15s %d layers of width %d, %d heads, %s\n", name, tower->layers, tower->width,
           tower->heads, tower->activation);
}

static void print_lines(const struct facts *facts)
{
    const struct clip_info *clip = facts->clip;
    const struct model_zoo_entry *published = facts->published;
    plain_line(stdout, "model           %s", facts->path);
    if (published)
        printf("official file   %s (%s, %s)\n", published->file, published->title,
               published->licence);
    else
        puts("official file   none of those known");
    printf("format          %s", facts->summary.format);
    if (facts->summary.files > 1)
        printf(" in %zu files", facts->summary.files);
    puts("");
    if (strcmp(facts->summary.naming, "official") != 0)
        printf("names of        %s\n", facts->summary.naming);
    if (*facts->summary.inside)
        plain_line(stdout, "weights in      %s", facts->summary.inside);
    if (*facts->summary.prefix)
        plain_line(stdout, "prefix dropped  %s", facts->summary.prefix);
    puts("family          CLIP");
    printf("architecture    %s\n", clip->name);
    printf("image size      %d\n", clip->image_size);
    print_tower("image tower", &clip->image);
    print_tower("text tower", &clip->text);
    printf("text            up to %d tokens of %d\n", clip->context, clip->vocabulary);
    printf("embedding       %d\n", clip->width);
    printf("logit scale     %.4g\n", (double)clip->logit_scale);
    printf("parameters      %" PRIu64 " (%.1f M)\n", clip->parameters,
           (double)clip->parameters / 1e6);
    printf("dtype           %s\n", facts->summary.dtype);
    printf("file size       %" PRIu64 " bytes\n", facts->bytes);
    printf("sha256          %s\n", facts->sha256);
}

static void add_string(struct json_text *text, const char *key, const char *value)
{
    json_text_raw(text, key);
    if (value)
        json_text_string(text, value, strlen(value));
    else
        json_text_raw(text, "null");
}

static void add_integer(struct json_text *text, const char *key, uint64_t value)
{
    json_text_raw(text, key);
    json_text_integer(text, (int64_t)value);
}

static int print_json(const struct facts *facts, struct error *error)
{
    const struct clip_info *clip = facts->clip;
    const struct model_zoo_entry *published = facts->published;
    struct json_text text = {0};
    add_string(&text, "{\"model\": ", facts->path);
    add_string(&text, ", \"official\": ", published ? published->name : NULL);
    add_string(&text, ", \"official_file\": ", published ? published->file : NULL);
    add_string(&text, ", \"licence\": ", published ? published->licence : NULL);
    add_string(&text, ", \"format\": ", facts->summary.format);
    add_integer(&text, ", \"files\": ", facts->summary.files);
    add_string(&text, ", \"names_of\": ", facts->summary.naming);
    add_string(&text, ", \"family\": ", "CLIP");
    add_string(&text, ", \"architecture\": ", clip->name);
    add_integer(&text, ", \"image_size\": ", (uint64_t)clip->image_size);
    add_integer(&text, ", \"embed_dim\": ", (uint64_t)clip->width);
    add_integer(&text, ", \"context\": ", (uint64_t)clip->context);
    add_integer(&text, ", \"vocabulary\": ", (uint64_t)clip->vocabulary);
    json_text_raw(&text, ", \"logit_scale\": ");
    json_text_double(&text, (double)clip->logit_scale);
    add_integer(&text, ", \"parameters\": ", clip->parameters);
    add_string(&text, ", \"dtype\": ", facts->summary.dtype);
    add_integer(&text, ", \"bytes\": ", facts->bytes);
    add_string(&text, ", \"sha256\": ", facts->sha256);
    json_text_raw(&text, "}\n");
    return command_print_json(&text, error);
}

int info_clip_print(const char *path, bool json, struct error *error)
{
    struct clip *clip;
    if (clip_load(&clip, path, error))
        return -1;
    const struct facts facts = examine(path, clip);
    int failed = checkpoint_check_unchanged(clip_checkpoint(clip), error);
    if (!failed && json)
        failed = print_json(&facts, error);
    else if (!failed)
        print_lines(&facts);
    clip_free(clip);
    return failed;
}
