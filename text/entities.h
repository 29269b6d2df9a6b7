/* entities.h - HTML's character references: "&eacute;" is U+00E9, "&#233;" as well. */
#ifndef TEXT_ENTITIES_H
#define TEXT_ENTITIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entity {
    const char *name;       /* without "&" and ";" */
    uint32_t first, second; /* code points; `second` is 0 if there is one */
    bool bare;              /* HTML takes it without its semicolon, too */
};

enum { ENTITY_NAME_MAX = 31 }; /* bytes of the longest name */

/* The entity of that name, letter for letter; NULL if there is none. */
const struct entity *entity_find(const uint32_t *name, size_t length);

/* What a numeric reference stands for by HTML's rules; `number` may be any (one above 0x10ffff is as good as any other
 * there). A C1 control stands for what Windows-1252 has there, a surrogate for U+FFFD. Returns false if it stands for
 * nothing. */
bool entity_number(uint32_t number, uint32_t *point);

#endif
