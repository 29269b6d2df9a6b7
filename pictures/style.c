#include "pictures/style.h"

#include <string.h>

bool style_labels_find(const char *name, enum picture_labels *labels)
{
    static const char *const names[] = {
        [LABELS_NONE] = "none",           [LABELS_NUMBER] = "number", [LABELS_IOU] = "iou",
        [LABELS_STABILITY] = "stability", [LABELS_AREA] = "area",     [LABELS_CLASS] = "class",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *labels = (enum picture_labels)i;
            return true;
        }
    return false;
}

double style_outline(const struct picture_style *style, double side)
{
    return style->outline >= 0 ? style->outline : 0.8 + side / 1000;
}

double style_over(const struct picture_style *style)
{
    return (1 + style->alpha) / 2;
}

double style_layer(const struct picture_style *style)
{
    return style->alpha / style_over(style);
}
