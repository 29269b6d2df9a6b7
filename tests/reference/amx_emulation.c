#include "tests/reference/amx_emulation.h"

#if defined(__x86_64__)

#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

enum { TILES = 8, ROWS = 16, ROW_BYTES = 64, CONFIGURATION_BYTES = 64 };

struct tile {
    unsigned rows, row_bytes; /* both 0: not configured */
    uint8_t data[ROWS][ROW_BYTES];
};

static _Thread_local struct {
    bool in_use;
    struct tile tile[TILES];
} tiles;

static struct sigaction before;
static atomic_size_t count;
static _Atomic(const char *) first_fault;

static void fault(const char *text)
{
    const char *none = NULL;
    atomic_compare_exchange_strong(&first_fault, &none, text);
}

/* ---- what the instructions do */

static bool zeros(const uint8_t *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (from[i] != 0)
            return false;
    return true;
}

/* Bytes 0: palette; 1: the row to start with; 16: eight numbers of bytes a row, 16 bits each;
 * 48: eight numbers of rows. All others have to be 0. Palette 1 has eight tiles. */
static void load_configuration(const uint8_t *from)
{
    enum {
        WIDTHS = 16,
        WIDTHS_END = WIDTHS + 2 * TILES,
        HEIGHTS = 48,
        HEIGHTS_END = HEIGHTS + TILES
    };
    memset(&tiles, 0, sizeof tiles);
    if (from[0] != 1 || from[1] != 0)
        fault("LDTILECFG: not palette 1 from row 0");
    if (!zeros(from + 2, WIDTHS - 2) || !zeros(from + WIDTHS_END, HEIGHTS - WIDTHS_END) ||
        !zeros(from + HEIGHTS_END, CONFIGURATION_BYTES - HEIGHTS_END))
        fault("LDTILECFG: reserved bytes");
    for (size_t i = 0; i < TILES; i++) {
        struct tile *tile = &tiles.tile[i];
        tile->rows = from[HEIGHTS + i];
        tile->row_bytes = from[WIDTHS + 2 * i] + 256u * from[WIDTHS + 2 * i + 1];
        if (tile->rows > ROWS || tile->row_bytes > ROW_BYTES ||
            (tile->rows == 0) != (tile->row_bytes == 0)) {
            fault("LDTILECFG: size of a tile");
            tile->rows = tile->row_bytes = 0;
        }
    }
    tiles.in_use = true;
}

/* NULL, and a fault, if there is no such tile now. */
static struct tile *tile_of(unsigned number)
{
    if (tiles.in_use && number < TILES && tiles.tile[number].rows > 0)
        return &tiles.tile[number];
    fault("a tile that is not configured");
    return NULL;
}

static void load(struct tile *to, const uint8_t *from, ptrdiff_t stride)
{
    memset(to->data, 0, sizeof to->data);
    for (unsigned r = 0; r < to->rows; r++)
        memcpy(to->data[r], from + (ptrdiff_t)r * stride, to->row_bytes);
}

static void store(const struct tile *from, uint8_t *to, ptrdiff_t stride)
{
    for (unsigned r = 0; r < from->rows; r++)
        memcpy(to + (ptrdiff_t)r * stride, from->data[r], from->row_bytes);
}

/* Numbers too small to be normal are taken as zeros, and results are made so. */
static float flushed(float x)
{
    return fabsf(x) < FLT_MIN ? copysignf(0, x) : x;
}

static float float_at(const uint8_t *row, unsigned i)
{
    float x;
    memcpy(&x, row + i * sizeof x, sizeof x);
    return flushed(x);
}

static float bf16_at(const uint8_t *row, unsigned i)
{
    uint32_t bits = (uint32_t)(row[2 * i] | row[2 * i + 1] << 8) << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return flushed(x);
}

/* One element of c: even and odd numbers are summed apart, by fused multiply-adds, then both
 * sums are added to it. */
static float element(float c, const struct tile *a, unsigned row, const struct tile *b,
                     unsigned column)
{
    float even = 0, odd = 0;
    for (unsigned k = 0; k < b->rows; k++) {
        const uint8_t *left = a->data[row], *right = b->data[k];
        even = flushed(fmaf(bf16_at(left, 2 * k), bf16_at(right, 2 * column), even));
        odd = flushed(fmaf(bf16_at(left, 2 * k + 1), bf16_at(right, 2 * column + 1), odd));
    }
    return flushed(c + flushed(even + odd));
}

static void multiply(struct tile *c, const struct tile *a, const struct tile *b)
{
    if (c == a || c == b || a == b) {
        fault("TDPBF16PS: a tile named twice");
        return;
    }
    if (c->row_bytes % 4 || a->row_bytes % 4 || b->row_bytes % 4 || c->rows != a->rows ||
        a->row_bytes / 4 != b->rows || c->row_bytes != b->row_bytes) {
        fault("TDPBF16PS: sizes of tiles");
        return;
    }
    for (unsigned r = 0; r < c->rows; r++)
        for (unsigned n = 0; n < c->row_bytes / 4; n++) {
            float sum = element(float_at(c->data[r], n), a, r, b, n);
            memcpy(c->data[r] + n * sizeof sum, &sum, sizeof sum);
        }
}

