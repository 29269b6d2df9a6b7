/* unknown.h - a number of images that is not known, since tars are among them: what these hold
 * shows when they are read. Printed as "-", null in JSON, and left out of files. */
#ifndef JOBS_UNKNOWN_H
#define JOBS_UNKNOWN_H

#include <stdint.h>

#define IMAGES_UNKNOWN UINT64_MAX

#endif
