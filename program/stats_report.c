/* stats_report.c - statistics of records as text and as JSON. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/json_text.h"
#include "program/stats_report.h"
#include "records/record.h"
#include "records/stats.h"

static const double shares[] = {0.05, 0.25, 0.5, 0.75, 0.95};
static const char *const share_names[] = {"p5", "p25", "median", "p75", "p95"};
enum { SHARES = sizeof shares / sizeof shares[0], JSON_BARS = 50, TEXT_BARS = 10, BAR_WIDTH = 40 };

/* One distribution, and how its histogram is shown. */
struct distribution {
    const char *name, *title;
    const struct histogram *histogram;
    bool logarithm; /* the histogram holds log10 of whole numbers */
    double mean;    /* as shown */
};

enum { DISTRIBUTIONS = 6 };

static double shown_edge(const struct distribution *distribution, double number)
{
    return distribution->logarithm ? pow(10, number) : number;
}

static double shown(const struct distribution *distribution, double number)
{
    return distribution->logarithm ? round(pow(10, number)) : number;
}

static void list(const struct stats *stats, struct distribution distributions[DISTRIBUTIONS])
{
    const struct distribution all[DISTRIBUTIONS] = {
        {"masks_per_image", "masks an image", &stats->masks, false, 0},
        {"area", "area, pixels", &stats->area, true, 0},
        {"predicted_iou", "predicted IoU", &stats->predicted_iou, false, 0},
        {"stability_score", "stability score", &stats->stability, false, 0},
        {"relative_size", "size relative to the image, sqrt(area / image)", &stats->relative_size,
         false, 0},
        {"concavity", "concavity, 1 - area / convex hull's area", &stats->concavity, false, 0},
    };
    for (size_t i = 0; i < DISTRIBUTIONS; i++) {
        distributions[i] = all[i];
        distributions[i].mean = histogram_mean(all[i].histogram);
        if (all[i].histogram == &stats->area && stats->area.count)
            distributions[i].mean = stats->area_sum / (double)stats->area.count;
    }
}

static void json_number(struct json_text *text, const char *name, double number)
{
    json_text_raw(text, ", \"");
    json_text_raw(text, name);
    json_text_raw(text, "\": ");
    json_text_double(text, number);
}

static void json_count(struct json_text *text, const char *name, uint64_t number)
{
    json_text_raw(text, ", \"");
    json_text_raw(text, name);
    json_text_raw(text, "\": ");
    json_text_integer(text, (int64_t)number);
}

static void json_list(struct json_text *text, const uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        json_text_raw(text, i ? ", " : "[");
        json_text_integer(text, (int64_t)numbers[i]);
    }
    json_text_raw(text, "]");
}

static void json_distribution(struct json_text *text, const struct distribution *distribution)
{
    const struct histogram *histogram = distribution->histogram;
    uint64_t bars[JSON_BARS];
    double step = (histogram->high - histogram->low) / JSON_BARS;
    json_text_raw(text, ",\n\"");
    json_text_raw(text, distribution->name);
    json_text_raw(text, "\": {\"count\": ");
    json_text_integer(text, (int64_t)histogram->count);
    if (histogram->count) {
        json_number(text, "mean", distribution->mean);
        json_number(text, "min", shown(distribution, histogram->least));
        json_number(text, "max", shown(distribution, histogram->most));
        for (size_t i = 0; i < SHARES; i++)
            json_number(text, share_names[i],
                        shown(distribution, histogram_quantile(histogram, shares[i])));
    }
    json_text_raw(text, ", \"edges\": [");
    for (size_t i = 0; i <= JSON_BARS; i++) {
        json_text_raw(text, i ? ", " : "");
        json_text_double(text, shown_edge(distribution, histogram->low + step * (double)i));
    }
    json_text_raw(text, "], \"counts\": ");
    histogram_bars(histogram, bars, JSON_BARS);
    json_list(text, bars, JSON_BARS);
    json_text_raw(text, "}");
}

static void json_axis(struct json_text *text, const char *name, size_t cells)
{
    json_text_raw(text, name);
    json_text_double(text, STATS_SCORES_FROM);
    json_text_raw(text, ", ");
    json_text_double(text, STATS_SCORES_FROM + STATS_SCORES_CELL * (double)cells);
    json_text_raw(text, ", ");
    json_text_integer(text, (int64_t)cells);
    json_text_raw(text, "]");
}

/* The map of both scores: its axes, then the cells that are not empty. */
static void json_scores(struct json_text *text, const struct stats *stats)
{
    bool first = true;
    json_axis(text, ",\n\"score_map\": {\"iou\": [", STATS_IOU_CELLS);
    json_axis(text, ", \"stability\": [", STATS_STABILITY_CELLS);
    json_text_raw(text, ", \"cells\": [");
    for (size_t i = 0; i < STATS_IOU_CELLS; i++)
        for (size_t j = 0; j < STATS_STABILITY_CELLS; j++) {
            const uint64_t cell[] = {i, j, stats->scores[i][j]};
            if (cell[2] == 0)
                continue;
            json_text_raw(text, first ? "" : ", ");
            json_list(text, cell, 3);
            first = false;
        }
    json_text_raw(text, "]}");
}

