/* repair.h - undoes mojibake, as ftfy's fix_encoding does it (ftfy 6.3, copyright Robyn Speer, Apache License 2.0). */
#ifndef TEXT_REPAIR_H
#define TEXT_REPAIR_H

#include <stddef.h>
#include <stdint.h>

struct code_points;
struct error;

/* How much work is left: characters looked at, over and over, while a text changes. A text may be wrapped in many
 * layers, each of which takes a pass; this bounds them. */
struct repair_budget {
    uint64_t left;
};

/* Takes `count` characters off. Returns 0, or -1 with ERROR_USAGE if there are not so many left. */
int repair_spend(struct repair_budget *budget, size_t count, struct error *error);

/* Undoes layer after layer of mojibake in the text. Returns 0, or -1 with ERROR_MEMORY, or ERROR_USAGE from
 * repair_spend. */
int repair_text(struct code_points *text, struct repair_budget *budget, struct error *error);

#endif
