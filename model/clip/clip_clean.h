/* clip_clean.h - a text as CLIP reads it: mended, in small letters, with single spaces. */
#ifndef MODEL_CLIP_CLIP_CLEAN_H
#define MODEL_CLIP_CLIP_CLEAN_H

struct code_points;
struct error;

/* Appends the text, which is UTF-8 (malformed bytes count as U+FFFD), to `clean`, which is empty: what the official
 * basic_clean, whitespace_clean and str.lower make of it: fix_text, then HTML unescaped twice, white space at the
 * ends off and each run of it one space, small letters. Returns 0, or -1 as fix_text. */
int clip_clean(const char *text, struct code_points *clean, struct error *error);

#endif
