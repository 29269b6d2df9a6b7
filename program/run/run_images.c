#include "program/run/run_images.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "jobs/ledger_index.h"
#include "program/run/run.h"
#include "records/image_place.h"

/* An input: a folder, or one file in its folder. */
struct input {
    struct folder *folder;
    const char *name; /* of the file; NULL: the input is the folder */
};

struct run_images {
    struct ledger_index *done;
    struct input *inputs; /* owned: [count] */
    size_t count;
};

static int open_input(struct input *input, const char *path, bool trusted, struct error *error)
{
    struct stat status;
    if (stat(path, &status))
        return 0; /* it was there when the run began: its images are not found */
    input->folder = S_ISDIR(status.st_mode) ? folder_open(path, trusted, error)
                                            : folder_of(path, &input->name, error);
    return input->folder ? 0 : -1;
}

static int open_all(struct run_images *images, const struct run_config *config, struct error *error)
{
    const bool trusted = config->settings->trust_folder;
    const size_t count = (size_t)config->input_count;
    images->inputs = memory_new(count + 1, sizeof *images->inputs, "inputs", error);
    if (!images->inputs)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (open_input(&images->inputs[images->count++], config->inputs[i], trusted, error))
            return -1;
    /* The paths of a list are the user's own, with all links on their way. */
    return config->settings->list ? open_input(&images->inputs[images->count++], ".", true, error)
                                  : 0;
}

struct run_images *run_images_new(const struct run_config *config, struct error *error)
{
    struct run_images *images = memory_new(1, sizeof *images, "images of the run", error);
    if (images && open_all(images, config, error) == 0 &&
        (images->done = ledger_index_read(config->output, NULL, error)))
        return images;
    run_images_free(images);
    return NULL;
}

static bool is_in(const struct input *input, const char *file_name)
{
    if (input->name)
        return strcmp(input->name, file_name) == 0;
    return input->folder && folder_has(input->folder, file_name);
}

bool run_images_find(const struct run_images *images, const char *file_name,
                     struct image_place *place)
{
    *place = (struct image_place){.name = file_name};
    if (ledger_index_find(images->done, file_name).status != LEDGER_DONE)
        place->refusal = "its image is none that this run has done, so it is not packed; remove "
                         "the record if it is not yours";
    for (size_t i = 0; !place->refusal && !place->folder && i < images->count; i++)
        if (is_in(&images->inputs[i], file_name))
            place->folder = images->inputs[i].folder;
    return place->folder || place->refusal;
}

void run_images_free(struct run_images *images)
{
    if (!images)
        return;
    for (size_t i = 0; i < images->count; i++)
        folder_close(images->inputs[i].folder);
    memory_free(images->inputs);
    ledger_index_free(images->done);
    memory_free(images);
}
