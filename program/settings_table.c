/* settings_table.c - the table of every option of every command: what there is, nothing else. */
#include <stdint.h>

#include "filters/crop.h"
#include "program/settings.h"

#define AT(field) offsetof(struct settings, field)

static const char INPUT[] = "Input and output";
static const char MODEL[] = "Model";
static const char MASKS[] = "Masks";
static const char EXTRA[] = "Beyond the reference";
static const char MACHINE[] = "Machine";
static const char LONG[] = "Long runs";
static const char REPORT[] = "Reporting";
static const char OPTIONS[] = "Options"; /* of the small commands */

/* Ranges: least and most, inclusive; step of whole numbers; choices. */
/* clang-format off */
#define ANY {0, 0, 0, NULL}
#define FROM_TO(least, most) {least, most, 0, NULL}
#define MULTIPLE(least, most, step) {least, most, step, NULL}
#define ONE_OF(choices) {0, 0, 0, choices}
/* clang-format on */

/* name, letter, argument, kind, offset, range, default, commands and traits, group, help */
static const struct setting table[] = {
    {"output", 'o', "DIR", SETTING_TEXT, AT(output), ANY, NULL, FOR_RUN, INPUT,
     "folder for the records (required)"},
    {"list", 0, "FILE", SETTING_TEXT, AT(list), ANY, NULL, FOR_RUN, INPUT,
     "read input paths from FILE, one a line; - for standard input"},
    {"null", 0, NULL, SETTING_FLAG, AT(null_separated), ANY, NULL, FOR_RUN, INPUT,
     "entries of the list end in NUL instead of a newline"},
    {"exclude", 0, "PATTERN", SETTING_TEXTS, AT(exclude), ANY, NULL, FOR_RUN, INPUT,
     "leave out files and folders of this name, such as '*.gif'; may be repeated"},
    {"format", 0, "LIST", SETTING_TEXT, AT(format), ANY, "sa1b", FOR_RUN | DECIDES, INPUT,
     "also write these formats, to DIR/@FORMAT: see maskmill export --help"},
    {"fields", 0, "LIST", SETTING_TEXT, AT(fields), ANY, NULL, FOR_RUN | DECIDES, INPUT,
     "extra members of records: area_fraction,centroid,bbox_coco,runs"},
    {"overlay", 0, NULL, SETTING_FLAG, AT(overlay), ANY, NULL, FOR_RUN | DECIDES, INPUT,
     "also write NAME.overlay.jpg: the image with its masks in colours"},
    {"scale-16bit", 0, "HOW", SETTING_TEXT, AT(scale_16bit), ONE_OF("none|minmax"), "none",
     FOR_RUN | DECIDES, INPUT,
     "none: upper 8 bits of 16; minmax: an image's least to greatest value as 0 to 255"},
    {"max-pixels", 0, "N", SETTING_COUNT, AT(max_pixels), FROM_TO(1, UINT32_MAX), "500000000",
     FOR_RUN, INPUT, "refuse images with more pixels than this in their header"},

    {"model", 'm', "FILE", SETTING_TEXT, AT(model), ANY, NULL, FOR_RUN | FOR_EVAL | FOR_BENCH,
     MODEL, "checkpoint, .pth or .safetensors (default: the built-in model)"},
    {"image-size", 0, "N", SETTING_INT, AT(image_size), MULTIPLE(0, 8192, 16), NULL,
     FOR_RUN | FOR_INFO | DECIDES, MODEL,
     "side of the model's input, for a TinyViT; 0: as the model says"},
    {"precision", 0, "P", SETTING_TEXT, AT(precision), ONE_OF("f32|bf16|f16"), "f32",
     FOR_RUN | FOR_EVAL | FOR_BENCH | DECIDES, MODEL,
     "the encoder's products: f32, or bf16 or f16 where the CPU has it"},

    {"preset", 0, "NAME", SETTING_TEXT, AT(preset), ONE_OF("amg|sa1b"), NULL, FOR_RUN, MASKS,
     "amg: the reference's values, overriding the model's; sa1b: the data set's"},
    {"config", 0, "FILE", SETTING_TEXT, AT(config), ANY, NULL, FOR_RUN, MASKS,
     "take options from a JSON file, as --print-config writes it"},
    {"print-config", 0, NULL, SETTING_FLAG, AT(print_config), ANY, NULL, FOR_RUN, MASKS,
     "print the options that decide the masks as JSON, and exit"},
    {"points-per-side", 0, "N", SETTING_INT, AT(generator.points_per_side), FROM_TO(1, 1024), "32",
     FOR_RUN | DECIDES | MODEL_DEFAULT | SEARCH, MASKS, "the grid has N x N point prompts"},
    {"points-per-batch", 0, "N", SETTING_INT, AT(generator.points_per_batch), FROM_TO(1, 1048576),
     "64", FOR_RUN, MASKS,
     "prompts that a thread decodes at a time, 16 at most; does not change results"},
    {"pred-iou-thresh", 0, "X", SETTING_REAL, AT(generator.pred_iou_thresh), FROM_TO(0, 1), "0.88",
     FOR_RUN | DECIDES | MODEL_DEFAULT, MASKS,
     "keep masks with a predicted IoU above X; 0 keeps all"},
    {"stability-score-thresh", 0, "X", SETTING_REAL, AT(generator.stability_score_thresh),
     FROM_TO(0, 1), "0.95", FOR_RUN | DECIDES | MODEL_DEFAULT, MASKS,
     "keep masks with a stability score of at least X; 0 keeps all"},
    {"stability-score-offset", 0, "X", SETTING_REAL, AT(generator.stability_score_offset),
     FROM_TO(0, 100), "1.0", FOR_RUN | DECIDES | MODEL_DEFAULT, MASKS,
     "the score compares the mask at logits -X and +X"},
    {"box-nms-thresh", 0, "X", SETTING_REAL, AT(generator.box_nms_thresh), FROM_TO(0, 1), "0.7",
     FOR_RUN | DECIDES | MODEL_DEFAULT, MASKS,
     "drop a mask whose box overlaps a better one's by an IoU above X"},
    {"crop-n-layers", 0, "N", SETTING_INT, AT(generator.crop_n_layers), FROM_TO(0, CROP_LAYERS_MAX),
     "0", FOR_RUN | DECIDES | MODEL_DEFAULT | SEARCH, MASKS,
     "also search crops: 2^k x 2^k of them in layer k, for k up to N"},
    {"crop-nms-thresh", 0, "X", SETTING_REAL, AT(generator.crop_nms_thresh), FROM_TO(0, 1), "0.7",
     FOR_RUN | DECIDES | MODEL_DEFAULT, MASKS,
     "as --box-nms-thresh, among the masks of different crops"},
    {"crop-overlap-ratio", 0, "X", SETTING_REAL, AT(generator.crop_overlap_ratio), FROM_TO(0, 1),
     "512/1500", FOR_RUN | DECIDES, MASKS,
     "overlap of crops, as a fraction of the shorter side in layer 1"},
    {"crop-n-points-downscale-factor", 0, "F", SETTING_INT,
     AT(generator.crop_n_points_downscale_factor), FROM_TO(1, 1024), "1",
     FOR_RUN | DECIDES | MODEL_DEFAULT | SEARCH, MASKS,
     "layer k has a grid of N / F^k points a side"},
    {"min-mask-region-area", 0, "N", SETTING_INT, AT(generator.postprocess.min_mask_region_area),
     FROM_TO(0, INT32_MAX), "0", FOR_RUN | DECIDES, MASKS,
     "fill holes and drop islands of fewer pixels"},

    {"crop-layers", 0, "LIST", SETTING_TEXT, AT(crop_layers), ANY, NULL, FOR_RUN | DECIDES | SEARCH,
     EXTRA, "search these layers only, such as 1,2; 0 is the whole image"},
    {"region-cleanup", 0, "KIND", SETTING_TEXT, AT(region_cleanup), ONE_OF("amg|sa1b"), "amg",
     FOR_RUN | DECIDES, EXTRA,
     "--min-mask-region-area as the package does it, or as the SA-1B paper"},
    {"mask-threshold", 0, "X", SETTING_REAL, AT(generator.mask_threshold), FROM_TO(-100, 100), "0",
     FOR_RUN | DECIDES | MODEL_DEFAULT, EXTRA, "logit above which a pixel is foreground"},
    {"single-mask", 0, NULL, SETTING_FLAG, AT(generator.single_mask), ANY, NULL, FOR_RUN | DECIDES,
     EXTRA, "the model's single mask of each point instead of its three"},
    {"use-m2m", 0, NULL, SETTING_FLAG, AT(generator.use_m2m), ANY, NULL, FOR_RUN | DECIDES, EXTRA,
     "decode again with each mask as a prompt; about thirty times slower"},
    {"point-grid", 0, "FILE", SETTING_TEXT, AT(point_grid), ANY, NULL, FOR_RUN | DECIDES | SEARCH,
     EXTRA, "prompt at these points: a line x,y each, from 0 to 1"},
    {"min-area", 0, "N", SETTING_INT, AT(generator.postprocess.min_area), FROM_TO(0, INT32_MAX),
     "0", FOR_RUN | DECIDES, EXTRA, "drop masks of fewer pixels"},
    {"max-area", 0, "N", SETTING_INT, AT(generator.postprocess.max_area), FROM_TO(0, INT32_MAX),
     "0", FOR_RUN | DECIDES, EXTRA, "drop masks of more pixels; 0: no limit"},
    {"max-area-fraction", 0, "X", SETTING_REAL, AT(generator.postprocess.max_area_fraction),
     FROM_TO(0, 1), "0", FOR_RUN | DECIDES, EXTRA,
     "drop masks that cover this fraction of the image or more; 0: none"},
    {"mask-nms-thresh", 0, "X", SETTING_REAL, AT(generator.postprocess.mask_nms_thresh),
     FROM_TO(0, 1), "1", FOR_RUN | DECIDES, EXTRA,
     "drop a mask whose mask IoU with a better one is above X; 1: off"},
    {"containment-thresh", 0, "X", SETTING_REAL, AT(generator.postprocess.containment_thresh),
     FROM_TO(0, 1), "1", FOR_RUN | DECIDES, EXTRA,
     "drop a mask if more than X of it lies in a better one, or the reverse; 1: off"},
    {"max-masks", 0, "N", SETTING_INT, AT(generator.postprocess.max_masks), FROM_TO(0, INT32_MAX),
     "0", FOR_RUN | DECIDES, EXTRA, "keep the N masks of the highest predicted IoU; 0: all"},
    {"non-overlapping", 0, "WHO", SETTING_TEXT, AT(non_overlapping), ONE_OF("smaller|better"), NULL,
     FOR_RUN | DECIDES, EXTRA, "give each pixel to one mask only: the smaller, or the better, one"},
    {"tile", 0, "N", SETTING_INT, AT(generator.tile), FROM_TO(0, 16384), "0",
     FOR_RUN | DECIDES | SEARCH, EXTRA,
     "search images in tiles of N x N pixels, if they are too large otherwise; 0: off"},
    {"halo", 0, "N", SETTING_INT, AT(generator.halo), FROM_TO(0, 8192), "256", FOR_RUN | DECIDES,
     EXTRA, "overlap of neighbouring tiles, pixels; best at least the size of most objects"},

    {"threads", 't', "N", SETTING_INT, AT(threads), FROM_TO(0, 1024), NULL, FOR_RUN, MACHINE,
     "threads that share one image; 0: chosen from cores and workers"},
    {"workers", 0, "N", SETTING_INT, AT(workers), FROM_TO(0, 1024), NULL, FOR_RUN, MACHINE,
     "images at a time; 0: chosen from cores and memory"},
    {"memory", 0, "SIZE", SETTING_BYTES, AT(memory), ANY, NULL, FOR_RUN, MACHINE,
     "memory budget, such as 4G (default: what is free)"},

    {"shard", 0, "I/N", SETTING_TEXT, AT(shard), ANY, NULL, FOR_RUN, LONG,
     "process part I of N of the images; auto: as set by Slurm, Kubernetes or MPI"},
    {"lock", 0, NULL, SETTING_FLAG, AT(lock), ANY, NULL, FOR_RUN, LONG,
     "if the same run is in progress, say so and exit with status 0"},
    {"retry-failed", 0, NULL, SETTING_FLAG, AT(retry_failed), ANY, NULL, FOR_RUN, LONG,
     "process only the images that failed before"},
    {"overwrite", 0, NULL, SETTING_FLAG, AT(overwrite), ANY, NULL, FOR_RUN, LONG,
     "process all images again, replacing whatever is there"},
    {"extend", 0, NULL, SETTING_FLAG, AT(extend), ANY, NULL, FOR_RUN, LONG,
     "continue with another configuration, keeping what is done"},
    {"max-failures", 0, "N|P%", SETTING_TEXT, AT(max_failures), ANY, NULL, FOR_RUN, LONG,
     "stop once more than N images, or P% of 20 or more tried, have failed"},
    {"max-time", 0, "TIME", SETTING_SECONDS, AT(max_time), ANY, NULL, FOR_RUN, LONG,
     "stop after this time, such as 3h50m"},
    {"retries", 0, "N", SETTING_INT, AT(retries), FROM_TO(0, 100), "4", FOR_RUN, LONG,
     "retries after a transient error of the file system"},
    {"image-timeout", 0, "TIME", SETTING_SECONDS, AT(image_timeout), ANY, "5m", FOR_RUN, LONG,
     "give up decoding an image after this time"},

    {"quiet", 'q', NULL, SETTING_FLAG, AT(quiet), ANY, NULL, FOR_RUN, REPORT,
     "print only warnings and errors"},
    {"log-format", 0, "F", SETTING_TEXT, AT(log_format), ONE_OF("text|json"), "text", FOR_RUN,
     REPORT, "messages as text, or as one JSON object a line"},
    {"metrics", 0, "FILE", SETTING_TEXT, AT(metrics), ANY, NULL, FOR_RUN, REPORT,
     "write metrics to FILE for Prometheus' textfile collector"},

    {"format", 'f', "LIST", SETTING_TEXT, AT(format), ANY, NULL, FOR_EXPORT, OPTIONS,
     "one or more of the formats above, separated by commas (required)"},
    {"out", 'o', "DIR", SETTING_TEXT, AT(output), ANY, NULL, FOR_EXPORT, OPTIONS,
     "output folder (required)"},
    {"images", 0, "DIR", SETTING_TEXT, AT(images), ANY, NULL, FOR_EXPORT, OPTIONS,
     "folder of the images (tar includes them)"},
    {"fields", 0, "LIST", SETTING_TEXT, AT(fields), ANY, NULL, FOR_EXPORT, OPTIONS,
     "extra members of records: area_fraction,centroid,bbox_coco,runs"},
    {"ids", 0, "KIND", SETTING_TEXT, AT(ids), ONE_OF("stable|sequential"), "stable", FOR_EXPORT,
     OPTIONS, "coco: ids derived from the image's path, or 1, 2, 3, ..."},
    {"shard-images", 0, "N", SETTING_INT, AT(shard_images), FROM_TO(1, 10000000), "1000",
     FOR_EXPORT, OPTIONS, "tar: images a shard"},
    {"shard-prefix", 0, "PREFIX", SETTING_TEXT, AT(shard_prefix), ANY, NULL, FOR_EXPORT, OPTIONS,
     "tar: prefix of the shards' names"},
    {"images", 0, "DIR", SETTING_TEXT, AT(images), ANY, NULL, FOR_VERIFY, OPTIONS,
     "also check that each image exists and has the recorded size"},
    {"output", 'o', "FILE", SETTING_TEXT, AT(output), ANY, NULL, FOR_FETCH, OPTIONS,
     "file to write (default: the published name, in the current folder)"},
    {"watch", 0, NULL, SETTING_FLAG, AT(watch), ANY, NULL, FOR_STATUS, OPTIONS,
     "repeat every 5 seconds until nothing is left; with tars, until no shard runs"},
    {"masks", 0, "DIR", SETTING_TEXT, AT(masks), ANY, NULL, FOR_EVAL, OPTIONS,
     "evaluate the records in DIR instead of a model (automatic masks only)"},
    {"annotator", 0, "N", SETTING_INT, AT(annotator), FROM_TO(0, 1000000000), NULL, FOR_EVAL,
     OPTIONS, "use the segments of this annotator (default: the one with the smallest number)"},
    {"max-images", 0, "N", SETTING_INT, AT(max_images), FROM_TO(1, 1000000000), NULL, FOR_EVAL,
     OPTIONS, "only the first N images"},
    {"threads", 't', "N", SETTING_INT, AT(threads), FROM_TO(1, 1024), "1", FOR_EVAL | FOR_BENCH,
     OPTIONS, "number of threads"},
    {"repeat", 0, "N", SETTING_INT, AT(repeat), FROM_TO(1, 1000000), "3", FOR_BENCH, OPTIONS,
     "repetitions; the fastest counts"},
    {"set", 0, "NAME=VALUE", SETTING_PAIR, 0, ANY, NULL, FOR_EVAL | FOR_BENCH, OPTIONS,
     "an option of maskmill run, such as points-per-side=16"},
    {"json", 0, NULL, SETTING_FLAG, AT(json), ANY, NULL,
     FOR_STATUS | FOR_STATS | FOR_INFO | FOR_EVAL | FOR_BENCH, OPTIONS, "print one JSON object"},

    {"man", 0, NULL, SETTING_FLAG, AT(man), ANY, NULL, FOR_HELP, OPTIONS, "print the manual page"},
    {"completion", 0, "SHELL", SETTING_TEXT, AT(completion), ONE_OF("bash|zsh|fish"), NULL,
     FOR_HELP, OPTIONS, "print the completions for a shell"},
    {"help", 'h', NULL, SETTING_FLAG, AT(help), ANY, NULL, FOR_RUN, REPORT, "print this and exit"},
    {"help", 'h', NULL, SETTING_FLAG, AT(help), ANY, NULL, FOR_ALL & ~FOR_RUN, OPTIONS,
     "print this and exit"},
};

const struct setting *settings_table(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}
