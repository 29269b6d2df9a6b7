/* predict_lanes.h - several images at once, each with a segmenter of one thread: faster for many images
 * than one image at a time with all threads. */
#ifndef PROGRAM_PREDICT_PREDICT_LANES_H
#define PROGRAM_PREDICT_PREDICT_LANES_H

struct error;
struct mm_segmenter;
struct predict;

/* Begins with all zeros. */
struct predict_lanes {
    struct mm_segmenter **segmenters; /* owned: [count], of one thread each; none if count is 1 */
    int count;
};

/* Makes as many as there are threads, at most `most`, or as have room in the memory beside an image of
 * ordinary size for each; one at least. Opens the decoder for as many images. Returns 0 or -1. */
int predict_lanes_open(struct predict_lanes *lanes, struct predict *predict, int most,
                       struct error *error);

void predict_lanes_close(struct predict_lanes *lanes);

#endif
