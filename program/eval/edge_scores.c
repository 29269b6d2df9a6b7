#include "program/eval/edge_scores.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/edges/edge_match.h"
#include "filters/edges/edge_thin.h"
#include "program/eval/edge_truth.h"
#include "program/eval/segments.h"

static const double DISTANCE = 0.0075; /* of the image's diagonal */

/* An image under evaluation; read-only. */
struct trial {
    struct size size;
    const float *map;
    const struct edge_truth *truth;
};

/* What a thread needs for a threshold. */
struct scratch {
    uint8_t *found, *matched; /* [pixels] */
    struct edge_match *match;
};

static double threshold_of(int index)
{
    return (double)(index + 1) / (EDGE_THRESHOLDS + 1);
}

static double part(double of, double all)
{
    return all > 0 ? of / all : 0;
}

static double recall_of(const struct edge_counts *counts)
{
    return part(counts->recalled, counts->true_pixels);
}

static double precision_of(const struct edge_counts *counts)
{
    return part(counts->precise, counts->pixels);
}

static double f_of(double recall, double precision)
{
    return part(2 * recall * precision, recall + precision);
}

double edge_counts_f(const struct edge_counts *counts)
{
    return f_of(recall_of(counts), precision_of(counts));
}

static int scratch_make(struct scratch *scratch, struct size size, struct error *error)
{
    const size_t pixels = (size_t)size.width * (size_t)size.height;
    const double diagonal =
        sqrt((double)size.width * size.width + (double)size.height * size.height);
    *scratch = (struct scratch){0};
    if (!(scratch->found = memory_new(pixels, 1, "edges", error)) ||
        !(scratch->matched = memory_new(pixels, 1, "edges", error)) ||
        !(scratch->match = edge_match_new(size, DISTANCE * diagonal, error)))
        return -1;
    return 0;
}

static void scratch_free(struct scratch *scratch)
{
    memory_free(scratch->found);
    memory_free(scratch->matched);
    edge_match_free(scratch->match);
}

static double count_set(const uint8_t *map, size_t pixels)
{
    size_t count = 0;
    for (size_t i = 0; i < pixels; i++)
        count += map[i];
    return (double)count;
}

/* Cuts the map at one threshold and compares it with all annotators. */
static int try_threshold(const struct trial *trial, struct scratch *scratch, double threshold,
                         struct edge_counts *counts, struct error *error)
{
    const size_t pixels = (size_t)trial->size.width * (size_t)trial->size.height;
    for (size_t i = 0; i < pixels; i++)
        scratch->found[i] = (double)trial->map[i] >= threshold;
    memset(scratch->matched, 0, pixels);
    if (edge_thin(trial->size, scratch->found, error))
        return -1;
    for (size_t i = 0; i < trial->truth->count; i++) {
        const uint8_t *truth = trial->truth->maps + i * pixels;
        counts->recalled +=
            (double)edge_match_pairs(scratch->match, scratch->found, truth, scratch->matched);
        counts->true_pixels += count_set(truth, pixels);
    }
    counts->pixels = count_set(scratch->found, pixels);
    counts->precise = count_set(scratch->matched, pixels);
    return 0;
}

static int try_all(const struct trial *trial, struct edge_counts *counts, int threads,
                   struct error *error)
{
    struct error errors[EDGE_THRESHOLDS] = {{0}};
#pragma omp parallel num_threads(threads)
    {
        struct scratch scratch;
        struct error short_of_memory = {0};
        int made = scratch_make(&scratch, trial->size, &short_of_memory);
#pragma omp for schedule(dynamic)
        for (int i = 0; i < EDGE_THRESHOLDS; i++)
            if (made)
                errors[i] = short_of_memory;
            else
                try_threshold(trial, &scratch, threshold_of(i), &counts[i], &errors[i]);
        scratch_free(&scratch);
    }
    for (int i = 0; i < EDGE_THRESHOLDS; i++)
        if (errors[i].code) {
            *error = errors[i];
            return -1;
        }
    return 0;
}

static void add(struct edge_counts *to, const struct edge_counts *from)
{
    to->recalled += from->recalled;
    to->true_pixels += from->true_pixels;
    to->precise += from->precise;
    to->pixels += from->pixels;
}

