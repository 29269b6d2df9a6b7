#include "program/eval/eval_report.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/json_text.h"
#include "program/eval/eval_edges.h"
#include "program/eval/eval_sums.h"

enum { AP50 = 0, AP75 = 5 }; /* places of 0.5 and 0.75 in recall_thresholds */

static const char *const size_names[RANGES] = {"all", "small", "medium", "large"};

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

/* A real whose name has a number in it: "ar_at_%d". */
static void add_numbered(struct json_text *text, const char *format, int number, double value)
{
    char name[32];
    snprintf(name, sizeof name, format, number);
    add_real(text, name, value);
}

static void add_single_click(struct json_text *text, struct eval_sums *sums, enum eval_range range)
{
    add_count(text, "segments", sums->prompted[range].segments[0], "");
    add_real(text, "miou_best_of_3", eval_miou_best_of_3(sums, range));
    add_real(text, "miou_best_scored", eval_miou(sums, range, 1));
}

/* The most clicks that any segment had. */
static int most_clicks(const struct eval_sums *sums)
{
    int clicks = EVAL_CLICKS_MAX;
    while (clicks > 0 && sums->prompted[RANGE_ALL].segments[clicks - 1] == 0)
        clicks--;
    return clicks;
}

static void add_clicks(struct json_text *text, struct eval_sums *sums, enum eval_range range)
{
    const int most = most_clicks(sums);
    add_count(text, "segments", sums->prompted[range].segments[most - 1], "");
    for (int clicks = 1; clicks <= most; clicks++)
        add_numbered(text, clicks == 1 ? "miou_%d_click" : "miou_%d_clicks", clicks,
                     eval_miou(sums, range, clicks));
}

static void add_box(struct json_text *text, struct eval_sums *sums, enum eval_range range)
{
    add_count(text, "segments", sums->prompted[range].boxes, "");
    add_real(text, "miou", eval_miou_box(sums, range));
}

static void add_recall(struct json_text *text, struct eval_sums *sums, enum eval_range range)
{
    add_count(text, "segments", sums->recall[range].segments, "");
    for (int limit = 0; limit < RECALL_LIMITS; limit++)
        add_numbered(text, "ar_at_%d", (int)recall_limits[limit],
                     eval_average_recall(sums, range, limit, RECALL_THRESHOLDS));
    for (int limit = 0; limit < RECALL_LIMITS; limit++)
        add_numbered(text, "ar50_at_%d", (int)recall_limits[limit],
                     eval_average_recall(sums, range, limit, 1));
    add_real(text, "ap", eval_average_precision(sums, range, 0, RECALL_THRESHOLDS));
    add_real(text, "ap50", eval_average_precision(sums, range, AP50, 1));
    add_real(text, "ap75", eval_average_precision(sums, range, AP75, 1));
}

/* Precision and recall of the masks above one threshold. */
static void add_point(struct json_text *text, const struct eval_sums *sums, enum eval_range range,
                      int point)
{
    for (int level = 0; level < EVAL_LEVELS; level++) {
        add_numbered(text, "precision_%d", eval_levels[level],
                     eval_precision(sums, range, point, level));
        add_numbered(text, "recall_%d", eval_levels[level], eval_recall(sums, range, point, level));
    }
}

static void add_precision(struct json_text *text, struct eval_sums *sums, enum eval_range range)
{
    add_count(text, "masks", sums->curve[range][CURVE_EVERY].masks[0], "");
    add_point(text, sums, range, CURVE_EVERY);
}

static void add_curve(struct json_text *text, const struct eval_sums *sums)
{
    json_text_raw(text, ", \"curve\": [");
    for (int point = 0; point < CURVE_POINTS; point++) {
        add_name(text, "pred_iou_thresh", point ? ", {" : "{");
        json_text_double(text, eval_curve_threshold(point));
        add_count(text, "masks", sums->curve[RANGE_ALL][point].masks[0], ", ");
        add_point(text, sums, RANGE_ALL, point);
        json_text_raw(text, "}");
    }
    json_text_raw(text, "]");
}

typedef void add_part(struct json_text *text, struct eval_sums *sums, enum eval_range range);

/* Opens an object with the members for all segments and an object for each size. */
static void open_part(struct json_text *text, struct eval_sums *sums, const char *name,
                      add_part *add)
{
    add_name(text, name, ", ");
    json_text_raw(text, "{");
    add(text, sums, RANGE_ALL);
    for (int range = RANGE_SMALL; range < RANGES; range++) {
        add_name(text, size_names[range], ", ");
        json_text_raw(text, "{");
        add(text, sums, (enum eval_range)range);
        json_text_raw(text, "}");
    }
}

static double masks_per_image(const struct eval_sums *sums)
{
    return sums->images ? (double)sums->masks / (double)sums->images : (double)NAN;
}

