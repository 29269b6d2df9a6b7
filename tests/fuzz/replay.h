/* replay.h - a main function for fuzz targets that are built without libFuzzer.
 *
 * The program runs the target on each seed in tests/fuzz/seeds/NAME, on each input that fuzzing
 * found (tests/fuzz/corpus/NAME), and on copies with random damage, the same every time. A crash or
 * a failed check ends it. With -DLIBFUZZER, which tests/fuzz/long defines, the header only declares
 * the target. */
#ifndef TESTS_FUZZ_REPLAY_H
#define TESTS_FUZZ_REPLAY_H

#include <stddef.h>
#include <stdint.h>

/* The function that libFuzzer calls; the name and the type are its own. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef LIBFUZZER

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Damaged copies of each seed. A target that takes long defines fewer. */
#ifndef REPLAY_COPIES
#define REPLAY_COPIES 2000
#endif

enum { REPLAY_SEED = REPLAY_COPIES, REPLAY_CORPUS = REPLAY_COPIES / 40 };
enum { REPLAY_SIZE = 1 << 16 };

/* xorshift64 (Marsaglia, 2003). */
static uint64_t replay_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Changes a few bytes, cuts off the end, or copies one part over another. */
static size_t replay_damage(uint8_t *data, size_t size, uint64_t *state)
{
    size_t place = replay_random(state) % size;
    size_t other = replay_random(state) % size;
    size_t length = replay_random(state) % 16 + 1;
    switch (replay_random(state) % 8) {
    case 0:
        return place + 1;
    case 1:
        if (place + length <= size && other + length <= size)
            memmove(data + place, data + other, length);
        return size;
    default:
        for (size_t i = 0; i <= length / 6; i++)
            data[replay_random(state) % size] = (uint8_t)replay_random(state);
        return size;
    }
}

static void replay_file(const char *path, int copies)
{
    uint64_t state = 88172645463325252u;
    static uint8_t seed[REPLAY_SIZE];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(seed, 1, sizeof seed, file) : 0;
    if (file)
        fclose(file);
    LLVMFuzzerTestOneInput(seed, size);
    for (int i = 0; i < copies && size > 0; i++) {
        uint8_t *copy = malloc(size); /* of its exact size, so that AddressSanitizer sees its end */
        if (!copy)
            abort();
        memcpy(copy, seed, size);
        size_t left = replay_damage(copy, size, &state);
        LLVMFuzzerTestOneInput(copy, left);
        free(copy);
    }
}

/* Replays the files of tests/fuzz/<parent>/<name> and returns their number. */
static int replay_folder(const char *parent, const char *name, int copies)
{
    char path[512];
    int files = 0;
    snprintf(path, sizeof path, "tests/fuzz/%s/%s", parent, name);
    DIR *folder = opendir(path);
    size_t length = strlen(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path + length, sizeof path - length, "/%s", entry->d_name);
        replay_file(path, copies);
        files++;
    }
    if (folder)
        closedir(folder);
    return files;
}

/* argv[0] is .../fuzz_NAME. */
int main(int argc, char **argv)
{
    const char *name = argc > 0 ? strstr(argv[0], "fuzz_") : NULL;
    name = name ? name + strlen("fuzz_") : "";
    int seeds = replay_folder("seeds", name, REPLAY_SEED);
    int corpus = replay_folder("corpus", name, REPLAY_CORPUS);
    printf("%s: %d seeds, %d of a corpus\n%d passed, %d failed\n", argv[0], seeds, corpus,
           seeds + corpus, seeds == 0);
    return seeds == 0;
}

#endif
#endif
