#include "program/run/tar_links.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

static uint64_t hash_name(const char *name)
{
    return hash_bytes(name, strlen(name));
}

bool tar_links_know(const struct tar_links *links, const char *name)
{
    uint64_t hash = hash_name(name);
    return hash_set_has(&links->files, hash) || hash_set_has(&links->names, hash);
}

int tar_links_file(struct tar_links *links, const char *name, struct error *error)
{
    return hash_set_put(&links->files, hash_name(name), error) < 0 ? -1 : 0;
}

int tar_links_add(struct tar_links *links, const char *name, const char *target, bool wanted,
                  struct error *error)
{
    if (memory_grow((void **)&links->links, &links->capacity, links->count + 1,
                    sizeof *links->links, error) ||
        hash_set_put(&links->names, hash_name(name), error) < 0)
        return -1;
    struct tar_link *link = &links->links[links->count++];
    *link = (struct tar_link){strdup(name), strdup(target), wanted};
    if (!link->name || !link->target)
        return error_set(error, ERROR_MEMORY, "%s: no memory for a link", name);
    links->wanted += wanted;
    return 0;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const struct tar_link *)left)->name, ((const struct tar_link *)right)->name);
}

static int by_target(const void *left, const void *right)
{
    const struct tar_link *a = left;
    const struct tar_link *b = right;
    int order = strcmp(a->target, b->target);
    return order ? order : strcmp(a->name, b->name);
}

/* The target of the link of that name, or NULL; the links are sorted by name. */
static const char *target_of(const struct tar_links *links, const char *name)
{
    const struct tar_link key = {.name = (char *)name};
    const struct tar_link *found =
        hash_set_has(&links->names, hash_name(name))
            ? bsearch(&key, links->links, links->count, sizeof key, by_name)
            : NULL;
    return found ? found->target : NULL;
}

enum { CHAIN_MOST = 40 }; /* links on the way to a file, as Linux has it */

int tar_links_resolve(struct tar_links *links, struct error *error)
{
    if (links->count == 0)
        return 0; /* there is no array to sort */
    qsort(links->links, links->count, sizeof *links->links, by_name);
    for (size_t i = 0; i < links->count; i++) {
        const char *target = links->links[i].target;
        const char *next;
        for (int hops = 0; hops < CHAIN_MOST && (next = target_of(links, target)); hops++)
            target = next;
        if (target == links->links[i].target)
            continue;
        char *copy = strdup(target);
        if (!copy)
            return error_set(error, ERROR_MEMORY, "%s: no memory for a link", target);
        free(links->links[i].target);
        links->links[i].target = copy;
    }
    qsort(links->links, links->count, sizeof *links->links, by_target);
    return 0;
}

struct tar_link *tar_links_to(const struct tar_links *links, const char *file, size_t *count)
{
    size_t low = 0;
    size_t high = links->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(links->links[middle].target, file) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < links->count && strcmp(links->links[low + *count].target, file) == 0)
        ++*count;
    return *count ? &links->links[low] : NULL;
}

void tar_links_free(struct tar_links *links)
{
    for (size_t i = 0; i < links->count; i++) {
        free(links->links[i].name);
        free(links->links[i].target);
    }
    free(links->links);
    hash_set_free(&links->files);
    hash_set_free(&links->names);
    *links = (struct tar_links){0};
}
