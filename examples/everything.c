/* everything.c - all masks of a photograph as a record of SA-1B, on standard output.
 *
 *     cc everything.c $(pkg-config --cflags --libs maskmill) -o everything
 *     ./everything photo.jpg
 */
#include <maskmill.h>
#include <stdio.h>

static bool show(void *context, double done)
{
    fprintf(stderr, "\r%s: %3.0f %%", (const char *)context, 100 * done);
    return true; /* go on */
}

int main(int argc, char **argv)
{
    struct mm_error error = {0};
    struct mm_segmenter *segmenter = NULL;
    struct mm_masks *masks = NULL;
    char *record = NULL;
    if (argc != 2)
        return fprintf(stderr, "usage: everything IMAGE\n"), 2;
    struct mm_model *model = mm_model_open(NULL, NULL, &error);
    struct mm_image *image = model ? mm_image_read(argv[1], &error) : NULL;
    if (image && (segmenter = mm_segmenter_new(model, NULL, 2, &error)) &&
        mm_segmenter_set_image(segmenter, image, &error) == 0 &&
        mm_segmenter_generate(segmenter, show, argv[1], &masks, &error) == 0)
        record = mm_masks_record(masks, argv[1], &error);
    fprintf(stderr, "\n%s\n", record ? "done" : error.text);
    if (record)
        puts(record);
    mm_free(record);
    mm_masks_free(masks);
    mm_segmenter_free(segmenter);
    mm_image_free(image);
    mm_model_free(model);
    return record ? 0 : 1;
}
