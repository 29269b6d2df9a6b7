/* filters.c - times what lies between a mask's logits and its record, on made-up masks.
 *
 *   gcc -O2 -D_GNU_SOURCE -I. -o build/bench/filters bench/filters.c build/objects.a -lm
 *   build/bench/filters [LOGITS.f32 LOW_SIZE]      (raw float planes to time instead)
 * Best of several runs, microseconds a mask on one core; MASKMILL_ISA chooses the kernels.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "filters/regions.h"
#include "filters/scan/scan.h"
#include "rle/coco.h"

enum { LOW = 256, RUNS = 9 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

static void stop(const struct error *error)
{
    fprintf(stderr, "%s\n", error->text);
    exit(1);
}

static float noise(void)
{
    return (float)rand() / (float)RAND_MAX * 2 - 1;
}

static const char *const kinds[] = {
    "empty", "disc, radius 6", "disc, radius 60", "rough disc, radius 60", "16 discs", "noise"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static float logit(int kind, float y, float x)
{
    float from_centre = hypotf(y - 80, x - 128);
    switch (kind) {
    case 0:
        return -9;
    case 1:
        return (6 - from_centre) * 20;
    case 2:
        return (60 - from_centre) * 4;
    case 3:
        return (60 - from_centre) * 2 + noise() * 3;
    case 4:
        return (12 - hypotf(fmodf(y, 64) - 32, fmodf(x, 64) - 32)) * 4;
    default:
        return noise() * 14;
    }
}

/* Scans one plane at one size of image; prints the time, and keeps the mask in *mask. */
static void time_scan(const char *what, const float *logits, int low, int width, int height,
                      struct mask *mask)
{
    int image = low * 4;
    double scale = (double)image / (width > height ? width : height);
    struct scan_size size = {low,    image, (int)(height * scale + 0.5), (int)(width * scale + 0.5),
                             height, width};
    struct scan_options options = {1, 0.95f};
    struct error error;
    struct scan_geometry *geometry = scan_geometry_new(&size, &error);
    struct scan_scratch *scratch = scan_scratch_new(&error);
    double best = INFINITY;
    bool kept = false;
    for (int run = 0; geometry && scratch && run < RUNS; run++) {
        double start = now();
        if (scan_mask(geometry, scratch, logits, &options, mask, &error) < 0)
            stop(&error);
        best = fmin(best, now() - start);
    }
    printf("scan    %5d x %-5d %-22s %9.1f us  %s\n", width, height, what, best,
           kept ? "kept" : "rejected");
    scan_scratch_free(scratch);
    scan_geometry_free(geometry);
    if (!kept)
        mask->rle.length = 0;
}

static void time_regions(const struct mask *mask)
{
    struct regions regions = {0};
    struct error error;
    double best = INFINITY;
    for (int run = 0; run < RUNS; run++) {
        struct rle rle = {0};
        bool changed;
        if (rle_copy(&rle, &mask->rle, &error))
            stop(&error);
        double start = now();
        if (regions_fill_holes(&regions, &rle, 100, &changed, &error) ||
            regions_drop_islands(&regions, &rle, 100, &changed, NULL, &error))
            stop(&error);
        best = fmin(best, now() - start);
        rle_free(&rle);
    }
    printf("regions %5u x %-5u %-22s %9.1f us\n", mask->rle.width, mask->rle.height, "", best);
    regions_free(&regions);
}

static void time_coco(const struct mask *mask)
{
    struct error error;
    double start = now();
    char *string = coco_string(&mask->rle, NULL, &error);
    printf("string  %5u x %-5u %zu runs %16.1f us\n", mask->rle.width, mask->rle.height,
           mask->rle.length, now() - start);
    free(string);
}

static void time_nms(int count)
{
    struct box *boxes = malloc((size_t)count * sizeof *boxes);
    float *scores = malloc((size_t)count * sizeof *scores);
    size_t *keep = malloc((size_t)count * sizeof *keep);
    size_t kept = 0;
    struct error error;
    for (int i = 0; i < count; i++) {
        int x = rand() % 1500, y = rand() % 1000;
        boxes[i] = (struct box){x, y, x + rand() % 300, y + rand() % 200};
        scores[i] = noise();
    }
    const struct nms_input input = {boxes, scores, (size_t)count};
    double start = now();
    if (nms_boxes(&input, 0.7, keep, &kept, &error))
        stop(&error);
    printf("nms     %d boxes, %zu kept %28.1f us\n", count, kept, now() - start);
    free(keep);
    free(scores);
    free(boxes);
}

static int time_file(const char *path, int low)
{
    size_t pixels = (size_t)low * (size_t)low;
    float *logits = malloc(pixels * sizeof *logits);
    FILE *file = fopen(path, "rb");
    char what[32];
    for (int i = 0; file && fread(logits, sizeof *logits, pixels, file) == pixels; i++) {
        struct mask mask = {0};
        snprintf(what, sizeof what, "plane %d", i);
        time_scan(what, logits, low, 1800, 1200, &mask);
        rle_free(&mask.rle);
    }
    if (file)
        fclose(file);
    free(logits);
    return file ? 0 : 1;
}

int main(int count, char **arguments)
{
    static const int sizes[][2] = {{640, 427}, {1800, 1200}, {4000, 3000}, {8000, 6000}};
    static float logits[LOW * LOW];
    if (count == 3)
        return time_file(arguments[1], atoi(arguments[2]));
    for (int s = 0; s < 4; s++)
        for (int kind = 0; kind < KINDS; kind++) {
            struct mask mask = {0};
            for (int i = 0; i < LOW * LOW; i++) {
                int y = i / LOW, x = i % LOW;
                logits[i] = logit(kind, (float)y, (float)x);
            }
            time_scan(kinds[kind], logits, LOW, sizes[s][0], sizes[s][1], &mask);
            if (mask.rle.length > 0 && kind == 3) {
                time_regions(&mask);
                time_coco(&mask);
            }
            rle_free(&mask.rle);
        }
    time_nms(500);
    time_nms(3000);
    return 0;
}
