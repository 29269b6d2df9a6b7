/* bench_main.c - `maskmill bench`: where the time of one image goes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "filters/mask.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "jobs/memory_budget.h"
#include "library/mm_handles.h"
#include "model/sam.h"
#include "pipeline/generate.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/decoder.h"
#include "program/model_load.h"
#include "program/settings.h"
#include "records/record.h"

struct bench {
    struct settings *settings;
    int threads;
    const char *path; /* NULL: a drawn image of 1800 x 1200 */
    struct mm_model *model;
    struct generator *generator;
    struct image image;
    struct decoder decoder;
};

/* Times of one image in seconds; those of prompt workers are summed over the threads. */
struct timing {
    double whole, read, record;
    struct generator_times stages;
    size_t masks;
};

/* Gradients and blocks: enough to keep the filters busy. */
static int draw_image(struct image *image, struct error *error)
{
    enum { WIDTH = 1800, HEIGHT = 1200 };
    *image = (struct image){.width = WIDTH, .height = HEIGHT};
    image->rgb = malloc((size_t)3 * WIDTH * HEIGHT);
    if (!image->rgb)
        return error_set(error, ERROR_MEMORY, "no memory for an image");
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            int block = (x / 150 * 7 + y / 100 * 13) % 17;
            uint8_t *pixel = image->rgb + 3 * ((size_t)y * WIDTH + (size_t)x);
            pixel[0] = (uint8_t)(block * 15);
            pixel[1] = (uint8_t)(x * 255 / WIDTH);
            pixel[2] = (uint8_t)(y * 255 / HEIGHT);
        }
    return 0;
}

static int time_record(struct bench *bench, struct mask_list *masks, struct error *error)
{
    size_t length;
    struct record record = {
        .width = (uint32_t)bench->image.width,
        .height = (uint32_t)bench->image.height,
        .file_name = "bench",
        .masks = *masks,
    };
    char *text = record_text(&record, 0, &length, error);
    free(text);
    return text ? 0 : -1;
}

static struct generator_times difference(struct generator_times a, struct generator_times b)
{
    a.tensor -= b.tensor;
    a.encode -= b.encode;
    a.grid -= b.grid;
    a.filters -= b.filters;
    a.worker.decode -= b.worker.decode;
    a.worker.logits -= b.worker.logits;
    a.worker.scan -= b.worker.scan;
    a.worker.prompts -= b.worker.prompts;
    a.worker.upscaled -= b.worker.upscaled;
    a.worker.scanned -= b.worker.scanned;
    return a;
}

static int time_once(struct bench *bench, struct timing *timing, struct error *error)
{
    struct mask_list masks = {0};
    struct generator_times before = generator_times(bench->generator);
    double start = clock_now();
    const struct image_input file = {bench->path, -1};
    if (bench->path && image_pool_read(bench->decoder.pool, &file, &bench->image, error))
        return -1;
    double read = clock_now();
    int status = generate(bench->generator, &bench->image, &masks, error);
    double generated = clock_now();
    if (status == 0)
        status = time_record(bench, &masks, error);
    double end = clock_now();
    *timing = (struct timing){
        .whole = end - read,
        .read = read - start,
        .record = end - generated,
        .stages = difference(generator_times(bench->generator), before),
        .masks = masks.count,
    };
    mask_list_free(&masks);
    return status;
}

/* 0 if unknown. Not from getrusage, whose maximum includes the process that called exec. */
static double peak_mib(void)
{
    double kib = 0;
    char line[128];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status) && sscanf(line, "VmHWM: %lf", &kib) != 1)
        ;
    if (status)
        fclose(status);
    return kib / 1024;
}

static void print_json(const struct bench *bench, const struct timing *t)
{
    const struct prompt_worker_times *worker = &t->stages.worker;
    const struct sam_info *info = sam_info(mm_model_sam(bench->model));
    printf("{\"threads\": %d, \"kernels\": \"%s\", \"half16\": \"%s\", "
           "\"whole\": %.4f, \"read\": %.4f, \"tensor\": %.4f, \"encoder\": %.4f, "
           "\"decoder\": %.4f, \"scan\": %.4f, \"filters\": %.4f, \"record\": %.4f, "
           "\"prompts\": %ld, \"upscaled\": %ld, \"scanned\": %ld, \"masks\": %zu, "
           "\"peak_mib\": %.0f}\n",
           bench->threads, info->kernels, info->half16, t->whole, t->read, t->stages.tensor,
           t->stages.encode, (worker->decode + worker->logits) / bench->threads,
           worker->scan / bench->threads, t->stages.filters, t->record, worker->prompts,
           worker->upscaled, worker->scanned, t->masks, peak_mib());
}

static void print_text(const struct bench *bench, const struct timing *t)
{
    const struct prompt_worker_times *worker = &t->stages.worker;
    const struct sam_info *info = sam_info(mm_model_sam(bench->model));
    printf("%s, input %d, %d x %d pixels, %d threads, %s kernels%s%s, best of %d\n", info->name,
           info->image_size, bench->image.width, bench->image.height, bench->threads, info->kernels,
           *info->half16 ? ", 16 bits as " : "", info->half16, bench->settings->repeat);
    printf("  read                %8.3f s  (not in the whole)\n", t->read);
    printf("  resize, normalise   %8.3f s\n", t->stages.tensor);
    printf("  image encoder       %8.3f s\n", t->stages.encode);
    printf("  grid of prompts     %8.3f s, of which, summed over threads:\n", t->stages.grid);
    printf("    to predicted IoU  %8.3f s  %ld prompts\n", worker->decode, worker->prompts);
    printf("    upscaling         %8.3f s  %ld prompts\n", worker->logits, worker->upscaled);
    printf("    scan to runs      %8.3f s  %ld masks\n", worker->scan, worker->scanned);
    printf("  NMS, clean-up       %8.3f s\n", t->stages.filters);
    printf("  record              %8.3f s  %zu masks\n", t->record, t->masks);
    printf("  whole               %8.3f s\n", t->whole);
    printf("  peak memory         %8.0f MiB\n", peak_mib());
}

static int time_all(struct bench *bench, struct error *error)
{
    char defaults[MODEL_LOAD_DEFAULTS];
    struct timing best = {.whole = 1e300};
    if (model_load(&bench->model, bench->settings, defaults, error) ||
        (!bench->path && draw_image(&bench->image, error)))
        return -1;
    model_load_tell("bench", bench->settings, bench->model, defaults);
    bench->generator = generator_new(mm_model_sam(bench->model), &bench->settings->generator,
                                     bench->threads, error);
    if (!bench->generator || decoder_open(&bench->decoder, bench->settings, 1, error))
        return -1;
    for (int i = 0; i < bench->settings->repeat; i++) {
        struct timing timing;
        if (time_once(bench, &timing, error))
            return -1;
        if (timing.whole < best.whole)
            best = timing;
    }
    (bench->settings->json ? print_json : print_text)(bench, &best);
    return 0;
}

enum exit_status bench_main(struct command_line *line)
{
    const int threads = line->settings.threads;
    struct bench bench = {
        .settings = &line->settings,
        .threads = threads ? threads : budget_cpus(""),
        .path = line->operands[0],
    };
    struct error error = {0};
    int failed = decoder_start(&bench.decoder, &error) || time_all(&bench, &error);
    decoder_stop(&bench.decoder);
    generator_free(bench.generator);
    mm_model_free(bench.model);
    image_free(&bench.image);
    return failed ? command_fail(line->command, &error) : EXIT_ALL_DONE;
}
