/* picture_settings.h - the options of pictures of masks, as the rooms of pictures take them. */
#ifndef PROGRAM_PICTURE_SETTINGS_H
#define PROGRAM_PICTURE_SETTINGS_H

struct picture_style;
struct settings;

/* The style that the options ask for, with all masks shown. */
struct picture_style picture_settings_style(const struct settings *settings);

#endif
