#include "model/kernels/cubic.h"

#include <math.h>

struct cubic cubic_at(size_t index, size_t count, size_t side)
{
    const double a = -0.75;
    double place = ((double)index + 0.5) * (double)side / (double)count - 0.5;
    double below = floor(place);
    struct cubic cubic;
    for (int i = 0; i < 4; i++) {
        double at = below + i - 1, x = fabs(place - at);
        cubic.at[i] = at < 0 ? 0 : at > (double)side - 1 ? side - 1 : (size_t)at;
        cubic.weight[i] = x <= 1 ? ((a + 2) * x - (a + 3)) * x * x + 1
                                 : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
    }
    return cubic;
}
