/* A CLIP, written down as model_list.h has it: the reader of its towers under either naming, one small image and one text
 * through what it accepts. tests/fuzz/clip_seeds.py writes the seeds. */
#define REPLAY_COPIES 100
#include "replay.h"

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "model/clip/clip_model.h"
#include "model_list.h"

#ifdef LIBFUZZER
#include "model_mutator.h"
#endif

enum { IMAGE_MAX = 64, CONTEXT_USED = 64 };

/* Embeds a grey image and a text, if they are small. */
static void use(const struct clip *clip, struct error *error)
{
    size_t size = clip->weights.image.image_size, context = clip->weights.text.tower.length;
    if (size > IMAGE_MAX || context > CONTEXT_USED)
        return;
    float *input = calloc(3 * size * size, sizeof *input);
    float *embedding = calloc(clip->weights.width, sizeof *embedding);
    int32_t *tokens = calloc(context, sizeof *tokens);
    struct clip_scratch *scratch = clip_scratch_new(clip, 1, 1, error);
    if (input && embedding && tokens && scratch) {
        clip_embed_images(clip, scratch, input, 1, embedding, error);
        tokens[context / 2] = 1;
        clip_embed_text(clip, scratch, tokens, embedding, error);
    }
    clip_scratch_free(scratch);
    free(tokens);
    free(embedding);
    free(input);
}

static void load(const uint8_t *file, size_t size, struct error *error)
{
    struct clip clip = {0};
    if (checkpoint_open_memory(&clip.checkpoint, file, size, "fuzz", error))
        return;
    if (clip_weights_read(&clip.weights, clip.checkpoint, isa_best(), error) == 0)
        use(&clip, error);
    clip_weights_free(&clip.weights);
    checkpoint_close(clip.checkpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    size_t file_size;
    if (size > TEXT_MAX)
        return 0;
    uint8_t *file = model_list_file(data, size, &file_size);
    load(file, file_size, &error);
    free(file);
    return 0;
}