int edge_scores_add(struct edge_scores *scores, const float *map, const struct segments *segments,
                    int threads, struct error *error)
{
    struct edge_truth truth;
    struct edge_counts counts[EDGE_THRESHOLDS] = {{0}};
    const struct size size = {(int32_t)segments->width, (int32_t)segments->height};
    const struct trial trial = {size, map, &truth};
    int status = edge_truth_make(&truth, segments, error);
    if (status == 0)
        status = try_all(&trial, counts, threads, error);
    edge_truth_free(&truth);
    if (status)
        return -1;
    int best = 0;
    for (int i = 0; i < EDGE_THRESHOLDS; i++) {
        add(&scores->sums[i], &counts[i]);
        if (edge_counts_f(&counts[i]) > edge_counts_f(&counts[best]))
            best = i;
    }
    add(&scores->best, &counts[best]);
    return 0;
}

/* The best F, also between two thresholds: recall and precision are taken to change linearly. */
static void find_best(const struct edge_scores *scores, struct edge_figures *figures)
{
    enum { STEPS = 100 };
    for (int i = 0; i + 1 < EDGE_THRESHOLDS; i++)
        for (int step = 0; step <= STEPS; step++) {
            const double d = (double)step / STEPS;
            const struct edge_counts *a = &scores->sums[i], *b = &scores->sums[i + 1];
            const double recall = (1 - d) * recall_of(a) + d * recall_of(b);
            const double precision = (1 - d) * precision_of(a) + d * precision_of(b);
            if (f_of(recall, precision) <= figures->ods)
                continue;
            figures->ods = f_of(recall, precision);
            figures->ods_recall = recall;
            figures->ods_precision = precision;
            figures->ods_threshold = (1 - d) * threshold_of(i) + d * threshold_of(i + 1);
        }
}

/* The curve of precision and recall, as y over x. */
struct curve {
    struct point {
        double x, y;
    } points[EDGE_THRESHOLDS]; /* by rising x */
    int count;
};

/* Adds a point; of those with the same x, the first stays. */
static void curve_add(struct curve *curve, double x, double y)
{
    int at = curve->count;
    while (at > 0 && curve->points[at - 1].x > x)
        at--;
    if (at > 0 && curve->points[at - 1].x == x)
        return;
    memmove(curve->points + at + 1, curve->points + at,
            (size_t)(curve->count - at) * sizeof *curve->points);
    curve->points[at] = (struct point){x, y};
    curve->count++;
}

/* On the lines between the points; 0 beyond them. */
static double curve_at(const struct curve *curve, double x)
{
    for (int i = 0; i < curve->count; i++) {
        const struct point *here = &curve->points[i], *before = here - 1;
        if (here->x == x)
            return here->y;
        if (i > 0 && before->x < x && x < here->x)
            return before->y + (x - before->x) / (here->x - before->x) * (here->y - before->y);
    }
    return 0;
}

static double average_precision(const struct edge_scores *scores)
{
    enum { STEPS = 100 };
    struct curve curve = {.count = 0};
    double sum = 0;
    for (int i = 0; i < EDGE_THRESHOLDS; i++)
        curve_add(&curve, recall_of(&scores->sums[i]), precision_of(&scores->sums[i]));
    for (int i = 0; i < STEPS && curve.count > 1; i++)
        sum += curve_at(&curve, (double)i / STEPS);
    return sum / STEPS;
}

/* Where precision never falls to a half, recall at the lowest there is. */
static double recall_at_half(const struct edge_scores *scores)
{
    struct curve curve = {.count = 0};
    for (int i = 0; i < EDGE_THRESHOLDS; i++)
        curve_add(&curve, precision_of(&scores->sums[i]), recall_of(&scores->sums[i]));
    return curve_at(&curve, fmax(curve.points[0].x, 0.5));
}

struct edge_figures edge_scores_figures(const struct edge_scores *scores)
{
    struct edge_figures figures = {
        .ois = edge_counts_f(&scores->best),
        .ap = average_precision(scores),
        .r50 = recall_at_half(scores),
    };
    find_best(scores, &figures);
    return figures;
}
