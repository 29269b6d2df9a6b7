#include "program/run/tar_images.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/path.h"
#include "images/image.h"
#include "jobs/list.h"
#include "jobs/name_rules.h"
#include "jobs/progress.h"

enum {
    NAMES_MOST = 256 << 20, /* bytes of all names that are kept of a tar */
    HASH_BYTES = 16,        /* of a name in a hash set */
    REPEATS_SAID = 20       /* members of the same name, in one tar */
};

static const char *called(const struct tar_images *images)
{
    return tar_input_called(images->options.input.path);
}

/* Counts the bytes of a name before it is kept: a small tar may unpack to names without end. */
static int count_name(struct tar_images *images, size_t bytes, struct error *fault)
{
    images->name_bytes += bytes;
    if (images->name_bytes <= NAMES_MOST)
        return 0;
    return error_set(fault, ERROR_IO, "%s: the names in it take more than %d MB; split it",
                     called(images), NAMES_MOST >> 20);
}

/* Whether the tar can be read twice. */
static bool is_file(const struct tar_images *images)
{
    struct stat status;
    const struct tar_input_options *input = &images->options.input;
    const char *path = input->file ? input->file : input->path;
    return strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Opens the tar and goes past the members that have been read. */
static int open_again(struct tar_images *images, uint64_t members, struct error *fault)
{
    struct tar_member member;
    int found = 1;
    tar_input_close(images->input);
    if (tar_input_open(&images->input, &images->options.input, fault))
        return -1;
    for (uint64_t i = 0; i < members && found != 0; i++) {
        found = tar_input_next(images->input, &member, fault);
        if (found < 0 && fault->code != ERROR_IMAGE)
            return -1;
    }
    *fault = (struct error){0};
    return 0;
}

/* After a failure: whether the reading goes on behind that many members, because only the process
 * that reads was lost. That may be for want of memory, so the images in hand are done first. */
static bool recover(struct tar_images *images, uint64_t members, struct error *fault)
{
    const struct tar_images_options *options = &images->options;
    while (fault->system == ECHILD && images->losses < options->retries && is_file(images)) {
        images->losses++;
        progress_log(options->progress, PROGRESS_WARNING, "%s; trying again", fault->text);
        options->input.make_room(options->input.context);
        *fault = (struct error){0};
        if (open_again(images, members, fault) == 0)
            return true;
    }
    return false;
}

/* As tar_input_next. */
static int next_entry(struct tar_images *images, struct tar_member *member, struct error *fault)
{
    int found;
    do {
        *fault = (struct error){0};
        found = tar_input_next(images->input, member, fault);
    } while (found < 0 && fault->code != ERROR_IMAGE && recover(images, images->at, fault));
    images->at += found != 0;
    return found;
}

/* As tar_input_read, for the member of next_entry; but it returns 0 for one that is too large. */
static int read_entry(struct tar_images *images, struct tar_member *member, struct error *fault)
{
    while (tar_input_read(images->input, member, fault) && fault->code != ERROR_IMAGE) {
        int found = -1;
        while (found < 0 && fault->code != ERROR_IMAGE) {
            if (!recover(images, images->at - 1, fault))
                return -1;
            found = tar_input_next(images->input, member, fault);
        }
        if (found == 0)
            return error_set(fault, ERROR_IO, "%s: it changed while it was read", called(images));
    }
    return 0;
}

int tar_images_open(struct tar_images *images, const struct tar_images_options *options,
                    struct error *error)
{
    *images = (struct tar_images){.options = *options, .names = {.folds = options->folds}};
    return open_again(images, 0, error) && !recover(images, 0, error) ? -1 : 0;
}

/* Whether a member is an image by the rules that folders have. If not, counts it. */
static bool is_image(struct tar_images *images, const char *name)
{
    enum passed_reason reason = name_rules_path(images->options.rules, name);
    if (reason != PASSED_NOT)
        passed_over_add(&images->passed, reason);
    else if (!image_has_extension(path_base(name)))
        passed_over_name(&images->passed, name);
    else
        return true;
    return false;
}

/* Notes the name of an image. Returns 1; 0 if it was there before, and is to be skipped; or -1. *earlier becomes
 * another image that writes the same record, or NULL. */
static int note_name(struct tar_images *images, const char *name, const char **earlier,
                     struct error *fault)
{
    if (count_name(images, strlen(name) + HASH_BYTES, fault))
        return -1;
    int known = tar_names_add(&images->names, name, earlier, fault);
    if (known <= 0)
        *earlier = NULL;
    int repeated = known;
    if (*earlier && strcmp(*earlier, name) != 0)
        repeated = hash_set_put(&images->clashing, hash_bytes(name, strlen(name)), fault);
    if (repeated <= 0)
        return repeated < 0 ? -1 : 1;
    passed_over_add(&images->passed, PASSED_REPEATED);
    if (images->repeats++ < REPEATS_SAID)
        progress_log(images->options.progress, PROGRESS_WARNING,
                     "%s: '%s' is in it twice; using the first%s", called(images), name,
                     images->repeats < REPEATS_SAID ? "" : " (others are only counted)");
    return 0;
}

/* Compares an image with those before it. Returns 1 to give it to the caller, with its fault if
 * any; 0 to skip it; or -1. */
static int check_name(struct tar_images *images, const char *name, struct error *fault)
{
    const char *earlier;
    int noted = note_name(images, name, &earlier, fault);
    if (noted <= 0)
        return noted;
    if (!earlier) {
        images->taken++;
        return 1;
    }
    images->shares_record = true;
    error_set(fault, ERROR_IMAGE,
              "%s: '%s' and '%s' would write the same record '%.*s': rename one", called(images),
              earlier, name, (int)list_stem(name), name);
    return 1;
}

/* Returns 1 to give the file to the caller, 0 to skip it, or -1. */
static int take_file(struct tar_images *images, struct tar_member *member, struct error *fault)
{
    if (count_name(images, HASH_BYTES, fault) ||
        tar_links_file(&images->links, member->name, fault))
        return -1;
    if (!is_image(images, member->name))
        return 0;
    int taken = check_name(images, member->name, fault);
    if (taken <= 0 || fault->code)
        return taken;
    return read_entry(images, member, fault) ? -1 : 1;
}

/* Notes a link for the second reading. Returns 0; 1 if it is unusable, with its fault; or -1. */
static int take_link(struct tar_images *images, const struct tar_member *member,
                     struct error *fault)
{
    const char *name = member->name;
    bool image = is_image(images, name);
    if (!member->target || !tar_links_know(&images->links, member->target)) {
        if (image)
            passed_over_add(&images->passed, PASSED_DANGLING);
        return 0;
    }
    int taken = image ? check_name(images, name, fault) : 1;
    if (taken <= 0 || fault->code)
        return taken;
    if (count_name(images, strlen(name) + strlen(member->target) + sizeof(struct tar_link), fault))
        return -1;
    bool wanted = image && images->options.wants(images->options.context, name);
    return tar_links_add(&images->links, name, member->target, wanted, fault);
}

/* Returns 1 to give the member to the caller, 0 to skip it, or -1. */
static int take_member(struct tar_images *images, struct tar_member *member, struct error *fault)
{
    switch (member->kind) {
    case TAR_FILE:
        return take_file(images, member, fault);
    case TAR_LINK:
        return take_link(images, member, fault);
    case TAR_SPECIAL:
        passed_over_add(&images->passed, PASSED_SPECIAL);
        return 0;
    case TAR_FOLDER:
        break;
    }
    return 0;
}

/* A member whose name leads out of the folder, as *fault says. */
static int refuse_name(struct tar_images *images, const struct tar_member *member,
                       struct error *fault)
{
    const char *earlier;
    struct error failure;
    if (member->kind == TAR_LINK) {
        passed_over_add(&images->passed, PASSED_DANGLING);
        return 0;
    }
    int noted = note_name(images, member->name, &earlier, &failure);
    if (noted < 0)
        *fault = failure;
    if (noted <= 0)
        return noted;
    images->taken++;
    images->shares_record = true; /* for all that anybody knows */
    return 1;
}

/* The first reading. Returns as tar_images_next. */
static int next_member(struct tar_images *images, struct tar_member *member, struct error *fault)
{
    for (;;) {
        int found = next_entry(images, member, fault);
        if (found == 0)
            return 0;
        if (found < 0 && fault->code != ERROR_IMAGE)
            return -1;
        found = found < 0 ? refuse_name(images, member, fault) : take_member(images, member, fault);
        if (found != 0)
            return found;
    }
}

/* Opens the tar a second time, if there are links to read and it is no pipe. Returns 1 if so. */
static int begin_again(struct tar_images *images, struct error *fault)
{
    images->again = true;
    images->at = 0;
    if (images->links.wanted == 0)
        return 0;
    if (!is_file(images)) {
        images->passed.counts[PASSED_DANGLING] += images->links.wanted;
        return 0;
    }
    if (tar_links_resolve(&images->links, fault))
        return -1;
    return open_again(images, 0, fault) && !recover(images, 0, fault) ? -1 : 1;
}

/* The next link to the file in images->member. Returns 1, or 0 if there is none. */
static int next_due(struct tar_images *images, struct tar_member *member, struct error *fault)
{
    while (images->due_count > 0) {
        struct tar_link *link = images->due++;
        images->due_count--;
        if (!link->wanted)
            continue;
        link->wanted = false; /* a file of this name may follow again */
        images->links.wanted--;
        *fault = images->fault;
        *member = images->member;
        member->name = link->name;
        return 1;
    }
    return 0;
}

/* Goes to the next file that links lead to, in the second reading. Returns 1, 0 at the end, or -1.
 */
static int find_due(struct tar_images *images, struct error *fault)
{
    int found;
    do {
        found = next_entry(images, &images->member, fault);
        if (found < 0 && fault->code != ERROR_IMAGE)
            return -1;
        if (found > 0 && images->member.kind == TAR_FILE)
            images->due = tar_links_to(&images->links, images->member.name, &images->due_count);
    } while (found != 0 && images->due_count == 0);
    if (found > 0 && read_entry(images, &images->member, fault))
        return -1;
    images->fault = *fault;
    return found;
}

/* The second reading. Returns as tar_images_next. */
static int next_link(struct tar_images *images, struct tar_member *member, struct error *fault)
{
    for (;;) {
        if (next_due(images, member, fault))
            return 1;
        if (images->links.wanted == 0)
            return 0;
        int found = find_due(images, fault);
        if (found == 0) /* the tar has changed meanwhile */
            images->passed.counts[PASSED_DANGLING] += images->links.wanted;
        if (found <= 0)
            return found;
    }
}

int tar_images_next(struct tar_images *images, struct tar_member *member, struct error *fault)
{
    images->shares_record = false;
    int found = images->again ? 1 : next_member(images, member, fault);
    if (found != 0 && !images->again)
        return found;
    if (!images->again && (found = begin_again(images, fault)) <= 0)
        return found;
    return next_link(images, member, fault);
}

void tar_images_close(struct tar_images *images)
{
    tar_input_close(images->input);
    tar_names_free(&images->names);
    hash_set_free(&images->clashing);
    tar_links_free(&images->links);
}
