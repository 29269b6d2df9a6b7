/* prompts.c - times prompts on one image through the library: many at once, one at a time, and the grid.
 *
 *   gcc -O2 -Iinclude -o build/bench/prompts bench/prompts.c build/libmaskmill.a \
 *       $(pkg-config --libs vips jansson libseccomp libarchive) -fopenmp -lm
 *   build/bench/prompts IMAGE [MODEL [THREADS [TURNS [KINDS]]]]
 *   MODEL "-": built-in; 2 threads; 5 turns; KINDS: only the first so many kinds of prompts
 *
 * All prompts ask for three masks. The kinds take turns. Best seconds of all turns, on the clock and of
 * the processor (of all threads, less sensitive to other work on the machine), and both over those of
 * points.
 */
#include <maskmill.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PROMPTS = 1000, CLICKS = 16 };

static struct mm_error error;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void need(bool good)
{
    if (good)
        return;
    fprintf(stderr, "%s\n", error.text);
    exit(1);
}

/* Where all kinds of prompts take theirs from. */
struct places {
    double points[PROMPTS][CLICKS][2];
    double boxes[PROMPTS][4];
    float *logits; /* of an earlier mask */
};

static void draw(struct places *places, double width, double height)
{
    srand(1);
    for (int p = 0; p < PROMPTS; p++) {
        for (int i = 0; i < CLICKS; i++) {
            places->points[p][i][0] = width * rand() / RAND_MAX;
            places->points[p][i][1] = height * rand() / RAND_MAX;
        }
        const double *at = places->points[p][0];
        double *box = places->boxes[p];
        box[0] = at[0] * 0.8;
        box[1] = at[1] * 0.8;
        box[2] = box[0] + width * (0.05 + 0.15 * rand() / RAND_MAX);
        box[3] = box[1] + height * (0.05 + 0.15 * rand() / RAND_MAX);
    }
}

enum way { MANY, ONE_BY_ONE, GENERATE };

