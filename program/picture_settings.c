#include "program/picture_settings.h"

#include "pictures/style.h"
#include "program/settings.h"

struct picture_style picture_settings_style(const struct settings *settings)
{
    struct picture_style style = {.outline = settings->outline_width, .alpha = settings->alpha};
    palette_find(settings->palette, &style.palette); /* settings_set has checked the names */
    style_labels_find(settings->labels, &style.labels);
    return style;
}
