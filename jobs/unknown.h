/* unknown.h - an unknown number of images: tars are among the inputs, and how many images they hold
 * shows only when they are read. Printed as "-", null in JSON, absent in files. */
#ifndef JOBS_UNKNOWN_H
#define JOBS_UNKNOWN_H

#include <stdint.h>

#define IMAGES_UNKNOWN UINT64_MAX

#endif
