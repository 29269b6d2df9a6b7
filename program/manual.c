/* manual.c - the manual page, from the tables of commands and options. */
#include <string.h>

#include "program/command.h"
#include "program/help.h"
#include "program/settings.h"

static const char DESCRIPTION[] =
    "maskmill finds the masks of everything in photographs, as the automatic mask generator of "
    "Segment Anything does. It runs on CPUs, has a model built in, and reads the published "
    "checkpoints of SAM, SAM 2 and 2.1, MobileSAM, EfficientViT-SAM, SAM-HQ, RepViT-SAM, EdgeTAM, "
    "EfficientSAM and their relatives. Records have the form of the SA-1B data set; other formats "
    "can be written as well. Long runs over many machines can be stopped and continued at any "
    "time.";

static const char FILES[] =
    ".TP\n.I DIR/NAME.json\nThe record of an image.\n"
    ".TP\n.I DIR/@FORMAT/\nOther formats, from --format.\n"
    ".TP\n.I DIR/failed.ndjson\nImages that failed, with the reason.\n"
    ".TP\n.I DIR/ledger.ndjson\nWritten by maskmill merge: the latest line of each image.\n"
    ".TP\n.I DIR/.maskmill/run.json\n"
    "The version, the model and every option that decides the output.\n"
    ".TP\n.I DIR/.maskmill/ledger-I-of-N.ndjson\nWhat shard I of N did, a line each attempt.\n";

static const char ENVIRONMENT[] =
    ".TP\n.B MASKMILL_ISA\n"
    "Instruction set of the vector kernels: generic, avx2 or avx512 on x86-64, generic or neon on "
    "64-bit ARM. Default: the best that the CPU has.\n"
    ".TP\n.B MASKMILL_PRODUCTS\n"
    "Who multiplies where the instruction set is generic: own or openblas. Default: OpenBLAS where "
    "it is installed, sound, and likely to be faster.\n"
    ".TP\n.B MASKMILL_BF16\n"
    "How products of bf16 are computed: pairs, singles, halves or tiles. Tiles are AMX's, and are "
    "used only if asked for here: nobody has run them on such a CPU yet. The others are for "
    "tests.\n"
    ".TP\n.BR SLURM_ARRAY_TASK_ID \" and others\"\n"
    "Read by --shard auto, as Slurm, Kubernetes, AWS Batch, Google Batch, PBS, Grid Engine, LSF, "
    "Flux and MPI set them; operations.md lists them.\n"
    ".TP\n.B TMPDIR\nFolder for the pixels of a large image that must be turned upright before it "
    "is read in tiles.\n";

static const char STATUSES[] = ".TP\n.B 0\nEverything asked for is done.\n"
                               ".TP\n.B 1\nSome images or records failed; the others are done.\n"
                               ".TP\n.B 2\nThe command line or a configuration is wrong.\n"
                               ".TP\n.B 3\nThe model, the disk or the memory stopped the work.\n"
                               ".TP\n.B 4\nStopped by a signal or --max-time with work left.\n"
                               ".TP\n.B 5\nToo many images failed (--max-failures).\n";

static const char *const examples[][2] = {
    {"The masks of two photographs:", "maskmill run a.jpg b.jpg -o masks"},
    {"A folder of photographs, at most two hours, then continued:",
     "maskmill run photos -o masks --max-time 2h\nmaskmill run photos -o masks"},
    {"Part 3 of 16 of a large collection:", "maskmill run photos -o masks --shard 3/16"},
    {"The records in COCO's format:", "maskmill export masks --format coco -o masks/@coco"},
};

/* Prints running text: roff takes '-' for a hyphen, and '.' or ''' at the start of a line for a
 * request. */
