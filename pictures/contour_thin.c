#include "pictures/contour_thin.h"

#include <math.h>
#include <stdbool.h>

/* Directions of length 1 that are still allowed: from `right` counterclockwise to `left`, where
 * x to y is the counterclockwise sense. */
struct cone {
    bool open; /* every direction is allowed */
    double left[2], right[2];
    double reach; /* distance of the farthest point so far */
};

static double cross(const double a[2], const double b[2])
{
    return a[0] * b[1] - a[1] * b[0];
}

/* Takes in a point at (dx, dy) from the tip. False if it lies outside, or turns back. */
static bool narrow(struct cone *cone, double dx, double dy, double tolerance)
{
    double length = sqrt(dx * dx + dy * dy);
    if (length <= tolerance)
        return cone->open;
    const double at[2] = {dx / length, dy / length};
    double sine = tolerance / length, cosine = sqrt(1 - sine * sine);
    const double left[2] = {at[0] * cosine - at[1] * sine, at[0] * sine + at[1] * cosine};
    const double right[2] = {at[0] * cosine + at[1] * sine, at[1] * cosine - at[0] * sine};
    if (!cone->open &&
        (cross(cone->right, at) < 0 || cross(at, cone->left) < 0 ||
         at[0] * cone->left[0] + at[1] * cone->left[1] <= 0 || length < cone->reach - tolerance))
        return false;
    bool new_left = cone->open || cross(left, cone->left) > 0;
    bool new_right = cone->open || cross(cone->right, right) > 0;
    for (int c = 0; c < 2; c++) {
        cone->left[c] = new_left ? left[c] : cone->left[c];
        cone->right[c] = new_right ? right[c] : cone->right[c];
    }
    cone->open = false;
    cone->reach = fmax(cone->reach, length);
    return true;
}

size_t contour_thin(float (*xy)[2], size_t count, double tolerance)
{
    enum { FEW = 8 }; /* too few to leave any out */
    size_t kept = 1;
    struct cone cone = {.open = true};
    if (count < FEW)
        return count;
    for (size_t i = 1; i < count; i++) {
        const float *tip = xy[kept - 1];
        double dx = (double)xy[i][0] - (double)tip[0], dy = (double)xy[i][1] - (double)tip[1];
        if (narrow(&cone, dx, dy, tolerance))
            continue;
        for (int c = 0; c < 2; c++)
            xy[kept][c] = xy[i - 1][c];
        kept++;
        cone = (struct cone){.open = true};
        i--; /* again, from the new tip */
    }
    for (int c = 0; c < 2; c++)
        xy[kept][c] = xy[count - 1][c];
    return kept + 1;
}
