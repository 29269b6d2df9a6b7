#include "program/segmenter.h"

#include <stdlib.h>

#include "base/error.h"
#include "include/maskmill.h"
#include "pipeline/options.h"
#include "program/settings.h"

int segmenter_error(struct error *to, const struct mm_error *from)
{
    static const enum error_code codes[] = {
        [MM_OK] = ERROR_NONE,
        [MM_ERROR_USAGE] = ERROR_USAGE,
        [MM_ERROR_MODEL] = ERROR_MODEL,
        [MM_ERROR_IMAGE] = ERROR_IMAGE,
        [MM_ERROR_RECORD] = ERROR_RECORD,
        [MM_ERROR_IO] = ERROR_IO,
        [MM_ERROR_MEMORY] = ERROR_MEMORY,
        [MM_ERROR_STOPPED] = ERROR_STOPPED,
        [MM_ERROR_UNSUPPORTED] = ERROR_UNSUPPORTED,
    };
    error_set(to, codes[from->code], "%s", from->text);
    to->system = from->system;
    return -1;
}

static struct mm_options *make_options(const struct generator_options *generator,
                                       struct mm_error *error)
{
    struct mm_options *options = mm_options_new(NULL, error);
    int status = options ? 0 : -1;
    for (int id = 0; status == 0 && id < GENERATOR_OPTIONS; id++) {
        const struct generator_option *option = generator_option((enum generator_option_id)id);
        status = mm_options_set(options, (enum mm_option)id,
                                generator_options_get(generator, option), error);
    }
    if (status == 0 && generator->own_points)
        status = mm_options_set_points(options, generator->own_points,
                                       (size_t)generator->own_point_count, error);
    if (status == 0)
        return options;
    mm_options_free(options);
    return NULL;
}

struct mm_segmenter *segmenter_new(const struct mm_model *model, const struct settings *settings,
                                   int threads, struct error *error)
{
    struct mm_error failure = {0};
    struct mm_options *options = make_options(&settings->generator, &failure);
    struct mm_segmenter *segmenter =
        options ? mm_segmenter_new(model, options, threads, &failure) : NULL;
    mm_options_free(options);
    if (!segmenter)
        segmenter_error(error, &failure);
    return segmenter;
}

int segmenter_set_image(struct mm_segmenter *segmenter, const struct mm_image *image,
                        struct error *error)
{
    struct mm_error failure = {0};
    if (mm_segmenter_set_image(segmenter, image, &failure))
        return segmenter_error(error, &failure);
    return 0;
}
