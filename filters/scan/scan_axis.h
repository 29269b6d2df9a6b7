/* scan_axis.h - index and weight tables of bilinear interpolation along one axis; internal to the
 * scan.
 *
 * Source: PyTorch's area_pixel_compute_source_index and guard_index_and_lambda (align_corners
 * false), in float with one fused multiply-add, as ATen's CPU kernels compute them. Checked bit by
 * bit against torch 2.15.
 */
#ifndef FILTERS_SCAN_SCAN_AXIS_H
#define FILTERS_SCAN_SCAN_AXIS_H

#include <stdint.h>

struct error;

enum {
    SCAN_GROUP = 16 /* outputs that the kernels process together, for any vector length */
};

/* Output i is weight0[i] * input[first[i]] + weight1[i] * input[second[i]]. The tables end with
 * SCAN_GROUP repeats of the last entry, so that whole groups can be read at any i. */
struct scan_axis {
    int inputs, outputs;
    int32_t *first, *second;  /* [outputs + SCAN_GROUP]; second is first or first + 1 */
    float *weight0, *weight1; /* [outputs + SCAN_GROUP] */
};

/* Fills the tables for `inputs` to `outputs` samples, both at least 1. 0 or -1 (ERROR_MEMORY); the
 * caller frees them with scan_axis_free in either case. */
int scan_axis_init(struct scan_axis *axis, int inputs, int outputs, struct error *error);
void scan_axis_free(struct scan_axis *axis);

#endif
