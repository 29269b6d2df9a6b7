#include "pipeline/classifier.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "images/image.h"
#include "model/clip/clip.h"

enum {
    BATCH = 8,  /* masks that go through the image tower together */
    TEXTS = 64, /* texts that go through the text tower together */
    LANES = 8   /* partial sums of a product, which fill a vector register */
};

struct clip_classes {
    size_t count;
    size_t width;      /* E */
    double scale;      /* of similarities to logits */
    float *embeddings; /* [count][E] */
};

struct classifier {
    const struct clip *clip;
    struct clip_scratch *scratch;
    struct clip_crop *crop;
    size_t width;      /* E */
    size_t input;      /* 3 * S * S */
    float *inputs;     /* [BATCH][3][S][S] */
    float *embeddings; /* [BATCH][E] */
};

static float dot(const float *a, const float *b, size_t width)
{
    float sums[LANES] = {0};
    float sum = 0;
    size_t i = 0;
    for (; i + LANES <= width; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            sums[lane] += a[i + lane] * b[i + lane];
    for (; i < width; i++)
        sum += a[i] * b[i];
    for (size_t lane = 0; lane < LANES; lane++)
        sum += sums[lane];
    return sum;
}

static void make_unit(float *embedding, size_t width)
{
    float length = sqrtf(dot(embedding, embedding, width));
    for (size_t i = 0; i < width; i++)
        embedding[i] /= length;
}

/* Adds the embeddings of texts `first` .. `first` + `count` - 1, all classes' in a row, up in their classes' rows. */
static void add_up(const struct clip_classes *classes, const struct clip_texts *texts, size_t first,
                   size_t count, float *embeddings)
{
    for (size_t i = 0; i < count; i++) {
        float *embedding = embeddings + i * classes->width;
        float *sum = classes->embeddings + (first + i) / texts->texts * classes->width;
        make_unit(embedding, classes->width);
        for (size_t k = 0; k < classes->width; k++)
            sum[k] += embedding[k];
    }
}

static int embed_texts(const struct clip_classes *classes, const struct clip *clip,
                       const struct clip_texts *texts, struct clip_scratch *scratch,
                       float *embeddings, struct error *error)
{
    size_t context = (size_t)clip_info(clip)->context;
    size_t all = texts->classes * texts->texts;
    for (size_t first = 0; first < all; first += TEXTS) {
        size_t count = all - first < TEXTS ? all - first : TEXTS;
        if (clip_embed_texts(clip, scratch, texts->tokens + first * context, (int)count, embeddings,
                             error))
            return -1;
        add_up(classes, texts, first, count, embeddings);
    }
    for (size_t i = 0; i < classes->count; i++)
        make_unit(classes->embeddings + i * classes->width, classes->width);
    return 0;
}

static int embed_classes(const struct clip_classes *classes, const struct clip *clip,
                         const struct clip_texts *texts, int threads, struct error *error)
{
    struct clip_scratch *scratch = clip_scratch_new(clip, 1, threads, error);
    float *embeddings =
        memory_new(TEXTS, classes->width * sizeof *embeddings, "text embeddings", error);
    int status =
        scratch && embeddings ? embed_texts(classes, clip, texts, scratch, embeddings, error) : -1;
    memory_free(embeddings);
    clip_scratch_free(scratch);
    return status;
}

struct clip_classes *clip_classes_new(const struct clip *clip, const struct clip_texts *texts,
                                      int threads, struct error *error)
{
    const struct clip_info *info = clip_info(clip);
    struct clip_classes *classes = memory_new(1, sizeof *classes, "classes", error);
    if (!classes)
        return NULL;
    classes->count = texts->classes;
    classes->width = (size_t)info->width;
    classes->scale = (double)info->logit_scale;
    classes->embeddings =
        memory_new(texts->classes, classes->width * sizeof *classes->embeddings, "classes", error);
    if (classes->embeddings && embed_classes(classes, clip, texts, threads, error) == 0)
        return classes;
    clip_classes_free(classes);
    return NULL;
}

void clip_classes_free(struct clip_classes *classes)
{
    if (!classes)
        return;
    memory_free(classes->embeddings);
    memory_free(classes);
}

const float *clip_classes_row(const struct clip_classes *classes, size_t number)
{
    return classes->embeddings + number * classes->width;
}

void clip_similarities(const struct clip_classes *classes, const float *embedding,
                       float *similarities)
{
    for (size_t i = 0; i < classes->count; i++)
        similarities[i] = dot(embedding, classes->embeddings + i * classes->width, classes->width);
}

struct clip_class clip_class_of(const struct clip_classes *classes, const float *similarities)
{
    size_t best = 0;
    double sum = 0;
    for (size_t i = 1; i < classes->count; i++)
        if (similarities[i] > similarities[best])
            best = i;
    for (size_t i = 0; i < classes->count; i++)
        sum += exp(classes->scale * ((double)similarities[i] - (double)similarities[best]));
    return (struct clip_class){(int32_t)best, (float)(1 / sum)};
}

struct classifier *classifier_new(const struct clip *clip, enum clip_background background,
                                  int threads, struct error *error)
{
    const struct clip_info *info = clip_info(clip);
    size_t side = (size_t)info->image_size;
    struct classifier *classifier = memory_new(1, sizeof *classifier, "classifier", error);
    if (!classifier)
        return NULL;
    classifier->clip = clip;
    classifier->width = (size_t)info->width;
    classifier->input = 3 * side * side;
    classifier->inputs =
        memory_new(BATCH, classifier->input * sizeof *classifier->inputs, "CLIP's inputs", error);
    classifier->embeddings = memory_new(BATCH, classifier->width * sizeof *classifier->embeddings,
                                        "CLIP's outputs", error);
    if (classifier->inputs && classifier->embeddings)
        classifier->crop = clip_crop_new(info->image_size, background, error);
    if (classifier->crop)
        classifier->scratch = clip_scratch_new(clip, BATCH, threads, error);
    if (classifier->scratch)
        return classifier;
    classifier_free(classifier);
    return NULL;
}

void classifier_free(struct classifier *classifier)
{
    if (!classifier)
        return;
    clip_scratch_free(classifier->scratch);
    clip_crop_free(classifier->crop);
    memory_free(classifier->embeddings);
    memory_free(classifier->inputs);
    memory_free(classifier);
}

/* Masks that go through the image tower together. */
struct batch {
    const struct image *image;
    const struct mask_list *masks;
    size_t numbers[BATCH]; /* of the masks */
    int count;
};

static int embed_batch(const struct classifier *classifier, const struct batch *batch,
                       float *embeddings, struct error *error)
{
    for (int i = 0; i < batch->count; i++)
        if (clip_crop_make(classifier->crop, batch->image, &batch->masks->items[batch->numbers[i]],
                           classifier->inputs + (size_t)i * classifier->input, error))
            return -1;
    if (clip_embed_images(classifier->clip, classifier->scratch, classifier->inputs, batch->count,
                          classifier->embeddings, error))
        return -1;
    for (int i = 0; i < batch->count; i++) {
        float *to = embeddings + batch->numbers[i] * classifier->width;
        memcpy(to, classifier->embeddings + (size_t)i * classifier->width,
               classifier->width * sizeof *to);
        make_unit(to, classifier->width);
    }
    return 0;
}

int classifier_embed(struct classifier *classifier, const struct image *image,
                     const struct mask_list *masks, float *embeddings, struct error *error)
{
    struct batch batch = {.image = image, .masks = masks};
    memset(embeddings, 0, masks->count * classifier->width * sizeof *embeddings);
    for (size_t i = 0; i < masks->count; i++) {
        if (rle_area(&masks->items[i].rle) > 0)
            batch.numbers[batch.count++] = i;
        if (batch.count < BATCH && i + 1 < masks->count)
            continue;
        if (batch.count && embed_batch(classifier, &batch, embeddings, error))
            return -1;
        batch.count = 0;
    }
    return 0;
}

int clip_classes_masks(const struct clip_classes *classes, const struct mask_list *masks,
                       const float *embeddings, struct clip_class *labels, struct error *error)
{
    float *similarities = memory_new(classes->count, sizeof *similarities, "similarities", error);
    if (!similarities)
        return -1;
    for (size_t i = 0; i < masks->count; i++) {
        clip_similarities(classes, embeddings + i * classes->width, similarities);
        labels[i] = rle_area(&masks->items[i].rle) > 0 ? clip_class_of(classes, similarities)
                                                       : (struct clip_class){CLIP_CLASS_NONE, 0};
    }
    memory_free(similarities);
    return 0;
}

int classifier_masks(struct classifier *classifier, const struct clip_classes *classes,
                     const struct image *image, const struct mask_list *masks,
                     struct clip_class *labels, struct error *error)
{
    float *embeddings = memory_new(masks->count, classifier->width * sizeof *embeddings,
                                   "embeddings of masks", error);
    int status = embeddings ? classifier_embed(classifier, image, masks, embeddings, error) : -1;
    if (status == 0)
        status = clip_classes_masks(classes, masks, embeddings, labels, error);
    memory_free(embeddings);
    return status;
}
