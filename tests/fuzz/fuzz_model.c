/* A model of any family, written down as a list of names and shapes: the readers of encoders and
 * decoders, and one small image through what they accept. The form of the input is
 * that of model_list.h; tests/fuzz/model_seeds.py writes the seeds. */
#define REPLAY_COPIES 100
#include "replay.h"

#include <stdlib.h>

#include "base/error.h"
#include "model/sam.h"
#include "model_list.h"

#ifdef LIBFUZZER
#include "model_mutator.h"
#endif

enum {
    IMAGE_MAX = 128, /* pixels and positions of an image that is worth its time */
    GRID_MAX = 8
};

/* Encodes a grey image and decodes a point and a box. */
static void use(const struct sam *sam, struct error *error)
{
    const struct sam_info *info = sam_info(sam);
    size_t pixels = (size_t)info->image_size * (size_t)info->image_size;
    const double xy[2] = {1, 2};
    const float box[4] = {1, 1, 9, 9};
    const struct sam_prompts point = {.count = 1, .points = 1, .xy = xy};
    const struct sam_prompts boxes = {.count = 1, .boxes = box};
    const int which[] = {0, SAM_MASKS - 1};
    float iou[SAM_MASKS];
    float *input = calloc(3 * pixels, sizeof *input);
    float *logits = calloc((size_t)info->low_size * (size_t)info->low_size, 2 * sizeof *logits);
    struct sam_encoder *encoder = sam_encoder_new(sam, 1, error);
    struct sam_image *image = sam_image_new(sam, error);
    struct sam_decoder *decoder = sam_decoder_new(sam, error);
    if (input && logits && encoder && image && decoder &&
        sam_encode(sam, encoder, input, 1, image, error) == 0) {
        sam_decode(decoder, image, &point, iou);
        sam_logits(decoder, image, 0, which, 2, logits);
        sam_decode(decoder, image, &boxes, iou);
        sam_single_logits(decoder, image, 0, iou, logits);
    }
    sam_decoder_free(decoder);
    sam_image_free(image);
    sam_encoder_free(encoder);
    free(logits);
    free(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sam_options options = {0};
    struct error error = {0};
    struct sam *sam;
    size_t file_size;
    if (size > TEXT_MAX)
        return 0;
    uint8_t *file = model_list_file(data, size, &file_size);
    if (sam_load_memory(&sam, file, file_size, "fuzz", &options, &error) == 0) {
        if (sam_info(sam)->image_size <= IMAGE_MAX && sam_info(sam)->grid <= GRID_MAX)
            use(sam, &error);
        sam_free(sam);
    }
    free(file);
    return 0;
}
