/* boxes.c - the boxes of a detector to masks: one mask a box, as an SA-1B record.
 *
 *     cc boxes.c $(pkg-config --cflags --libs maskmill) -o boxes && ./boxes photo.jpg <boxes.txt
 *
 * boxes.txt has a box a line: x0 y0 x1 y1 in pixels. The masks come in its order.
 */
#include <maskmill.h>
#include <stdio.h>

enum { BOXES_MOST = 10000 };

static size_t read_boxes(double boxes[BOXES_MOST][4])
{
    size_t count = 0;
    while (count < BOXES_MOST && scanf("%lf %lf %lf %lf", &boxes[count][0], &boxes[count][1],
                                       &boxes[count][2], &boxes[count][3]) == 4)
        count++;
    return count;
}

int main(int argc, char **argv)
{
    static double boxes[BOXES_MOST][4];
    static struct mm_prompt prompts[BOXES_MOST];
    struct mm_error error = {0};
    struct mm_segmenter *segmenter = NULL;
    struct mm_masks *masks = NULL;
    char *record = NULL;
    if (argc != 2)
        return fprintf(stderr, "usage: boxes IMAGE <BOXES\n"), 2;
    const size_t count = read_boxes(boxes);
    for (size_t i = 0; i < count; i++)
        prompts[i] = (struct mm_prompt){.box = boxes[i], .single = true};
    struct mm_model *model = mm_model_open(NULL, NULL, &error);
    struct mm_image *image = model ? mm_image_read(argv[1], &error) : NULL;
    if (!image || !(segmenter = mm_segmenter_new(model, NULL, 2, &error)) ||
        mm_segmenter_set_image(segmenter, image, &error) ||
        mm_segmenter_predict_many(segmenter, prompts, count, &masks, &error) ||
        !(record = mm_masks_record(masks, argv[1], &error)))
        fprintf(stderr, "%s\n", error.text);
    else
        puts(record);
    int status = record ? 0 : 1;
    mm_free(record);
    mm_masks_free(masks);
    mm_segmenter_free(segmenter);
    mm_image_free(image);
    mm_model_free(model);
    return status;
}