/* How many masks each source has made, if any record says so. */
static void json_sources(struct json_text *text, const struct stats *stats)
{
    const char *before = ", \"sources\": {";
    for (int source = MASK_SOURCE_KNOWN; source <= MASK_SOURCE_TEXT; source++) {
        if (stats->sources[source] == 0)
            continue;
        json_text_raw(text, before);
        json_text_string(text, record_source_name((enum mask_source)source),
                         strlen(record_source_name((enum mask_source)source)));
        json_text_raw(text, ": ");
        json_text_integer(text, (int64_t)stats->sources[source]);
        before = ", ";
    }
    if (stats->sources[MASK_SOURCE_NONE] < stats->area.count)
        json_text_raw(text, "}");
}

void stats_json(const struct stats *stats, struct json_text *text)
{
    struct distribution distributions[DISTRIBUTIONS];
    json_text_raw(text, "{\"images\": ");
    json_text_integer(text, (int64_t)stats->records);
    json_count(text, "images_without_masks", stats->empty_records);
    json_count(text, "records_refused", stats->refused);
    json_count(text, "masks", stats->area.count);
    json_count(text, "small", stats->small);
    json_count(text, "medium", stats->medium);
    json_count(text, "large", stats->large);
    json_sources(text, stats);
    list(stats, distributions);
    for (size_t i = 0; i < DISTRIBUTIONS; i++)
        json_distribution(text, &distributions[i]);
    json_text_raw(text, ",\n\"centres\": ");
    for (size_t y = 0; y < STATS_CENTRES; y++) {
        json_text_raw(text, y ? ",\n" : "[");
        json_list(text, stats->centres[y], STATS_CENTRES);
    }
    json_text_raw(text, "]");
    json_scores(text, stats);
    json_text_raw(text, "}\n");
}

static void print_bar(uint64_t count, uint64_t most)
{
    int length = (int)((double)count / (double)most * BAR_WIDTH + 0.5);
    for (int i = 0; i < length; i++)
        putchar('#');
    putchar('\n');
}

/* Bars from the smallest to the largest value only, not over the whole range. */
static void print_bars(const struct distribution *distribution)
{
    const struct histogram *histogram = distribution->histogram;
    uint64_t bars[TEXT_BARS] = {0};
    uint64_t most = 0;
    double step = (histogram->high - histogram->low) / HISTOGRAM_BINS;
    size_t first = HISTOGRAM_BINS, last = 0;
    for (size_t i = 0; i < HISTOGRAM_BINS; i++)
        if (histogram->bins[i]) {
            first = first < HISTOGRAM_BINS ? first : i;
            last = i;
        }
    size_t width = (last - first) / TEXT_BARS + 1;
    for (size_t i = first; i <= last; i++)
        bars[(i - first) / width] += histogram->bins[i];
    for (size_t i = 0; i < TEXT_BARS; i++)
        most = bars[i] > most ? bars[i] : most;
    for (size_t i = 0; i <= (last - first) / width; i++) {
        double from = histogram->low + step * (double)(first + i * width);
        printf("  %12.6g %10llu ", shown_edge(distribution, from), (unsigned long long)bars[i]);
        print_bar(bars[i], most);
    }
}

static void print_distribution(const struct distribution *distribution)
{
    const struct histogram *histogram = distribution->histogram;
    if (histogram->count == 0)
        return;
    printf("\n%s: mean %.4g, min %.4g, max %.4g", distribution->title, distribution->mean,
           shown(distribution, histogram->least), shown(distribution, histogram->most));
    for (size_t i = 0; i < SHARES; i++)
        printf(", %s %.4g", share_names[i],
               shown(distribution, histogram_quantile(histogram, shares[i])));
    puts("\n          from      count");
    print_bars(distribution);
}

static void print_centres(const struct stats *stats)
{
    static const char shades[] = " .:-=+*#%@";
    uint64_t most = 1;
    for (size_t y = 0; y < STATS_CENTRES; y++)
        for (size_t x = 0; x < STATS_CENTRES; x++)
            most = stats->centres[y][x] > most ? stats->centres[y][x] : most;
    puts("\ncentres of the masks over the image (darkest: the most)");
    for (size_t y = 0; y < STATS_CENTRES; y++) {
        fputs("  |", stdout);
        for (size_t x = 0; x < STATS_CENTRES; x++) {
            double share = (double)stats->centres[y][x] / (double)most;
            char shade = shades[(size_t)ceil(share * 9)];
            putchar(shade);
            putchar(shade);
        }
        puts("|");
    }
}

static void print_sources(const struct stats *stats)
{
    const char *before = "made by: ";
    for (int source = MASK_SOURCE_KNOWN; source <= MASK_SOURCE_TEXT; source++)
        if (stats->sources[source]) {
            printf("%s%llu %s", before, (unsigned long long)stats->sources[source],
                   record_source_name((enum mask_source)source));
            before = ", ";
        }
    if (stats->sources[MASK_SOURCE_NONE] < stats->area.count)
        putchar('\n');
}

void stats_print(const struct stats *stats)
{
    struct distribution distributions[DISTRIBUTIONS];
    printf("%llu images (%llu without masks), %llu masks: %llu small, %llu medium, %llu large\n",
           (unsigned long long)stats->records, (unsigned long long)stats->empty_records,
           (unsigned long long)stats->area.count, (unsigned long long)stats->small,
           (unsigned long long)stats->medium, (unsigned long long)stats->large);
    print_sources(stats);
    if (stats->refused)
        printf("%llu records could not be used\n", (unsigned long long)stats->refused);
    list(stats, distributions);
    for (size_t i = 0; i < DISTRIBUTIONS; i++)
        print_distribution(&distributions[i]);
    if (stats->area.count)
        print_centres(stats);
}