void eval_json(struct eval_sums *sums, bool clicks, struct json_text *text)
{
    add_count(text, "images", sums->images, "");
    add_count(text, "failed", sums->failed, ", ");
    add_count(text, "empty_segments", sums->empty_segments, ", ");
    if (clicks) {
        open_part(text, sums, "single_click", add_single_click);
        add_real(text, "iou_correlation", eval_pearson(sums));
        json_text_raw(text, "}");
    }
    if (most_clicks(sums) > 1) {
        open_part(text, sums, "clicks", add_clicks);
        json_text_raw(text, "}");
    }
    if (sums->prompted[RANGE_ALL].boxes) {
        open_part(text, sums, "box", add_box);
        json_text_raw(text, "}");
    }
    open_part(text, sums, "automatic", add_recall);
    add_real(text, "masks_per_image", masks_per_image(sums));
    json_text_raw(text, "}");
    open_part(text, sums, "precision", add_precision);
    add_curve(text, sums);
    json_text_raw(text, "}");
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
    printf("\n%-28s", heading);
    for (int range = 0; range < RANGES; range++)
        printf("%9s", size_names[range]);
    printf("\n");
}

static void print_clicks(const struct eval_sums *sums)
{
    static const int shown[] = {2, 3, 5, 9};
    print_heading("clicks on a segment, IoU");
    printf("  %-26s", "1, best of three masks");
    for (int range = 0; range < RANGES; range++)
        print_cell(eval_miou_best_of_3(sums, (enum eval_range)range));
    printf("\n  %-26s", "1, best-scored mask");
    for (int range = 0; range < RANGES; range++)
        print_cell(eval_miou(sums, (enum eval_range)range, 1));
    for (size_t i = 0; i < sizeof shown / sizeof *shown && shown[i] <= most_clicks(sums); i++) {
        printf("\n  %-26d", shown[i]);
        for (int range = 0; range < RANGES; range++)
            print_cell(eval_miou(sums, (enum eval_range)range, shown[i]));
    }
    if (sums->prompted[RANGE_ALL].boxes) {
        printf("\n  %-26s", "its box");
        for (int range = 0; range < RANGES; range++)
            print_cell(eval_miou_box(sums, (enum eval_range)range));
    }
    printf("\n  predicted and actual IoU correlate (Pearson) by");
    print_cell(eval_pearson(sums));
    printf("\n");
}

static void print_recall(struct eval_sums *sums)
{
    print_heading("automatic masks, recall");
    for (int half = 0; half < 2; half++)
        for (int limit = 0; limit < RECALL_LIMITS; limit++) {
            printf("  %5zu masks, IoU %-10s", recall_limits[limit], half ? "0.5" : "0.5:0.95");
            for (int range = 0; range < RANGES; range++)
                print_cell(eval_average_recall(sums, (enum eval_range)range, limit,
                                               half ? 1 : RECALL_THRESHOLDS));
            printf("\n");
        }
}

static void print_precision(struct eval_sums *sums)
{
    print_heading("automatic masks, precision");
    for (int level = 0; level < EVAL_LEVELS; level++) {
        printf("  share with IoU %.2f%7s", eval_levels[level] / 100.0, "");
        for (int range = 0; range < RANGES; range++)
            print_cell(eval_precision(sums, (enum eval_range)range, CURVE_EVERY, level));
        printf("\n");
    }
    printf("  %-26s", "average, IoU 0.5:0.95");
    for (int range = 0; range < RANGES; range++)
        print_cell(eval_average_precision(sums, (enum eval_range)range, 0, RECALL_THRESHOLDS));
    printf("\n");
}

/* The thresholds at which masks go. */
static void print_curve(const struct eval_sums *sums)
{
    printf("\n%-28s%9s%9s%9s%9s\n", "--pred-iou-thresh", "masks", "IoU 0.5", "IoU 0.75", "found");
    for (int point = 0; point < CURVE_POINTS; point++) {
        const struct eval_curve_point *at = &sums->curve[RANGE_ALL][point];
        if (point > 0 && at->masks[0] == at[-1].masks[0])
            continue;
        printf("  %-26.2f%9llu", eval_curve_threshold(point), (unsigned long long)at->masks[0]);
        for (int level = 0; level < EVAL_LEVELS; level++)
            print_cell(eval_precision(sums, RANGE_ALL, point, level));
        print_cell(eval_recall(sums, RANGE_ALL, point, 0));
        printf("\n");
    }
}

void eval_print(struct eval_sums *sums, bool clicks)
{
    const double masks = masks_per_image(sums);
    printf("%llu images, %llu failed, %.1f automatic masks an image\n",
           (unsigned long long)sums->images, (unsigned long long)sums->failed,
           isnan(masks) ? 0 : masks);
    if (sums->empty_segments)
        printf("%llu true segments without a pixel are left out\n",
               (unsigned long long)sums->empty_segments);
    printf("%-28s", "segments");
    for (int range = 0; range < RANGES; range++)
        printf("%9llu", (unsigned long long)sums->recall[range].segments);
    printf("\n");
    if (clicks)
        print_clicks(sums);
    print_recall(sums);
    print_precision(sums);
    print_curve(sums);
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
