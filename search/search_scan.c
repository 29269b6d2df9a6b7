#include "search/search_scan.h"

#include <math.h>
#include <omp.h>

#include "base/error.h"
#include "base/memory.h"
#include "search/search_kernel.h"

/* Rows that a thread takes at a time: enough that taking them costs nothing, few enough that all threads end
 * together. */
enum { CHUNK = 2048 };

/* What all threads share. */
struct work {
    const struct search_scan *scan;
    const struct search_kernel *kernel;
    size_t stride;
    float *queries; /* [count][stride] */
    uint64_t first, end;
};

float search_limit(double similarity, size_t width)
{
    /* Products are exact in float. A sum of n floats of which those so far have at most the absolute sum s errs by
     * n * 2^-24 * s. The kernel with the fewest lanes adds width / 4 numbers a lane, then the lanes; s is at most
     * the product of the lengths, 1.01 each; the last factor covers the rest of the bound and this rounding. */
    const double additions = (double)width / 4 + 8;
    return (float)(similarity - additions * 0x1p-24 * 1.01 * 1.01 - 0x1p-22);
}

/* Hands the rows of a strip that may be of use to `found`. */
static int take_strip(const struct work *work, struct search_lane *lane, uint64_t first,
                      uint64_t count)
{
    const struct search_scan *scan = work->scan;
    const unsigned valid = (1u << count) - 1;
    for (size_t q = 0; q < scan->count; q++)
        for (unsigned bits = lane->bits[q] & valid; bits; bits &= bits - 1) {
            const size_t r = (size_t)__builtin_ctz(bits);
            const struct search_query *query = &scan->queries[q];
            struct search_hit hit = {first + r, 0};
            if (hit.row < query->first || hit.row >= query->end || hit.row == query->skip)
                continue;
            hit.similarity = work->kernel->product(lane->strip + r * work->stride,
                                                   work->queries + q * work->stride, work->stride);
            if (hit.similarity >= scan->least && scan->found(lane, q, hit))
                return -1;
        }
    return 0;
}

static int scan_chunk(const struct work *work, struct search_lane *lane, uint64_t first,
                      uint64_t end)
{
    const struct search_rows *rows = work->scan->rows;
    for (uint64_t row = first; row < end; row += SEARCH_STRIP) {
        const uint64_t count = end - row < SEARCH_STRIP ? end - row : SEARCH_STRIP;
        for (uint64_t r = 0; r < count; r++)
            work->kernel->widen(rows->halves + (row + r) * rows->width, rows->width,
                                lane->strip + r * work->stride, work->stride);
        const struct search_strip strip = {lane->strip, work->queries, work->scan->count,
                                           work->stride, lane->limits};
        work->kernel->compare(&strip, lane->bits);
        if (take_strip(work, lane, row, count))
            return -1;
    }
    return 0;
}

static int lane_begin(struct search_lane *lane, const struct work *work, struct error *error)
{
    const size_t count = work->scan->count;
    lane->error = error;
    lane->limits = memory_new(count, sizeof *lane->limits, "search limits", error);
    lane->bits = memory_new(count, sizeof *lane->bits, "search results", error);
    lane->strip = memory_new(SEARCH_STRIP, work->stride * sizeof(float), "search rows", error);
    if (!lane->limits || !lane->bits || !lane->strip)
        return -1;
    for (size_t q = 0; q < count; q++)
        lane->limits[q] = search_limit(work->scan->least, work->scan->rows->width);
    return 0;
}

static void lane_end(struct search_lane *lane)
{
    memory_free(lane->limits);
    memory_free(lane->bits);
    memory_free(lane->strip);
}

/* Scans with all threads. The first error of any thread ends the others' work. */
static int scan_all(const struct work *work, struct error *error)
{
    const uint64_t chunks = (work->end - work->first + CHUNK - 1) / CHUNK;
    int failed = 0;
#pragma omp parallel num_threads(work->scan->threads)
    {
        struct error own = {0};
        struct search_lane lane = {.state = work->scan->states[omp_get_thread_num()]};
        lane.failed = lane_begin(&lane, work, &own);
#pragma omp for schedule(dynamic)
        for (uint64_t c = 0; c < chunks; c++) {
            const uint64_t first = work->first + c * CHUNK;
            const uint64_t end = work->end - first < CHUNK ? work->end : first + CHUNK;
            int stop;
#pragma omp atomic read
            stop = failed;
            if (!lane.failed && !stop)
                lane.failed = scan_chunk(work, &lane, first, end);
        }
        if (lane.failed)
#pragma omp critical
        {
            if (!failed)
                *error = own;
#pragma omp atomic write
            failed = -1;
        }
        lane_end(&lane);
    }
    return failed;
}

int search_scan(const struct search_scan *scan, struct error *error)
{
    struct work work = {scan, search_kernel(), search_stride(scan->rows->width),
                        NULL, UINT64_MAX,      0};
    work.queries = memory_new(scan->count, work.stride * sizeof(float), "search queries", error);
    if (!work.queries)
        return -1;
    for (size_t q = 0; q < scan->count; q++) {
        const struct search_query *query = &scan->queries[q];
        work.kernel->widen(query->halves, scan->rows->width, work.queries + q * work.stride,
                           work.stride);
        if (query->first < work.first)
            work.first = query->first;
        if (query->end > work.end)
            work.end = query->end;
    }
    int status = work.first < work.end ? scan_all(&work, error) : 0;
    memory_free(work.queries);
    return status;
}
