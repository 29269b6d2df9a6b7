/* click.c - the three masks under one pixel of a photograph.
 *
 *     cc click.c $(pkg-config --cflags --libs maskmill) -o click && ./click photo.jpg 320 200
 */
#include <maskmill.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct mm_error error = {0};
    struct mm_segmenter *segmenter = NULL;
    struct mm_masks *masks = NULL;
    if (argc != 4)
        return fprintf(stderr, "usage: click IMAGE X Y\n"), 2;
    const double point[2] = {atof(argv[2]), atof(argv[3])};
    const struct mm_prompt prompt = {.points = point, .point_count = 1};
    struct mm_model *model = mm_model_open(NULL, NULL, &error);
    struct mm_image *image = model ? mm_image_read(argv[1], &error) : NULL;
    if (!image || !(segmenter = mm_segmenter_new(model, NULL, 2, &error)) ||
        mm_segmenter_set_image(segmenter, image, &error) ||
        mm_segmenter_predict(segmenter, &prompt, &masks, &error))
        fprintf(stderr, "%s\n", error.text);
    for (size_t i = 0; masks && i < mm_masks_count(masks); i++) {
        struct mm_mask mask = mm_masks_get(masks, i);
        printf("mask %zu: %llu pixels, x %d..%d, y %d..%d, predicted IoU %.3f\n", i,
               (unsigned long long)mask.area, mask.box[0], mask.box[2], mask.box[1], mask.box[3],
               mask.predicted_iou);
    }
    int status = masks ? 0 : 1;
    mm_masks_free(masks);
    mm_segmenter_free(segmenter);
    mm_image_free(image);
    mm_model_free(model);
    return status;
}
