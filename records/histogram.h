/* histogram.h - a stream of numbers in fixed memory: count, mean, extremes, quantiles, bars. */
#ifndef RECORDS_HISTOGRAM_H
#define RECORDS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BINS = 1000 };

struct histogram {
    double low, high; /* range of the bins; numbers outside count in the first or last bin */
    uint64_t bins[HISTOGRAM_BINS];
    uint64_t count;
    double sum, least, most; /* exact, not from the bins; least and most are 0 if count is 0 */
};

/* Makes the histogram empty, with bins over low .. high (low < high). */
void histogram_begin(struct histogram *histogram, double low, double high);

/* Adds a finite number. */
void histogram_add(struct histogram *histogram, double number);

/* The mean; 0 if empty. */
double histogram_mean(const struct histogram *histogram);

/* The quantile of `fraction` 0..1, to within a bin; 0 if empty. */
double histogram_quantile(const struct histogram *histogram, double fraction);

/* Sums bins into bars[0..count); HISTOGRAM_BINS must be a multiple of count. */
void histogram_bars(const struct histogram *histogram, uint64_t *bars, size_t count);

#endif
