#include "program/eval/eval_report.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json_text.h"
#include "program/eval/eval.h"
#include "program/eval/eval_edges.h"

static const char *const size_names[SIZES] = {"small", "medium", "large"};

/* The clicks on segments of one size, or all clicks for SIZES. */
static struct eval_clicks clicks_of(const struct eval_scores *scores, int size)
{
    struct eval_clicks sum = {0};
    for (int s = 0; s < SIZES; s++) {
        if (size != SIZES && s != size)
            continue;
        sum.clicks += scores->clicks[s].clicks;
        sum.best_of_3 += scores->clicks[s].best_of_3;
        sum.best_scored += scores->clicks[s].best_scored;
    }
    return sum;
}

static uint64_t segments_of(const struct eval_scores *scores, int size)
{
    uint64_t segments = 0;
    for (int s = 0; s < SIZES; s++)
        segments += size == SIZES || s == size ? scores->recall.segments[s] : 0;
    return segments;
}

static double mean(double sum, uint64_t count)
{
    return count ? sum / (double)count : (double)NAN;
}

/* Pearson's coefficient; NaN if either side is constant. */
static double pearson(const struct eval_correlation *sums)
{
    double n = sums->count;
    double xx = n * sums->xx - sums->x * sums->x;
    double yy = n * sums->yy - sums->y * sums->y;
    double xy = n * sums->xy - sums->x * sums->y;
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

static void add_name(struct json_text *text, const char *name, const char *before)
{
    json_text_raw(text, before);
    json_text_raw(text, "\"");
    json_text_raw(text, name);
    json_text_raw(text, "\": ");
}

static void add_count(struct json_text *text, const char *name, uint64_t number, const char *before)
{
    add_name(text, name, before);
    json_text_integer(text, (int64_t)number);
}

static void add_real(struct json_text *text, const char *name, double number)
{
    add_name(text, name, ", ");
    if (isnan(number))
        json_text_raw(text, "null");
    else
        json_text_double(text, number);
}

static void add_clicks(struct json_text *text, const struct eval_scores *scores, int size)
{
    struct eval_clicks clicks = clicks_of(scores, size);
    add_count(text, "segments", clicks.clicks, "");
    add_real(text, "miou_best_of_3", mean(clicks.best_of_3, clicks.clicks));
    add_real(text, "miou_best_scored", mean(clicks.best_scored, clicks.clicks));
}

static void add_recall(struct json_text *text, const struct eval_scores *scores, int size)
{
    add_count(text, "segments", segments_of(scores, size), "");
    for (int half = 0; half < 2; half++)
        for (int limit = 0; limit < RECALL_LIMITS; limit++) {
            char name[32];
            snprintf(name, sizeof name, "ar%s_at_%zu", half ? "50" : "", recall_limits[limit]);
            add_real(text, name,
                     recall_average(&scores->recall, (enum segment_size)size, limit,
                                    half ? 1 : RECALL_THRESHOLDS));
        }
}

typedef void add_part(struct json_text *text, const struct eval_scores *scores, int size);

/* The members for all segments, then an object for each size. */
static void add_sizes(struct json_text *text, const struct eval_scores *scores, add_part *add)
{
    add(text, scores, SIZES);
    for (int size = 0; size < SIZES; size++) {
        add_name(text, size_names[size], ", ");
        json_text_raw(text, "{");
        add(text, scores, size);
        json_text_raw(text, "}");
    }
}

void eval_json(const struct eval_scores *scores, bool clicks, struct json_text *text)
{
    add_count(text, "images", scores->images, "{");
    add_count(text, "failed", scores->failed, ", ");
    add_count(text, "empty_segments", scores->empty_segments, ", ");
    if (clicks) {
        json_text_raw(text, ", \"single_click\": {");
        add_sizes(text, scores, add_clicks);
        add_real(text, "iou_correlation", pearson(&scores->correlation));
        json_text_raw(text, "}");
    }
    json_text_raw(text, ", \"automatic\": {");
    add_sizes(text, scores, add_recall);
    add_real(text, "masks_per_image", mean((double)scores->masks, scores->images));
    json_text_raw(text, "}}\n");
}

/* A number in the table, in the column of a size. */
static void print_cell(double number)
{
    if (isnan(number))
        printf("%9s", "-");
    else
        printf("%9.3f", number);
}

static void print_heading(const char *heading)
{
    printf("\n%-28s%9s%9s%9s%9s\n", heading, "all", size_names[0], size_names[1], size_names[2]);
}

/* Sizes in the order of the columns: all of them first. */
static int column_size(int column)
{
    return column == 0 ? SIZES : column - 1;
}

static void print_clicks(const struct eval_scores *scores)
{
    print_heading("one click a segment, IoU");
    for (int scored = 0; scored < 2; scored++) {
        printf("  %-26s", scored ? "best-scored mask" : "best of three masks");
        for (int column = 0; column <= SIZES; column++) {
            struct eval_clicks clicks = clicks_of(scores, column_size(column));
            print_cell(mean(scored ? clicks.best_scored : clicks.best_of_3, clicks.clicks));
        }
        printf("\n");
    }
    printf("  predicted and actual IoU correlate (Pearson) by");
    print_cell(pearson(&scores->correlation));
    printf("\n");
}

static void print_recall(const struct eval_scores *scores)
{
    print_heading("automatic masks, recall");
    for (int half = 0; half < 2; half++)
        for (int limit = 0; limit < RECALL_LIMITS; limit++) {
            printf("  %5zu masks, IoU %-10s", recall_limits[limit], half ? "0.5" : "0.5:0.95");
            for (int column = 0; column <= SIZES; column++)
                print_cell(recall_average(&scores->recall, (enum segment_size)column_size(column),
                                          limit, half ? 1 : RECALL_THRESHOLDS));
            printf("\n");
        }
}

void eval_print(const struct eval_scores *scores, bool clicks)
{
    printf("%llu images, %llu failed, %.1f automatic masks an image\n",
           (unsigned long long)scores->images, (unsigned long long)scores->failed,
           scores->images ? (double)scores->masks / (double)scores->images : 0.0);
    if (scores->empty_segments)
        printf("%llu true segments without a pixel are left out\n",
               (unsigned long long)scores->empty_segments);
    printf("%-28s", "segments");
    for (int column = 0; column <= SIZES; column++)
        printf("%9llu", (unsigned long long)segments_of(scores, column_size(column)));
    printf("\n");
    if (clicks)
        print_clicks(scores);
    print_recall(scores);
}

void eval_edges_json(const struct edge_evaluator *evaluator, struct json_text *text)
{
    const struct edge_figures figures = edge_scores_figures(&evaluator->scores);
    add_count(text, "images", evaluator->images, "{");
    add_count(text, "failed", evaluator->failed, ", ");
    add_real(text, "ods", figures.ods);
    add_real(text, "ods_threshold", figures.ods_threshold);
    add_real(text, "ods_recall", figures.ods_recall);
    add_real(text, "ods_precision", figures.ods_precision);
    add_real(text, "ois", figures.ois);
    add_real(text, "ap", figures.ap);
    add_real(text, "r50", figures.r50);
    json_text_raw(text, "}\n");
}

void eval_edges_print(const struct edge_evaluator *evaluator)
{
    const struct edge_figures figures = edge_scores_figures(&evaluator->scores);
    printf("%llu images, %llu failed\n", (unsigned long long)evaluator->images,
           (unsigned long long)evaluator->failed);
    printf("  ODS  %.3f  at threshold %.3f: recall %.3f, precision %.3f\n", figures.ods,
           figures.ods_threshold, figures.ods_recall, figures.ods_precision);
    printf("  OIS  %.3f\n  AP   %.3f\n  R50  %.3f\n", figures.ois, figures.ap, figures.r50);
}
