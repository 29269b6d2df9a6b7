/* command.c - the table of commands, and how a command ends: its status, its errors, its JSON. */
#include "program/command.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/plain_text.h"
#include "program/settings.h"

static const struct command table[] = {
    {
        .name = "run",
        .option_bit = FOR_RUN,
        .summary = "find the masks of images and folders of images",
        .synopsis = "[options] INPUT... -o DIR",
        .about =
            "Finds the masks of each INPUT: an image, a folder, read recursively, a tar, or - for "
            "a tar on standard input; 's/{000..999}.tar' is a thousand. Writes DIR/<path below "
            "INPUT, without extension>.json, a record in the form of SA-1B. "
            "Started again with the same options, it continues where it stopped. A model may have "
            "defaults of its own, as the built-in one does: maskmill info shows them.",
        .statuses =
            "0 all done, 1 some images failed (0 with --failed-images-ok), 2 wrong usage or "
            "nothing to do, 3 the model, the disk, the memory or a broken stream stopped the "
            "work, 4 stopped by a signal or --max-time with work left, 5 too many failures.",
        .operand = OPERAND_PATH,
        .run = run_main,
    },
    {
        .name = "pipe",
        .option_bit = FOR_PIPE,
        .summary = "answer requests on standard input with records on standard output",
        .synopsis = "[options] <REQUESTS >ANSWERS",
        .about =
            "Finds the masks of the images that are named on standard input, one request a line: a "
            "path, or JSON, behind which the image itself may follow. Answers each with a line of "
            "JSON on standard output, which has the record or what is wrong with the image, in the "
            "order of the requests. Ends with its input and leaves nothing behind: for programs "
            "that keep the model loaded between images. docs/pipe.md has the protocol. For one "
            "image at a time, --workers 1 gives it all threads.",
        .statuses =
            "0 all requests answered, also if images failed, 2 wrong usage, 3 the model, the "
            "memory, or a broken input or output stopped the work, 4 stopped by a signal: what was "
            "taken is answered.",
        .operand = OPERAND_NONE,
        .run = pipe_main,
    },
    {
        .name = "predict",
        .option_bit = FOR_PREDICT,
        .summary = "find the masks of objects that points, boxes or earlier masks name",
        .synopsis = "[options] IMAGE [--point X,Y]... [--box X0,Y0,X1,Y1]... -o DIR",
        .about =
            "Finds the mask of the object in IMAGE that is prompted for. All --point, with at most "
            "one --box and --mask, are one prompt; several --box are a prompt each. Writes "
            "DIR/NAME.json, a record in the form of SA-1B. With --boxes FILE --images DIR2 in "
            "place "
            "of IMAGE, finds one mask for each box of a detector and keeps its class and score: "
            "DIR/@coco/instances.json, and records. With --serve-ndjson, answers requests on "
            "standard input and keeps what it has encoded. docs/predict.md has it all. With --text "
            "in place of prompts, finds the masks that a text names: docs/text.md.",
        .statuses =
            "0 all done, 1 some images or boxes could not be done, 2 wrong usage, 3 the model, the "
            "image, the disk or the memory stopped the work, 4 stopped by a signal "
            "(--serve-ndjson).",
        .operand = OPERAND_PATH,
        .wanted = "one image",
        .run = predict_main,
    },
    {
        .name = "status",
        .option_bit = FOR_STATUS,
        .summary = "show the progress of a run, over all its shards",
        .synopsis = "[options] DIR",
        .about = "Shows the progress of the run in DIR, from the ledgers of all its shards: images "
                 "done, failed and left, images/s, time left. Works while the run goes on, and "
                 "from any machine that sees DIR.",
        .statuses = "0 nothing failed, 1 some images failed, 2 wrong usage, 3 there is no run.",
        .operand = OPERAND_FOLDER,
        .wanted = "the folder of one run",
        .least = 1,
        .run = status_main,
    },
    {
        .name = "merge",
        .option_bit = FOR_MERGE,
        .summary = "merge the ledgers of all shards",
        .synopsis = "DIR",
        .about = "Merges the ledgers of all shards of the run in DIR: DIR/ledger.ndjson has the "
                 "latest line of each image, DIR/failed.ndjson those of images that failed.",
        .statuses = "0 nothing failed, 1 some images failed, 2 wrong usage, 3 the disk or the "
                    "memory stopped the work.",
        .operand = OPERAND_FOLDER,
        .wanted = "the folder of one run",
        .least = 1,
        .run = merge_main,
    },
    {
        .name = "export",
        .option_bit = FOR_EXPORT,
        .summary = "write existing records in other formats",
        .synopsis = "DIR --format F[,F...] -o OUT [options]",
        .about = "Writes the records under DIR in other formats. Several formats go to OUT/F each.",
        .statuses = "0 all written, 1 some records refused, 2 wrong usage, 3 the disk or the "
                    "memory stopped the work, or the log of a review is damaged.",
        .operand = OPERAND_FOLDER,
        .wanted = "one folder of records",
        .least = 1,
        .values = export_print_formats,
        .run = export_main,
    },
    {
        .name = "verify",
        .option_bit = FOR_VERIFY,
        .summary = "check every record of a folder",
        .synopsis = "DIR [--images DIR]",
        .about = "Checks every record under DIR and prints each fault with its file and "
                 "reason: text that is not a record, run strings that are damaged or do not fill "
                 "the image, areas and boxes that disagree with the runs, points and crops outside "
                 "the image, repeated ids, records under another image's name.",
        .statuses = "0 no faults, 1 faults found, 2 wrong usage, 3 the disk or the memory stopped "
                    "the work.",
        .operand = OPERAND_FOLDER,
        .wanted = "one folder of records",
        .least = 1,
        .run = verify_main,
    },
    {
        .name = "stats",
        .option_bit = FOR_STATS,
        .summary = "describe the masks of a folder",
        .synopsis = "DIR [--json]",
        .about = "Describes the masks in the records under DIR: masks per image, areas, scores, "
                 "size relative to the image, concavity, and the positions of their centres.",
        .statuses = "0 all records read, 1 some left out, 2 wrong usage, 3 the disk or the memory "
                    "stopped the work.",
        .operand = OPERAND_FOLDER,
        .wanted = "one folder of records",
        .least = 1,
        .run = stats_main,
    },
    {
        .name = "report",
        .option_bit = FOR_REPORT,
        .summary = "write a page to look at masks in a browser",
        .synopsis = "RUN [RUN2] [--images DIR] [-o report]",
        .about =
            "Writes a page about the records in RUN, a folder or a file of any tool's records: a "
            "gallery, every image with its masks, thresholds to move, a part-whole tree, and what "
            "the run is like as a whole. With RUN2, both are compared. The page, "
            "report/index.html, "
            "opens in a browser without a network; the folder can be moved.",
        .statuses =
            "0 all records shown, 1 some refused, which the page lists, 2 wrong usage, 3 the "
            "disk or the memory stopped the work.",
        .operand = OPERAND_FOLDER,
        .wanted = "one run, or two to compare,",
        .least = 1,
        .most = 2,
        .run = report_main,
    },
    {
        .name = "review",
        .option_bit = FOR_REVIEW,
        .summary = "look through the masks of a run in a browser, and correct them",
        .synopsis = "RUN [options]",
        .about = "Serves a page on 127.0.0.1 in which a person accepts, rejects, refines and adds "
                 "masks of RUN, a run's folder, by clicks and boxes; prints its address. What was "
                 "decided goes to RUN/.maskmill/review.ndjson, line by line; records stay as they "
                 "are. docs/review.md describes the page and the file.",
        .statuses = "0 ended by Ctrl-C, 1 --print could not read a record or print a name, 2 wrong "
                    "usage, 3 the model, the network, the disk or the memory stopped the work, or "
                    "a line of the log is no event.",
        .operand = OPERAND_FOLDER,
        .wanted = "the folder of one run",
        .least = 1,
        .run = review_main,
    },
    {
        .name = "similar",
        .option_bit = FOR_SIMILAR,
        .summary = "find masks that are alike by their embeddings, and duplicates",
        .synopsis = "RUN --mask IMAGE:ID | --text TEXT | --duplicates [options]",
        .about =
            "Finds the masks of a run that are most like a given one, or like a text, by the "
            "embeddings that "
            "maskmill run --embeddings has written: the nearest by cosine similarity, exactly. "
            "Prints "
            "a line of JSON for each (on a terminal, a table), and draws them with --sheet. The "
            "index "
            "that it searches is made when it is first needed, and anew when embeddings changed.",
        .statuses = "0 all done, 1 some records or embeddings could not be used, 2 wrong usage, no "
                    "such mask or no embeddings, 3 the disk or the memory stopped the work.",
        .operand = OPERAND_FOLDER,
        .wanted = "the folder of a run",
        .least = 1,
        .run = similar_main,
    },
    {
        .name = "show",
        .option_bit = FOR_SHOW,
        .summary = "draw masks over their photograph, or a contact sheet of a run",
        .synopsis = "[IMAGE] RECORDS -o FILE [options]",
        .about =
            "Draws the masks of IMAGE over it. RECORDS is its record, in any form that maskmill "
            "reads, or a folder or file of records in which one names the image. Without IMAGE, "
            "draws a contact sheet: images taken evenly from RECORDS, each with its masks. The "
            "ending of FILE says what is written: .jpg, .png or .svg (paths, for drawing "
            "programs and pages; one image only).",
        .statuses = "0 drawn, 1 drawn but for some images or records, 2 wrong usage, 3 the image, "
                    "the record, the disk or the memory stopped the work.",
        .operand = OPERAND_PATH,
        .wanted = "an image and its records, or records alone for a contact sheet,",
        .least = 1,
        .most = 2,
        .run = show_main,
    },
    {
        .name = "filter",
        .option_bit = FOR_FILTER,
        .summary = "filter existing records, as run would have, without a model",
        .synopsis = "RUN -o RUN2 [options]",
        .about = "Applies filters of maskmill run to the records of RUN: a run's folder, other "
                 "records, or one file of them. Writes the masks that are left to RUN2, a record "
                 "an image, in the form of a run's. A filter that is not given is not applied. A "
                 "run with --pred-iou-thresh 0 --stability-score-thresh 0 --box-nms-thresh 1 (and "
                 "--crop-nms-thresh 1 with crops) keeps every mask; from that, any filters give "
                 "the very records that a run with them gives.",
        .statuses = "0 all written, 1 some records refused, 2 wrong usage, 3 the disk or the "
                    "memory stopped the work.",
        .operand = OPERAND_PATH,
        .wanted = "one folder or file of records",
        .least = 1,
        .run = filter_main,
    },
    {
        .name = "label",
        .option_bit = FOR_LABEL,
        .summary = "give masks classes from a list of names, by CLIP",
        .synopsis = "RUN --classes FILE --clip CLIP --images DIR -o OUT [options]",
        .about =
            "Gives each mask of the records of RUN (a run's folder, other records, or one file of "
            "them) the class of FILE whose name CLIP finds most similar to the mask's part of "
            "the image, and writes the records to OUT, all else in them as it is. Masks that "
            "have a class from people keep it. Started again with the same options, it "
            "continues where it stopped. maskmill run --classes does the same as it makes "
            "records. docs/text.md has it all.",
        .statuses = "0 all written, 1 some records refused, 2 wrong usage, 3 CLIP, the disk or the "
                    "memory stopped the work.",
        .operand = OPERAND_PATH,
        .wanted = "one folder or file of records",
        .least = 1,
        .run = label_main,
    },
    {
        .name = "info",
        .option_bit = FOR_INFO,
        .summary = "describe a model file",
        .synopsis = "[options] [MODEL]",
        .about = "Loads a checkpoint (without MODEL: the built-in one), checks every tensor, and "
                 "describes it: architecture, sizes, parameters, dtype, SHA-256, which published "
                 "file it is, its metadata, and the defaults that a run with it uses if none are "
                 "given.",
        .statuses = "0 usable, 2 wrong usage, 3 not usable.",
        .operand = OPERAND_PATH,
        .wanted = "one model",
        .run = info_main,
    },
    {
        .name = "fetch-model",
        .option_bit = FOR_FETCH,
        .summary = "download an official checkpoint and check its hash",
        .synopsis = "[NAME] [--output FILE]",
        .about = "Downloads a published checkpoint with curl or wget and checks its SHA-256, where "
                 "that is known. Without NAME the models are listed. NAME is one of",
        .statuses = "0 the right file is there, 2 wrong usage, 3 the download failed.",
        .operand = OPERAND_MODEL,
        .wanted = "one name",
        .values = fetch_print_models,
        .run = fetch_main,
    },
    {
        .name = "eval",
        .option_bit = FOR_EVAL,
        .summary = "evaluate a model or records on images whose segments are known",
        .synopsis = "[options] DIR... | --from [options] FILE...",
        .about =
            "Evaluates a model, or records that any tool wrote, on the images under DIR: "
            "beside each, NAME.json holds its true segments; tars of such pairs are read, too. "
            "--coco and --label-maps read other data sets (docs/evaluation.md). Prints the "
            "mean IoU after one click at the centre of each segment, and recall and precision of "
            "the automatic masks; --box-prompts and --edges measure boxes and edges. With "
            "--results FILE it continues where it stopped; --from makes the figures, and a table "
            "of several data sets, of such files.",
        .statuses = "0 all images evaluated, 1 some left out, 2 wrong usage, 3 the model, the disk "
                    "or the memory stopped the work.",
        .operand = OPERAND_PATH,
        .wanted = "a folder of images",
        .least = 1,
        .most = INT_MAX,
        .run = eval_main,
    },
    {
        .name = "edges",
        .option_bit = FOR_EDGES,
        .summary = "find the edges in images",
        .synopsis = "[options] INPUT... -o DIR",
        .about = "Finds the edges of each INPUT, an image or a folder, read recursively, from the "
                 "masks of a coarse grid of points, as the paper \"Segment Anything\" does, and "
                 "writes DIR/<path below INPUT, without extension>.png: gray, 0 for none to the "
                 "largest number for the strongest. Started again, it makes what is missing. "
                 "docs/edges.md has each step.",
        .statuses = "0 all done, 1 some images failed, 2 wrong usage, 3 the model, the disk or the "
                    "memory stopped the work.",
        .operand = OPERAND_PATH,
        .run = edges_main,
    },
    {
        .name = "bench",
        .option_bit = FOR_BENCH,
        .summary = "time the stages of an image",
        .synopsis = "[options] [IMAGE]",
        .about = "Times the stages of an image (without IMAGE: a drawn one of 1800 x 1200 pixels). "
                 "Reports the fastest of several repetitions.",
        .statuses = "0 done, 2 wrong usage, 3 the model, the image or the memory stopped the work.",
        .operand = OPERAND_PATH,
        .wanted = "one image",
        .run = bench_main,
    },
    {
        .name = "help",
        .option_bit = FOR_HELP,
        .summary = "show the options of a command, or the manual page",
        .synopsis = "[options] [COMMAND]",
        .about = "Shows the list of commands or the options of one. Also prints the manual page "
                 "and the completions of shells, which are made from the same tables.",
        .statuses = "0 printed, 2 wrong usage.",
        .operand = OPERAND_COMMAND,
        .wanted = "one command",
        .run = help_main,
    },
};

const struct command *command_table(size_t *count)
{
    *count = sizeof table / sizeof table[0];
    return table;
}

const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

enum exit_status command_status(const struct error *error)
{
    switch (error->code) {
    case ERROR_USAGE:
        return EXIT_USAGE;
    case ERROR_STOPPED:
        return EXIT_STOPPED;
    default:
        return EXIT_ENVIRONMENT;
    }
}

enum exit_status command_fail(const struct command *command, const struct error *error)
{
    if (command->option_bit == FOR_RUN) /* as in its log */
        plain_line(stderr, "maskmill: %s", error->text);
    else
        plain_line(stderr, "maskmill %s: %s", command->name, error->text);
    return command_status(error);
}

int command_print_json(struct json_text *text, struct error *error)
{
    char *made = json_text_take(text, NULL, error);
    if (!made)
        return -1;
    fputs(made, stdout);
    free(made);
    return 0;
}