static void print_text(const char *text, FILE *to)
{
    bool at_start = true;
    for (; *text; text++) {
        if (at_start && strchr(".'", *text))
            fputs("\\&", to);
        if (*text == '-')
            fputs("\\-", to);
        else if (*text == '\\')
            fputs("\\e", to);
        else if (*text == '\'')
            fputs("\\(aq", to);
        else if (*text == '`')
            fputs("\\(ga", to);
        else if (*text == '^')
            fputs("\\(ha", to);
        else
            fputc(*text, to);
        at_start = *text == '\n';
    }
}

static void print_setting(const struct setting *setting, unsigned command, FILE *to)
{
    const char *standard = settings_standard(setting, command);
    fputs(".TP\n.B ", to);
    if (setting->letter)
        fprintf(to, "\\-%c, ", setting->letter);
    fputs("\\-\\-", to);
    print_text(setting->name, to);
    if (setting->argument) {
        fputs(" \\fI", to);
        print_text(setting->argument, to);
        fputs("\\fR", to);
    }
    fputc('\n', to);
    print_text(setting->help, to);
    if (setting->range.choices) {
        fputs("; one of ", to);
        print_text(setting->range.choices, to);
    }
    if (standard) {
        fputs(" (default ", to);
        print_text(standard, to);
        fputc(')', to);
    }
    fputc('\n', to);
}

static void print_options(const struct command *command, FILE *to)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    const char *group = NULL;
    fprintf(to, ".SS maskmill %s ", command->name);
    print_text(command->synopsis, to);
    fputc('\n', to);
    print_text(command->about, to);
    fputc('\n', to);
    if (command->values) {
        fputs(".PP\n.EX\n", to);
        command->values(to);
        fputs(".EE\n", to);
    }
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].traits & command->option_bit))
            continue;
        if (group != table[i].group) {
            fputs(".PP\n.I ", to);
            print_text(table[i].group, to);
            fputc('\n', to);
        }
        group = table[i].group;
        print_setting(&table[i], command->option_bit, to);
    }
    fputs(".PP\nExit status: ", to);
    print_text(command->statuses, to);
    fputc('\n', to);
}

static void print_commands(FILE *to)
{
    size_t count;
    const struct command *table = command_table(&count);
    fputs(".SH COMMANDS\n", to);
    for (size_t i = 0; i < count; i++) {
        fputs(".TP\n.B ", to);
        print_text(table[i].name, to);
        fputc('\n', to);
        print_text(table[i].summary, to);
        fputc('\n', to);
    }
    fputs(".SH OPTIONS\n", to);
    for (size_t i = 0; i < count; i++)
        print_options(&table[i], to);
}

static void print_examples(FILE *to)
{
    fputs(".SH EXAMPLES\n", to);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        fputs(i ? ".PP\n" : "", to);
        print_text(examples[i][0], to);
        fputs("\n.PP\n.RS 4\n.EX\n", to);
        print_text(examples[i][1], to);
        fputs("\n.EE\n.RE\n", to);
    }
}

void manual_print(FILE *to)
{
    fputs(".\\\" From `maskmill help --man`.\n"
          ".TH MASKMILL 1 \"\" \"maskmill " MASKMILL_VERSION "\" \"User Commands\"\n"
          ".SH NAME\nmaskmill \\- find the masks of everything in photographs\n"
          ".SH SYNOPSIS\n.B maskmill\n.I COMMAND\n[\\fIoptions\\fR] ...\n"
          ".SH DESCRIPTION\n",
          to);
    print_text(DESCRIPTION, to);
    fputc('\n', to);
    print_commands(to);
    fprintf(to, ".SH FILES\n%s", FILES);
    fprintf(to, ".SH ENVIRONMENT\n%s", ENVIRONMENT);
    fprintf(to, ".SH EXIT STATUS\n%s", STATUSES);
    print_examples(to);
    fputs(".SH SEE ALSO\n"
          "The manual in /usr/share/doc/maskmill/docs or /usr/local/share/doc/maskmill/docs: "
          "options.md,\n"
          "formats.md, images.md, operations.md, models.md, evaluation.md.\n",
          to);
}
