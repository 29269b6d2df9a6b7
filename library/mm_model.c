#include "base/error.h"
#include "base/memory.h"
#include "library/mm_handles.h"
#include "model/builtin.h"
#include "model/sam.h"

static int load(struct sam **sam, const char *path, const struct sam_options *options,
                struct error *error)
{
    if (path)
        return sam_load(sam, path, options, error);
    return sam_load_memory(sam, builtin_model, builtin_model_size, "built-in model", options,
                           error);
}

static struct sam_options sam_options_of(const struct mm_model_options *options)
{
    static const enum sam_precision precisions[] = {
        [MM_F32] = SAM_F32, [MM_BF16] = SAM_BF16, [MM_F16] = SAM_F16};
    struct sam_options result = {0};
    if (options) {
        result.image_size = options->image_size;
        result.precision = precisions[options->precision];
    }
    return result;
}

static int check(const struct mm_model_options *options, struct error *error)
{
    if (options && (unsigned)options->precision > MM_F16)
        return error_set(error, ERROR_USAGE, "there is no precision %d", (int)options->precision);
    return 0;
}

/* Wraps a loaded model; frees it on failure. */
static struct mm_model *wrap(struct sam *sam, struct error *error)
{
    struct mm_model *model = memory_new(1, sizeof *model, "model", error);
    if (model)
        model->sam = sam;
    else
        sam_free(sam);
    return model;
}

struct mm_model *mm_model_open(const char *path, const struct mm_model_options *options,
                               struct mm_error *caller)
{
    struct error error = {0};
    struct sam *sam;
    struct mm_model *model = NULL;
    if (check(options, &error) == 0) {
        const struct sam_options wanted = sam_options_of(options);
        if (load(&sam, path, &wanted, &error) == 0)
            model = wrap(sam, &error);
    }
    if (!model)
        mm_error_fill(caller, &error);
    return model;
}

struct mm_model *mm_model_open_memory(const void *bytes, size_t size,
                                      const struct mm_model_options *options,
                                      struct mm_error *caller)
{
    struct error error = {0};
    struct sam *sam;
    struct mm_model *model = NULL;
    if (check(options, &error) == 0) {
        const struct sam_options wanted = sam_options_of(options);
        if (sam_load_memory(&sam, bytes, size, "model in memory", &wanted, &error) == 0)
            model = wrap(sam, &error);
    }
    if (!model)
        mm_error_fill(caller, &error);
    return model;
}

void mm_model_free(struct mm_model *model)
{
    if (!model)
        return;
    sam_free(model->sam);
    memory_free(model);
}

const char *mm_model_name(const struct mm_model *model)
{
    return sam_info(model->sam)->name;
}

int mm_model_image_size(const struct mm_model *model)
{
    return sam_info(model->sam)->image_size;
}

int mm_model_low_size(const struct mm_model *model)
{
    return sam_info(model->sam)->low_size;
}

uint64_t mm_model_parameters(const struct mm_model *model)
{
    return sam_info(model->sam)->parameters;
}

const char *mm_model_metadata(const struct mm_model *model, const char *key)
{
    return sam_metadata(model->sam, key);
}
