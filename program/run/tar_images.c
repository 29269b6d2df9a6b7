#include "program/run/tar_images.h"

#include <string.h>

#include "base/error.h"
#include "base/path.h"
#include "images/image.h"
#include "jobs/list.h"
#include "jobs/progress.h"

enum { MEMBER_MOST = 1 << 30 }; /* largest encoded image, bytes */

/* By the rule that folders have: hidden names are left out, such as the ._NAME.jpg that macOS puts
 * beside each file of an archive. */
static bool is_image(const char *name)
{
    return !path_is_hidden(name) && image_has_extension(path_base(name));
}

int tar_images_open(struct tar_images *images, const char *path, unsigned folds,
                    struct progress *progress, struct error *error)
{
    *images = (struct tar_images){.names = {.folds = folds}, .path = path, .progress = progress};
    return tar_input_open(&images->input, path, (size_t)MEMBER_MOST, error);
}

/* Compares a member with those before it. Returns 1 to give it to the caller, with its fault if
 * any; 0 to skip it; or -1. */
static int check_name(struct tar_images *images, const char *name, struct error *fault)
{
    const char *earlier;
    int known = tar_names_add(&images->names, name, &earlier, fault);
    if (known <= 0)
        return known < 0 ? -1 : 1;
    if (strcmp(earlier, name) == 0) {
        progress_log(images->progress, PROGRESS_WARNING, "%s: '%s' is in it twice; using the first",
                     images->path, name);
        return 0;
    }
    error_set(fault, ERROR_IMAGE,
              "%s: '%s' and '%s' would write the same record '%.*s': rename one", images->path,
              earlier, name, (int)list_stem(name), name);
    return 1;
}

int tar_images_next(struct tar_images *images, struct tar_member *member, struct error *fault)
{
    int found;
    do {
        *fault = (struct error){0};
        found = tar_input_next(images->input, is_image, member, fault);
        if (found < 0 && fault->code == ERROR_IMAGE)
            return 1;
    } while (found > 0 && (found = check_name(images, member->name, fault)) == 0);
    return found;
}

void tar_images_close(struct tar_images *images)
{
    tar_input_close(images->input);
    tar_names_free(&images->names);
}
