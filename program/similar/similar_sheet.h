/* similar_sheet.h - a contact sheet of masks: each query, with its nearest beside it. */
#ifndef PROGRAM_SIMILAR_SIMILAR_SHEET_H
#define PROGRAM_SIMILAR_SIMILAR_SHEET_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct settings;
struct similar;

enum similar_tile_kind {
    SIMILAR_TILE_NONE,
    SIMILAR_TILE_QUERY,
    SIMILAR_TILE_TEXT, /* a query that is a text */
    SIMILAR_TILE_HIT
};

/* A part of an image around a mask, with the mask outlined; or a text. */
struct similar_tile {
    enum similar_tile_kind kind;
    uint64_t row; /* of the index */
    double similarity;
    const char *text; /* of SIMILAR_TILE_TEXT, borrowed */
};

/* All borrowed. */
struct similar_sheet {
    struct similar *similar;
    const struct similar_tile
        *tiles; /* [count]: groups of `group`, a query first, NONE at the end of some */
    size_t count, group;
};

/* Checks --sheet before any work: its ending, and that no file is lost. 0 or -1 (ERROR_USAGE). */
int similar_sheet_check(const struct settings *settings, struct error *error);

/* Draws the sheet and writes the file that --sheet names. What cannot be read is drawn gray, and said: then
 * similar->incomplete is set. 0 or -1 (ERROR_USAGE: too many tiles; ERROR_IO, ERROR_IMAGE, ERROR_MEMORY). */
int similar_sheet_write(const struct similar_sheet *sheet, struct error *error);

#endif
