/* fpn_reference.h - the reference of fpn.h: straight loops. */
#ifndef TESTS_REFERENCE_FPN_REFERENCE_H
#define TESTS_REFERENCE_FPN_REFERENCE_H

#include "model/encoders/encoding.h"
#include "model/encoders/fpn.h"

/* levels[i][width][side][side], with side = 4G / 2^i -> *to. Returns 0, or -1 with ERROR_MEMORY. */
int fpn_reference_run(const struct fpn_weights *weights, float *const *levels,
                      const struct encoding *to, struct error *error);

#endif
