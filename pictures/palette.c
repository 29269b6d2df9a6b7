#include "pictures/palette.h"

#include <math.h>
#include <string.h>

/* Lightness by i % 3, and chroma, of OKLCH. */
struct hues {
    double lightness[3], chroma;
};

static const struct hues hues[] = {
    [PALETTE_BRIGHT] = {{0.72, 0.80, 0.64}, 0.20},
    [PALETTE_PASTEL] = {{0.86, 0.90, 0.80}, 0.09},
    [PALETTE_DARK] = {{0.46, 0.54, 0.40}, 0.14},
};

/* Okabe and Ito's colours without black, ordered so that neighbours differ in lightness too.
 * Source: M. Okabe, K. Ito, "Color Universal Design" (2008). */
static const uint8_t okabe_ito[][3] = {{0xE6, 0x9F, 0x00}, {0x00, 0x72, 0xB2}, {0xF0, 0xE4, 0x42},
                                       {0x00, 0x9E, 0x73}, {0xD5, 0x5E, 0x00}, {0x56, 0xB4, 0xE9},
                                       {0xCC, 0x79, 0xA7}};

/* Nine colours of matplotlib's viridis at even steps; between them they are interpolated.
 * Source: S. van der Walt, N. Smith, viridis (2015), CC0. */
static const uint8_t viridis[][3] = {{0x44, 0x01, 0x54}, {0x47, 0x2D, 0x7B}, {0x3B, 0x52, 0x8B},
                                     {0x2C, 0x72, 0x8E}, {0x21, 0x91, 0x8C}, {0x28, 0xAE, 0x80},
                                     {0x5E, 0xC9, 0x62}, {0xAD, 0xDC, 0x30}, {0xFD, 0xE7, 0x25}};

bool palette_find(const char *name, enum palette *palette)
{
    static const char *const names[] = {
        [PALETTE_BRIGHT] = "bright",       [PALETTE_PASTEL] = "pastel", [PALETTE_DARK] = "dark",
        [PALETTE_OKABE_ITO] = "okabe-ito", [PALETTE_SCORES] = "scores",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *palette = (enum palette)i;
            return true;
        }
    return false;
}

/* Linear RGB of a colour of OKLab; beyond 0..1 outside sRGB. The matrices are Ottosson's. */
static void linear_rgb(double lightness, double a, double b, double rgb[3])
{
    double l = lightness + 0.3963377774 * a + 0.2158037573 * b;
    double m = lightness - 0.1055613458 * a - 0.0638541728 * b;
    double s = lightness - 0.0894841775 * a - 1.2914855480 * b;
    l = l * l * l;
    m = m * m * m;
    s = s * s * s;
    rgb[0] = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
    rgb[1] = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
    rgb[2] = -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s;
}

static bool in_gamut(const double rgb[3])
{
    for (int c = 0; c < 3; c++)
        if (!(rgb[c] >= 0 && rgb[c] <= 1))
            return false;
    return true;
}

static uint8_t encode(double linear)
{
    double bounded = fmin(fmax(linear, 0), 1);
    double value = bounded <= 0.0031308 ? 12.92 * bounded : 1.055 * pow(bounded, 1 / 2.4) - 0.055;
    return (uint8_t)(255 * value + 0.5);
}

static void oklch(double lightness, double chroma, double turns, uint8_t rgb[3])
{
    static const double TURN = 6.283185307179586;
    double linear[3], cosine = cos(TURN * turns), sine = sin(TURN * turns);
    linear_rgb(lightness, chroma * cosine, chroma * sine, linear);
    for (int step = 0; step < 32 && !in_gamut(linear); step++) {
        chroma *= 0.97;
        linear_rgb(lightness, chroma * cosine, chroma * sine, linear);
    }
    for (int c = 0; c < 3; c++)
        rgb[c] = encode(linear[c]);
}

static void interpolate(double at, uint8_t rgb[3])
{
    const int last = (int)(sizeof viridis / sizeof *viridis) - 1;
    double place = fmin(fmax(at, 0), 1) * last;
    int below = place < last ? (int)place : last - 1;
    for (int c = 0; c < 3; c++) {
        double from = viridis[below][c], to = viridis[below + 1][c];
        rgb[c] = (uint8_t)(from + (place - below) * (to - from) + 0.5);
    }
}

void palette_colour(enum palette palette, const struct palette_mask *mask, uint8_t rgb[3])
{
    static const uint8_t gray[3] = {0x99, 0x99, 0x99};
    if (palette == PALETTE_OKABE_ITO) {
        memcpy(rgb, okabe_ito[mask->place % (sizeof okabe_ito / sizeof *okabe_ito)], 3);
    } else if (palette != PALETTE_SCORES) {
        const struct hues *of = &hues[palette];
        oklch(of->lightness[mask->place % 3], of->chroma,
              fmod(0.08 + 0.6180339887498949 * (double)mask->place, 1), rgb);
    } else if (mask->has_iou) {
        /* The square: good masks, at 0.8 and more, differ most, and poor ones still do. */
        double iou = (double)fmaxf(mask->predicted_iou, 0);
        interpolate(iou * iou, rgb);
    } else {
        memcpy(rgb, gray, 3);
    }
}
