/* search.c - times the exact search in made-up embeddings: one query, a thousand, and the nearest of every row.
 *
 *   gcc -O3 -D_GNU_SOURCE -I. -fopenmp -o build/bench/search bench/search.c build/tests/references.a build/objects.a -lm
 *   build/bench/search ROWS WIDTH THREADS [FILE [one]]   (FILE: rows to map; made if it is not there; one: one query alone)
 * Best of several runs; MASKMILL_ISA chooses the kernels. Rows lie around a thousand centres, as masks of alike
 * things do.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "search/search.h"
#include "tests/reference/search_reference.h"

enum { RUNS = 5, MOST = 10, CENTRES = 1000, MANY = 1024, ALL_MAX = 100000 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void stop(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static double noise(uint64_t *state)
{
    return ((double)next(state) + (double)next(state) + (double)next(state)) / 0x1p31 - 1.5;
}

static void make_row(uint16_t *row, size_t width, const float *centre, uint64_t *state)
{
    double square = 0;
    float values[SEARCH_WIDTH_MAX];
    for (size_t i = 0; i < width; i++) {
        values[i] = centre[i] + 0.5F * (float)noise(state);
        square += (double)values[i] * values[i];
    }
    for (size_t i = 0; i < width; i++)
        row[i] = half_of_reference(values[i] / sqrt(square));
}

static void make_rows(uint16_t *halves, uint64_t count, size_t width)
{
    uint64_t state = 1;
    float *centres = malloc(CENTRES * width * sizeof *centres);
    if (!centres)
        stop("no memory");
    for (size_t i = 0; i < CENTRES * width; i++)
        centres[i] = (float)noise(&state);
#pragma omp parallel for
    for (uint64_t r = 0; r < count; r++) {
        uint64_t own = r * 0x9e3779b97f4a7c15u + 1;
        next(&own);
        make_row(halves + r * width, width, centres + next(&own) % CENTRES * width, &own);
    }
    free(centres);
}

/* Rows in memory, or in a file that is made where it is missing. */
static const uint16_t *get_rows(uint64_t count, size_t width, const char *path)
{
    const size_t size = count * width * sizeof(uint16_t);
    int flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = -1;
    bool there = false;
    if (path) {
        there = access(path, F_OK) == 0;
        fd = open(path, O_RDWR | O_CREAT, 0666);
        if (fd < 0 || ftruncate(fd, (off_t)size))
            stop("the file cannot be made");
        flags = MAP_SHARED;
    }
    uint16_t *halves = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (halves == MAP_FAILED)
        stop("no memory");
    if (!there)
        make_rows(halves, count, width);
    return halves;
}

/* Seconds for the nearest of `count` queries, every step-th row. */
static double time_queries(const struct search_rows *rows, size_t count, uint64_t step, int threads)
{
    struct error error = {0};
    struct search_query *queries = malloc(count * sizeof *queries);
    struct search_hit *hits = malloc(count * MOST * sizeof *hits);
    size_t *found = malloc(count * sizeof *found);
    const struct search_nearest search = {*rows, MOST, -INFINITY, threads};
    if (!queries || !hits || !found)
        stop("no memory");
    for (size_t q = 0; q < count; q++)
        queries[q] =
            (struct search_query){rows->halves + q * step * rows->width, 0, rows->count, q * step};
    double start = now();
    if (search_nearest(&search, queries, count, hits, found, &error))
        stop(error.text);
    start = now() - start;
    free(queries);
    free(hits);
    free(found);
    return start;
}

/* Seconds to read all rows and do nothing else. */
static double time_reading(const struct search_rows *rows, int threads)
{
    const size_t words = rows->count * rows->width / 4;
    const uint64_t *from = (const uint64_t *)rows->halves;
    uint64_t sum = 0;
    double start = now();
#pragma omp parallel for num_threads(threads) reduction(^ : sum)
    for (size_t i = 0; i < words; i++)
        sum ^= from[i];
    start = now() - start;
    if (sum == 1)
        puts("");
    return start;
}

static void report(const struct search_rows *rows, const char *what, size_t count, double seconds)
{
    double bytes = (double)rows->count * (double)rows->width * 2;
    double products = (double)rows->count * (double)rows->width * (double)count;
    printf("%-24s %9.3f s %8.1f GB/s of rows %8.1f G multiply-adds/s\n", what, seconds,
           bytes / seconds * 1e-9, products / seconds * 1e-9);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        stop("search ROWS WIDTH THREADS [FILE [one]]");
    struct search_rows rows = {NULL, strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10)};
    const int threads = (int)strtol(argv[3], NULL, 10);
    rows.halves = get_rows(rows.count, rows.width, argv[4]);
    double first = time_queries(&rows, 1, 1, threads), best = first;
    report(&rows, "one query, first time", 1, first);
    double reading = time_reading(&rows, threads);
    for (int i = 0; i < RUNS; i++) {
        best = fmin(best, time_queries(&rows, 1, 1, threads));
        reading = fmin(reading, time_reading(&rows, threads));
    }
    report(&rows, "reading alone, best", 0, reading);
    report(&rows, "one query, best", 1, best);
    const size_t many = rows.count < MANY ? rows.count : MANY;
    if (argc < 6)
        report(&rows, "1,024 queries", many, time_queries(&rows, many, rows.count / many, threads));
    if (rows.count <= ALL_MAX)
        report(&rows, "all rows", rows.count, time_queries(&rows, rows.count, 1, threads));
    return 0;
}
