#include "jobs/passed_over.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "jobs/ndjson.h"

enum { NAMED_ENDINGS = 8 }; /* in the text */

static const struct {
    const char *name; /* in JSON */
    const char *one, *many;
} words[PASSED_REASONS] = {
    [PASSED_ENDING] = {"ending", "with another ending", "with other endings"},
    [PASSED_HIDDEN] = {"hidden", "hidden", "hidden"},
    [PASSED_SYSTEM] = {"system", "system file", "system files"},
    [PASSED_EXCLUDED] = {"excluded", "excluded", "excluded"},
    [PASSED_OUTPUT] = {"output", "earlier output", "earlier outputs"},
    [PASSED_LINK] = {"link", "link to a folder", "links to folders"},
    [PASSED_SPECIAL] = {"special", "special file", "special files"},
    [PASSED_DANGLING] = {"dangling", "link to nothing", "links to nothing"},
    [PASSED_REPEATED] = {"repeated", "repeated", "repeated"},
};

void passed_over_add(struct passed_over *passed, enum passed_reason reason)
{
    passed->counts[reason]++;
}

/* The count of an ending, or NULL if there is no room for it. */
static uint64_t *find_ending(struct passed_over *passed, const char *ending)
{
    for (size_t i = 0; i < passed->ending_count; i++)
        if (strcmp(passed->endings[i].text, ending) == 0)
            return &passed->endings[i].count;
    if (passed->ending_count == PASSED_ENDINGS || strlen(ending) >= PASSED_ENDING_SIZE)
        return NULL;
    struct passed_ending *added = &passed->endings[passed->ending_count++];
    snprintf(added->text, sizeof added->text, "%s", ending);
    return &added->count;
}

static void add_ending(struct passed_over *passed, const char *ending, uint64_t count)
{
    uint64_t *own = ending ? find_ending(passed, ending) : NULL;
    *(own ? own : &passed->counts[PASSED_ENDING]) += count;
}

/* Writes a name's ending in lower case, "" if it has none. False if it is longer than endings are,
 * or has other characters. */
static bool ending_of(const char *name, char ending[PASSED_ENDING_SIZE])
{
    const char *base = path_base(name);
    const char *dot = strrchr(base, '.');
    size_t length = dot && dot != base ? strlen(dot) : 0;
    ending[0] = '\0';
    if (length < 2 || strspn(dot + 1, "0123456789") == length - 1)
        return true;
    if (length >= PASSED_ENDING_SIZE)
        return false;
    for (size_t i = 0; i <= length; i++) {
        unsigned char letter = (unsigned char)dot[i];
        if (i > 0 && i < length && (letter > 0x7e || !isalnum(letter)) && !strchr("_-~+", letter))
            return false;
        ending[i] = (char)tolower(letter);
    }
    return true;
}

void passed_over_name(struct passed_over *passed, const char *name)
{
    char ending[PASSED_ENDING_SIZE];
    add_ending(passed, ending_of(name, ending) ? ending : NULL, 1);
}

void passed_over_sum(struct passed_over *passed, const struct passed_over *more)
{
    for (size_t i = 0; i < PASSED_REASONS; i++)
        passed->counts[i] += more->counts[i];
    for (size_t i = 0; i < more->ending_count; i++)
        add_ending(passed, more->endings[i].text, more->endings[i].count);
}

uint64_t passed_over_total(const struct passed_over *passed)
{
    uint64_t total = 0;
    for (size_t i = 0; i < PASSED_REASONS; i++)
        total += passed->counts[i];
    for (size_t i = 0; i < passed->ending_count; i++)
        total += passed->endings[i].count;
    return total;
}

/* The most frequent first; equal ones by name. */
static int by_count(const void *left, const void *right)
{
    const struct passed_ending *a = left;
    const struct passed_ending *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->text, b->text);
}

/* With its endings in that order, which does not depend on the order of a folder's names. */
static struct passed_over in_order(const struct passed_over *passed)
{
    struct passed_over sorted = *passed;
    qsort(sorted.endings, sorted.ending_count, sizeof *sorted.endings, by_count);
    return sorted;
}

/* Appends ", 3 .bmp"; without the comma at the start of the list. */
static void append(char *text, uint64_t count, const char *what)
{
    size_t used = strlen(text);
    const char *comma = used && text[used - 1] != ' ' ? ", " : "";
    snprintf(text + used, PASSED_TEXT_SIZE - used, "%s%llu %s", comma, (unsigned long long)count,
             what);
}

void passed_over_text(const struct passed_over *passed, char text[PASSED_TEXT_SIZE])
{
    struct passed_over sorted = in_order(passed);
    uint64_t total = passed_over_total(passed);
    text[0] = '\0';
    if (total == 0)
        return;
    snprintf(text, PASSED_TEXT_SIZE, "%llu passed over: ", (unsigned long long)total);
    for (size_t i = 0; i < sorted.ending_count; i++) {
        const struct passed_ending *ending = &sorted.endings[i];
        if (i < NAMED_ENDINGS)
            append(text, ending->count, ending->text[0] ? ending->text : "without ending");
        else
            sorted.counts[PASSED_ENDING] += ending->count;
    }
    for (size_t i = 0; i < PASSED_REASONS; i++)
        if (sorted.counts[i])
            append(text, sorted.counts[i], sorted.counts[i] == 1 ? words[i].one : words[i].many);
}

static void json_count(struct ndjson *line, enum passed_reason reason, const char *ending,
                       uint64_t count)
{
    if (count == 0)
        return;
    ndjson_object(line);
    ndjson_string(line, "reason", words[reason].name);
    if (ending)
        ndjson_string(line, "ending", ending);
    ndjson_integer(line, "count", count);
    ndjson_close(line);
}

void passed_over_json(const struct passed_over *passed, struct ndjson *line, const char *name)
{
    const struct passed_over sorted = in_order(passed);
    ndjson_array(line, name);
    for (size_t i = 0; i < sorted.ending_count; i++)
        json_count(line, PASSED_ENDING, sorted.endings[i].text, sorted.endings[i].count);
    for (size_t i = 0; i < PASSED_REASONS; i++)
        json_count(line, (enum passed_reason)i, NULL, passed->counts[i]);
    ndjson_close_array(line);
}

void passed_over_members(const struct passed_over *passed, struct ndjson *line)
{
    ndjson_integer(line, "passed_over", passed_over_total(passed));
    passed_over_json(passed, line, "passed_over_reasons");
}

void passed_over_read(struct passed_over *passed, const char *reason, const char *ending,
                      uint64_t count)
{
    if (ending && strcmp(reason, words[PASSED_ENDING].name) == 0)
        add_ending(passed, ending, count);
    for (size_t i = 0; !ending && i < PASSED_REASONS; i++)
        if (strcmp(reason, words[i].name) == 0)
            passed->counts[i] += count;
}