/* ---- what they look like: VEX prefix of three bytes, opcode, ModRM, perhaps SIB and
 * displacement */

enum prefix { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2 };

struct instruction {
    uint8_t opcode;
    enum prefix prefix;
    bool memory;
    unsigned reg, second, third; /* ModRM.reg, ModRM.rm (unless memory), VEX.vvvv */
    uint8_t *address;            /* if memory */
    ptrdiff_t stride;            /* the index register, scaled; 0 without one */
    size_t length;
};

static long long value_of(const ucontext_t *context, unsigned number)
{
    static const int places[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                 REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                 REG_R12, REG_R13, REG_R14, REG_R15};
    return context->uc_mcontext.gregs[places[number]];
}

/* Reads the operand in memory; `code` is at ModRM, the extensions are 0 or 8. Returns the bytes
 * from ModRM on. */
static size_t read_address(const ucontext_t *context, const uint8_t *code, unsigned base_extension,
                           unsigned index_extension, struct instruction *to)
{
    unsigned mode = code[0] >> 6, base = code[0] & 7;
    size_t length = 1;
    int64_t address = 0;
    if (base == 4) { /* SIB */
        unsigned index = (code[1] >> 3 & 7) | index_extension;
        to->stride = index == 4 ? 0 : (ptrdiff_t)value_of(context, index) * (1 << (code[1] >> 6));
        base = code[1] & 7;
        length = 2;
    }
    bool displaced_only = mode == 0 && base == 5;
    if (!displaced_only)
        address = value_of(context, base | base_extension);
    if (mode == 1) {
        address += (int8_t)code[length];
        length += 1;
    } else if (mode == 2 || displaced_only) {
        int32_t displacement;
        memcpy(&displacement, code + length, sizeof displacement);
        address += displacement;
        length += 4;
    }
    if (displaced_only && length == 5) /* without SIB: from the next instruction */
        address += (int64_t)(uintptr_t)code + 5;
    to->address = (uint8_t *)(uintptr_t)address;
    return length;
}

static bool decode(const ucontext_t *context, const uint8_t *code, struct instruction *to)
{
    enum { VEX = 0xc4, MAP_0F38 = 2 };
    unsigned first = ~code[1] & 0xffu, second = code[2];
    bool wide = second >> 7, long_vector = second >> 2 & 1;
    if (code[0] != VEX || (code[1] & 31) != MAP_0F38 || wide || long_vector)
        return false;
    *to = (struct instruction){
        .opcode = code[3],
        .prefix = (enum prefix)(second & 3),
        .memory = code[4] >> 6 != 3,
        .reg = (code[4] >> 3 & 7u) | (first >> 4 & 8),
        .second = (code[4] & 7u) | (first >> 2 & 8),
        .third = ~second >> 3 & 15,
        .length = 5,
    };
    if (to->memory)
        to->length = 4 + read_address(context, code + 4, first >> 2 & 8, first >> 3 & 8, to);
    return true;
}

/* Returns whether the instruction is known. */
static bool execute(const struct instruction *in)
{
    enum { CONFIGURE = 0x49, MOVE = 0x4b, MULTIPLY = 0x5c };
    struct tile *tile;
    if (in->opcode == CONFIGURE && in->prefix == PREFIX_NONE && in->memory)
        load_configuration(in->address);
    else if (in->opcode == CONFIGURE && in->prefix == PREFIX_NONE)
        memset(&tiles, 0, sizeof tiles);
    else if (in->opcode == CONFIGURE && in->prefix == PREFIX_F2 && !in->memory) {
        if ((tile = tile_of(in->reg)))
            memset(tile->data, 0, sizeof tile->data);
    } else if (in->opcode == MOVE && in->prefix == PREFIX_F2 && in->memory) {
        if ((tile = tile_of(in->reg)))
            load(tile, in->address, in->stride);
    } else if (in->opcode == MOVE && in->prefix == PREFIX_F3 && in->memory) {
        if ((tile = tile_of(in->reg)))
            store(tile, in->address, in->stride);
    } else if (in->opcode == MULTIPLY && in->prefix == PREFIX_F3 && !in->memory) {
        struct tile *a = tile_of(in->second), *b = tile_of(in->third);
        if ((tile = tile_of(in->reg)) && a && b)
            multiply(tile, a, b);
    } else
        return false;
    return true;
}

static void on_refused(int number, siginfo_t *info, void *place)
{
    ucontext_t *context = place;
    struct instruction instruction;
    const uint8_t *code = (const uint8_t *)(uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    (void)number, (void)info;
    if (decode(context, code, &instruction) && execute(&instruction)) {
        context->uc_mcontext.gregs[REG_RIP] += (long long)instruction.length;
        atomic_fetch_add(&count, 1);
    } else
        sigaction(SIGILL, &before, NULL); /* the instruction comes again, and ends the program */
}

void amx_emulation_begin(void)
{
    struct sigaction action = {.sa_sigaction = on_refused, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, &before);
}

size_t amx_emulation_count(void)
{
    return atomic_load(&count);
}

const char *amx_emulation_fault(void)
{
    return atomic_exchange(&first_fault, NULL);
}

bool amx_emulation_in_use(void)
{
    return tiles.in_use;
}

#endif
