/* plane.h - square feature maps with channels last and a frame of zeros one position wide. A 3x3
 * convolution then needs no test for the border, and three neighbours are one row of 3 * channels.
 */
#ifndef MODEL_KERNELS_PLANE_H
#define MODEL_KERNELS_PLANE_H

#include <stddef.h>
#include <string.h>

struct plane {
    float *at; /* [side + 2][side + 2][channels], not owned */
    size_t side, channels;
};

/* The floats of a plane with its frame. */
static inline size_t plane_size(size_t side, size_t channels)
{
    return (side + 2) * (side + 2) * channels;
}

/* The floats between a position and the one below it. */
static inline size_t plane_row(const struct plane *plane)
{
    return (plane->side + 2) * plane->channels;
}

/* Channel 0 at a position. Row and column may be -1 and side, which are in the frame. */
static inline float *plane_at(const struct plane *plane, long row, long column)
{
    return plane->at + (size_t)(row + 1) * plane_row(plane) +
           (size_t)(column + 1) * plane->channels;
}

static inline void plane_clear_frame(const struct plane *plane)
{
    size_t row = plane_row(plane), channel = plane->channels;
    memset(plane->at, 0, row * sizeof(float));
    memset(plane->at + (plane->side + 1) * row, 0, row * sizeof(float));
    for (size_t r = 1; r <= plane->side; r++) {
        memset(plane->at + r * row, 0, channel * sizeof(float));
        memset(plane->at + (r + 1) * row - channel, 0, channel * sizeof(float));
    }
}

/* positions[rows * side][channels] = rows first .. first + rows - 1, without the frame. */
static inline void plane_take_rows(const struct plane *plane, size_t first, size_t rows,
                                   float *positions)
{
    size_t line = plane->side * plane->channels;
    for (size_t r = 0; r < rows; r++)
        memcpy(positions + r * line, plane_at(plane, (long)(first + r), 0), line * sizeof(float));
}

/* The way back. */
static inline void plane_put_rows(const struct plane *plane, size_t first, size_t rows,
                                  const float *positions)
{
    size_t line = plane->side * plane->channels;
    for (size_t r = 0; r < rows; r++)
        memcpy(plane_at(plane, (long)(first + r), 0), positions + r * line, line * sizeof(float));
}

#endif
