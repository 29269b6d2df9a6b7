#include "jobs/list_output.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "jobs/list.h"

struct list_output list_output_of(const struct list_item *item)
{
    return item->folder ? (struct list_output){item->key, item->folder, true}
                        : (struct list_output){item->key, list_stem(item->key), false};
}

bool list_output_same(struct list_output a, struct list_output b)
{
    return a.folder == b.folder && a.length == b.length && memcmp(a.name, b.name, a.length) == 0;
}

uint64_t list_output_hash(struct list_output output)
{
    return output.folder ? hash_bytes_again(output.name, output.length)
                         : hash_bytes(output.name, output.length);
}

/* " (line 7)" for an item of a text list, else nothing. */
static const char *place(const struct list_item *item, char text[40])
{
    text[0] = '\0';
    if (item->line)
        snprintf(text, 40, " (line %llu)", (unsigned long long)item->line);
    return text;
}

int list_output_refuse(const struct list_item *one, const struct list_item *other,
                       struct list_output output, struct error *error)
{
    char first[40];
    char second[40];
    return error_set(error, ERROR_USAGE,
                     "'%s'%s and '%s'%s would write the same output '%.*s%s'; rename one, or run "
                     "them into different folders",
                     one->path, place(one, first), other->path, place(other, second),
                     (int)output.length, output.name, output.folder ? "/" : "");
}
