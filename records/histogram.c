#include "records/histogram.h"

void histogram_begin(struct histogram *histogram, double low, double high)
{
    *histogram = (struct histogram){.low = low, .high = high};
}

void histogram_add(struct histogram *histogram, double number)
{
    double place = (number - histogram->low) / (histogram->high - histogram->low) * HISTOGRAM_BINS;
    size_t bin = place <= 0 ? 0 : place >= HISTOGRAM_BINS ? HISTOGRAM_BINS - 1 : (size_t)place;
    histogram->bins[bin]++;
    histogram->sum += number;
    if (histogram->count == 0 || number < histogram->least)
        histogram->least = number;
    if (histogram->count == 0 || number > histogram->most)
        histogram->most = number;
    histogram->count++;
}

double histogram_mean(const struct histogram *histogram)
{
    return histogram->count ? histogram->sum / (double)histogram->count : 0;
}

double histogram_quantile(const struct histogram *histogram, double fraction)
{
    double width = (histogram->high - histogram->low) / HISTOGRAM_BINS;
    double wanted = fraction * (double)histogram->count;
    double below = 0;
    if (histogram->count == 0)
        return 0;
    for (size_t i = 0; i < HISTOGRAM_BINS; i++) {
        double here = (double)histogram->bins[i];
        if (here > 0 && below + here >= wanted) {
            double number = histogram->low + width * ((double)i + (wanted - below) / here);
            number = number < histogram->least ? histogram->least : number;
            return number > histogram->most ? histogram->most : number;
        }
        below += here;
    }
    return histogram->most;
}

void histogram_bars(const struct histogram *histogram, uint64_t *bars, size_t count)
{
    size_t step = HISTOGRAM_BINS / count;
    for (size_t i = 0; i < count; i++)
        bars[i] = 0;
    for (size_t i = 0; i < count * step; i++)
        bars[i / step] += histogram->bins[i];
}
