/* search_scan.h - all rows past a group of queries; shared by search_nearest and search_pairs, internal to
 * search/. */
#ifndef SEARCH_SEARCH_SCAN_H
#define SEARCH_SEARCH_SCAN_H

#include "search/search.h"

/* What one thread keeps. */
struct search_lane {
    float *limits; /* [count]: float products up to this cannot be of use; `found` may raise it */
    void *state;   /* of whoever scans */
    float *strip;  /* owned by the scan, as the rest */
    uint16_t *bits;
    int failed;
    struct error *error;
};

struct search_scan {
    const struct search_rows *rows;
    const struct search_query *queries; /* [count] */
    size_t count;                       /* SEARCH_GROUP at most */
    double least;                       /* similarity of use at first */
    int threads;
    /* Takes a row whose similarity may be of use. Called by several threads at once, each with its own lane, in no
     * particular order. 0 or -1 with lane->error. */
    int (*found)(struct search_lane *lane, size_t query, struct search_hit hit);
    void *const *states; /* [threads] */
};

/* Scans. 0 or -1 (ERROR_MEMORY, or what `found` returned). */
int search_scan(const struct search_scan *scan, struct error *error);

/* The float product above which a row may have at least this similarity. */
float search_limit(double similarity, size_t width);

#endif
