#include "model/clip/clip_bpe.h"

#include <stdbool.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/clip/clip_vocabulary.h"

enum { NO_MERGE = -1 };

/* A piece of the word: those that are merged into their left neighbour are skipped by `next`. */
struct piece {
    int32_t token;
    int32_t rank;            /* of the merge with the next piece; NO_MERGE: there is none */
    uint32_t previous, next; /* count: none */
    bool merged;
};

/* Merges that wait, in a heap: rank << 32 | place of the left piece. Entries whose piece has another rank by now are
 * passed over. */
struct bpe {
    const struct clip_vocabulary *vocabulary;
    struct piece *pieces; /* [count] */
    uint32_t count;
    uint64_t *heap; /* [3 * count]: a merge makes two at most */
    size_t waiting;
    uint32_t *changed; /* [2 * count]: places whose merge is new */
    size_t changed_count;
};

static void push(struct bpe *bpe, uint64_t entry)
{
    size_t at = bpe->waiting++;
    while (at > 0 && bpe->heap[(at - 1) / 2] > entry) {
        bpe->heap[at] = bpe->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    bpe->heap[at] = entry;
}

static uint64_t pop(struct bpe *bpe)
{
    uint64_t first = bpe->heap[0], last = bpe->heap[--bpe->waiting];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < bpe->waiting) {
        if (child + 1 < bpe->waiting && bpe->heap[child + 1] < bpe->heap[child])
            child++;
        if (bpe->heap[child] >= last)
            break;
        bpe->heap[at] = bpe->heap[child];
        at = child;
    }
    bpe->heap[at] = last;
    return first;
}

/* The merge of a piece with the next one, or NULL. */
static const struct clip_merge *merge_at(const struct bpe *bpe, uint32_t place)
{
    const struct piece *piece = &bpe->pieces[place];
    if (piece->next == bpe->count)
        return NULL;
    return clip_vocabulary_merge(bpe->vocabulary, piece->token, bpe->pieces[piece->next].token);
}

/* Finds the merge of a piece anew. It waits in the heap once all of the present rank are done. */
static void look_again(struct bpe *bpe, uint32_t place)
{
    const struct clip_merge *merge = merge_at(bpe, place);
    bpe->pieces[place].rank = merge ? merge->rank : NO_MERGE;
    if (merge)
        bpe->changed[bpe->changed_count++] = place;
}

static void queue_changed(struct bpe *bpe)
{
    for (size_t i = 0; i < bpe->changed_count; i++) {
        const struct piece *piece = &bpe->pieces[bpe->changed[i]];
        if (!piece->merged && piece->rank != NO_MERGE)
            push(bpe, (uint64_t)piece->rank << 32 | bpe->changed[i]);
    }
    bpe->changed_count = 0;
}

static void merge(struct bpe *bpe, uint32_t place)
{
    struct piece *piece = &bpe->pieces[place], *next = &bpe->pieces[piece->next];
    piece->token = merge_at(bpe, place)->merged;
    next->merged = true;
    piece->next = next->next;
    if (piece->next != bpe->count)
        bpe->pieces[piece->next].previous = place;
    look_again(bpe, place);
    if (piece->previous != bpe->count)
        look_again(bpe, piece->previous);
}

/* Merges all places of the best rank. */
static void merge_best(struct bpe *bpe)
{
    int32_t rank = (int32_t)(bpe->heap[0] >> 32);
    while (bpe->waiting > 0 && (int32_t)(bpe->heap[0] >> 32) == rank) {
        uint32_t place = (uint32_t)pop(bpe);
        if (!bpe->pieces[place].merged && bpe->pieces[place].rank == rank)
            merge(bpe, place);
    }
    queue_changed(bpe);
}

static void start(struct bpe *bpe, const unsigned char *word)
{
    const struct clip_vocabulary *vocabulary = bpe->vocabulary;
    for (uint32_t i = 0; i < bpe->count; i++) {
        bool last = i + 1 == bpe->count;
        bpe->pieces[i] = (struct piece){.token = last ? vocabulary->last_bytes[word[i]]
                                                      : vocabulary->bytes[word[i]],
                                        .previous = i > 0 ? i - 1 : bpe->count,
                                        .next = i + 1};
    }
    for (uint32_t i = 0; i < bpe->count; i++)
        look_again(bpe, i);
    queue_changed(bpe);
}

static void lay_out(void *context, struct arena *arena)
{
    struct bpe *bpe = context;
    bpe->pieces = arena_take(arena, bpe->count, sizeof *bpe->pieces);
    bpe->heap = arena_take(arena, (size_t)3 * bpe->count, sizeof *bpe->heap);
    bpe->changed = arena_take(arena, (size_t)2 * bpe->count, sizeof *bpe->changed);
}

size_t clip_bpe(const struct clip_vocabulary *vocabulary, const unsigned char *word, size_t count,
                int32_t *tokens, struct error *error)
{
    struct bpe bpe = {.vocabulary = vocabulary, .count = (uint32_t)count};
    struct arena arena;
    size_t used = 0;
    if (arena_make(&arena, lay_out, &bpe, "a word", error))
        return 0;
    start(&bpe, word);
    while (bpe.waiting > 0)
        merge_best(&bpe);
    for (uint32_t i = 0; i < bpe.count; i = bpe.pieces[i].next)
        tokens[used++] = bpe.pieces[i].token;
    arena_free(&arena);
    return used;
}
