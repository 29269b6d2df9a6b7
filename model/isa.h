/* isa.h - the choice of vector kernels lives in base/isa.h. */
#include "base/isa.h"
