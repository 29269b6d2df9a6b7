/* atomic.h - moved to base/. */
#include "base/atomic.h"