static const struct kind {
    const char *name;
    enum way way;
    int points;
    bool box, mask;
} kinds[] = {
    {"points", MANY, 1, false, false},
    {"boxes", MANY, 0, true, false},
    {"two clicks", MANY, 2, false, false},
    {"four clicks", MANY, 4, false, false},
    {"eight clicks", MANY, 8, false, false},
    {"sixteen clicks", MANY, 16, false, false},
    {"box and point", MANY, 1, true, false},
    {"point and mask", MANY, 1, false, true},
    {"points, one by one", ONE_BY_ONE, 1, false, false},
    {"boxes, one by one", ONE_BY_ONE, 0, true, false},
    {"generate, nothing filtered", GENERATE, 1, false, false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void fill(struct mm_prompt prompts[PROMPTS], const struct kind *kind,
                 const struct places *places)
{
    for (int p = 0; p < PROMPTS; p++)
        prompts[p] = (struct mm_prompt){
            .points = places->points[p][0],
            .point_count = kind->points,
            .box = kind->box ? places->boxes[p] : NULL,
            .logits = kind->mask ? places->logits : NULL,
        };
}

/* Of all prompts of a kind. */
struct seconds {
    double clock, processor;
};

static double processor_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static struct seconds run(struct mm_segmenter *segmenter, const struct kind *kind,
                          const struct places *places)
{
    struct mm_prompt prompts[PROMPTS];
    struct mm_masks *masks = NULL;
    fill(prompts, kind, places);
    double start = now(), processor = processor_now();
    if (kind->way == MANY)
        need(!mm_segmenter_predict_many(segmenter, prompts, PROMPTS, &masks, &error));
    if (kind->way == GENERATE)
        need(!mm_segmenter_generate(segmenter, NULL, NULL, &masks, &error));
    for (int p = 0; kind->way == ONE_BY_ONE && p < PROMPTS; p++) {
        mm_masks_free(masks);
        need(!mm_segmenter_predict(segmenter, &prompts[p], &masks, &error));
    }
    const struct seconds seconds = {now() - start, processor_now() - processor};
    mm_masks_free(masks);
    return seconds;
}

/* Prompts the first point of each, and keeps every mask but for NMS. */
static struct mm_options *grid_of(const struct mm_model *model, const struct places *places,
                                  double width, double height)
{
    static double xy[PROMPTS][2];
    struct mm_options *options = mm_options_new(model, &error);
    need(options);
    for (int p = 0; p < PROMPTS; p++) {
        xy[p][0] = places->points[p][0][0] / width;
        xy[p][1] = places->points[p][0][1] / height;
    }
    need(!mm_options_set_points(options, xy[0], PROMPTS, &error) &&
         !mm_options_set(options, MM_PRED_IOU_THRESH, 0, &error) &&
         !mm_options_set(options, MM_STABILITY_SCORE_THRESH, 0, &error));
    return options;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Milliseconds of one click, median of all prompts. */
static double latency(struct mm_segmenter *segmenter, const struct places *places)
{
    static struct mm_prompt prompts[PROMPTS];
    static double seconds[PROMPTS];
    fill(prompts, &kinds[0], places);
    for (int p = 0; p < PROMPTS; p++) {
        struct mm_masks *masks;
        double start = now();
        need(!mm_segmenter_predict(segmenter, &prompts[p], &masks, &error));
        seconds[p] = now() - start;
        mm_masks_free(masks);
    }
    qsort(seconds, PROMPTS, sizeof *seconds, compare);
    return 1e3 * seconds[PROMPTS / 2];
}

static void report(const struct seconds best[KINDS], int count)
{
    printf("%-28s %9s %7s %12s %7s\n", "1,000 prompts", "best, s", "ratio", "processor, s",
           "ratio");
    for (int k = 0; k < count; k++)
        printf("%-28s %9.3f %7.2f %12.3f %7.2f\n", kinds[k].name, best[k].clock,
               best[k].clock / best[0].clock, best[k].processor,
               best[k].processor / best[0].processor);
}

static void keep_best(struct seconds *best, struct seconds seconds, bool first)
{
    best->clock = first || seconds.clock < best->clock ? seconds.clock : best->clock;
    best->processor =
        first || seconds.processor < best->processor ? seconds.processor : best->processor;
}

static struct mm_segmenter *segmenter_on(const struct mm_model *model, const struct mm_image *image,
                                         const struct mm_options *options, int threads)
{
    struct mm_segmenter *segmenter = mm_segmenter_new(model, options, threads, &error);
    need(segmenter && !mm_segmenter_set_image(segmenter, image, &error));
    return segmenter;
}

int main(int count, char **arguments)
{
    static struct places places;
    struct seconds best[KINDS];
    if (count < 2)
        return fprintf(stderr, "usage: prompts IMAGE [MODEL [THREADS [TURNS [KINDS]]]]\n"), 2;
    const char *path = count > 2 && strcmp(arguments[2], "-") != 0 ? arguments[2] : NULL;
    const int threads = count > 3 ? atoi(arguments[3]) : 2;
    const int turns = count > 4 ? atoi(arguments[4]) : 5;
    const int wanted = count > 5 ? atoi(arguments[5]) : KINDS;
    const int some = wanted > 0 && wanted < KINDS ? wanted : KINDS;
    struct mm_model *model = mm_model_open(path, NULL, &error);
    struct mm_image *image = model ? mm_image_read(arguments[1], &error) : NULL;
    need(image);
    const double width = mm_image_width(image), height = mm_image_height(image);
    draw(&places, width, height);
    struct mm_options *options = grid_of(model, &places, width, height);
    struct mm_segmenter *segmenter = segmenter_on(model, image, NULL, threads);
    struct mm_segmenter *grid = segmenter_on(model, image, options, threads);
    struct mm_masks *earlier;
    const struct mm_prompt first = {.points = places.points[0][0], .point_count = 1};
    need(!mm_segmenter_predict(segmenter, &first, &earlier, &error));
    places.logits = (float *)mm_masks_get(earlier, 0).logits; /* only read */
    for (int t = 0; t < turns || t == 0; t++)
        for (int k = 0; k < some; k++) {
            struct mm_segmenter *on = kinds[k].way == GENERATE ? grid : segmenter;
            keep_best(&best[k], run(on, &kinds[k], &places), t == 0);
        }
    report(best, some);
    printf("one click: %.1f ms (median of 1,000)\n", latency(segmenter, &places));
    mm_masks_free(earlier);
    mm_segmenter_free(grid);
    mm_segmenter_free(segmenter);
    mm_options_free(options);
    mm_image_free(image);
    mm_model_free(model);
    return 0;
}
