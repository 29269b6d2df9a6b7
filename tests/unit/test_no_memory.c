/* Lets each allocation of the readers and of the jobs' parts fail in turn: an error is returned
 * that says so, nothing crashes, and nothing is lost. */
#include "unit.h"

#include <jansson.h>
#include <sys/stat.h>

#include "allocation.h"
#include "base/atomic.h"
#include "base/atomic_clean.h"
#include "base/error.h"
#include "clip_model.h"
#include "filters/mask.h"
#include "images/image.h"
#include "images/image_worker.h"
#include "images/tar_input.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/ledger_status.h"
#include "jobs/list.h"
#include "jobs/lock.h"
#include "jobs/progress.h"
#include "jobs/queue.h"
#include "jobs/runfile.h"
#include "jobs/shard.h"
#include "model/checkpoint/checkpoint.h"
#include "model/clip/clip.h"
#include "model/kernels/half16.h"
#include "model/sam.h"
#include "pictures/painter.h"
#include "pictures/scene.h"
#include "pipeline/embedder.h"
#include "pipeline/predict_many.h"
#include "program/config.h"
#include "program/run/image_words.h"
#include "program/settings.h"
#include "records/known_file.h"
#include "records/known_index.h"
#include "records/record.h"
#include "records/record_known.h"
#include "records/review.h"
#include "records/review_apply.h"
#include "rle/coco.h"
#include "scratch.h"

#define SEEDS "tests/fuzz/seeds/"
#define MODEL "tests/parity/models/vit_xs.safetensors"

static struct scratch scratch;
static struct folder *run;
static struct image_server *server; /* started by main before anything else */
static const struct shard half = {0, 2};

static void set_up(void)
{
    scratch = scratch_new();
    run = scratch_folder(&scratch);
}

static void tear_down(void)
{
    folder_close(run);
    scratch_free(&scratch);
}

static char *path_of(const char *name)
{
    static char path[2][128];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", scratch.path, name);
    return path[turn];
}

static struct sam *sam;           /* a small one */
static struct embedder *embedder; /* holds the embedding of an image of it */

/* A job: 0, or -1 with an error. What it makes, it gives back. */
typedef int work(struct error *error);

/* Every allocation of the job fails once. Few may be done without. Returns how many failures did not
 * end with ERROR_MEMORY. */
static long fail_each(const char *name, work *job)
{
    struct error error = {0};
    allocation_watch(0);
    int status = job(&error);
    long count = allocation_end();
    ck_assert_msg(status == 0, "%s: %s", name, error.text);
    ck_assert_uint_eq(allocation.live_count, 0);
    ck_assert_int_gt(count, 0);
    long failures = 0, others = 0;
    for (long at = 1; at <= count; at++) {
        error = (struct error){0};
        allocation_watch(at);
        status = job(&error);
        allocation_end();
        ck_assert_msg(allocation.live_count == 0, "%s, allocation %ld of %ld: %zu lost", name, at,
                      count, allocation.live_count);
        ck_assert_msg(status == 0 || error.text[0], "%s, allocation %ld: no message", name, at);
        failures += status != 0;
        others += status == 0 || error.code != ERROR_MEMORY;
    }
    ck_assert_msg(failures > 0, "%s: none of %ld allocations was needed", name, count);
    return others;
}

/* ---- readers ---- */

static int read_checkpoint(const char *path, struct error *error)
{
    struct checkpoint *checkpoint;
    struct shape shape;
    if (checkpoint_open(&checkpoint, path, error))
        return -1;
    int status = checkpoint_shape(checkpoint, "a", &shape) &&
                         !checkpoint_tensor(checkpoint, "a", shape, error)
                     ? -1
                     : 0;
    checkpoint_close(checkpoint);
    return status;
}

static int read_safetensors(struct error *error)
{
    return read_checkpoint(SEEDS "checkpoint/mixed.safetensors", error);
}

static int read_zip(struct error *error)
{
    return read_checkpoint(SEEDS "checkpoint/zip-wrapped.pth", error);
}

static int read_legacy(struct error *error)
{
    return read_checkpoint(SEEDS "checkpoint/legacy-parameters.pth", error);
}

static int read_torchscript(struct error *error)
{
    return read_checkpoint(SEEDS "checkpoint/torchscript.pth", error);
}

static int read_shards(struct error *error)
{
    return read_checkpoint("tests/data/sharded", error);
}

static int read_string(struct error *error)
{
    struct rle rle = {0};
    int status = coco_parse(&rle, "0]1", 3, 9, 5, error);
    char *text = status ? NULL : coco_string(&rle, NULL, error);
    if (!text)
        status = -1;
    free(text);
    rle_free(&rle);
    return status;
}

static int read_record(struct error *error)
{
    struct record record = {0};
    const struct record_source as = {.name = "two"};
    struct folder *seeds = folder_open(SEEDS, false, error);
    int status = seeds ? record_read(&record, seeds, "record/two.json", &as, NULL, error) : -1;
    folder_close(seeds);
    record_free(&record);
    return status;
}

#define EVENT(NUMBER) "{\"event\": " #NUMBER ", \"time\": 1, \"by\": \"a\", \"image\": \"a.jpg\", "
#define MASK "{\"segmentation\": {\"size\": [5, 7], \"counts\": \"01R1\"}, \"source\": \"box\"}"

/* A log of three events about the masks 0 and 5. */
static const char review_log[] =
    EVENT(1) "\"op\": \"replace\", \"mask\": 0, \"annotation\": " MASK
             "}\n" EVENT(2) "\"op\": \"class\", \"mask\": 0, \"class\": \"cat\"}\n" EVENT(
                 3) "\"op\": \"add\", \"mask\": 5, \"annotation\": " MASK "}\n";

static int review_record(struct error *error)
{
    static const char text[] =
        "{\"image\": {\"width\": 7, \"height\": 5, \"file_name\": \"a.jpg\"}, \"annotations\": ["
        "{\"segmentation\": {\"size\": [5, 7], \"counts\": \"01R1\"}, \"id\": 0}]}";
    const struct record_source source = {.bytes = text, .length = sizeof text - 1, .name = "a"};
    struct record record = {0};
    char *written = NULL;
    struct review *review = review_read(run, NULL, error);
    int status = review ? record_parse(&record, &source, NULL, error) : -1;
    if (status == 0)
        status = review_apply(&record, review_of(review, "a.jpg"), true, error);
    if (status == 0 && !(written = record_text(&record, 0, &(size_t){0}, error)))
        status = -1;
    free(written);
    record_free(&record);
    review_free(review);
    return status;
}

/* A COCO document of two images: one with a mask and a box, whose mask is an empty one. */
static const char known_masks[] =
    "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}, {\"id\": 2, \"file_name\": \"b.jpg\"}], "
    "\"annotations\": [{\"image_id\": 1, \"segmentation\": {\"size\": [2, 4], \"counts\": [0, 4, "
    "4]}}, "
    "{\"image_id\": 1, \"bbox\": [0, 0, 2, 2], \"category\": \"cat\"}, {\"image_id\": 2, \"bbox\": "
    "[0, 0, "
    "1, 1]}]}";

static int join_known(struct record_known *known, struct error *error)
{
    struct record record = {.width = 4, .height = 2};
    struct mask mask = {.source = MASK_SOURCE_BOX};
    char *written = NULL;
    rle_begin(&mask.rle, 2, 4);
    int status = rle_end(&mask.rle, error);
    if (status == 0)
        status = mask_list_add(&record.masks, &mask, error);
    if (status == 0)
        status = record_known_join(known, &record, error);
    if (status == 0 && !(record.file_name = strdup("a.jpg")))
        status = error_set(error, ERROR_MEMORY, "no memory");
    if (status == 0 && !(written = record_text(&record, 0, &(size_t){0}, error)))
        status = -1;
    free(written);
    rle_free(&mask.rle);
    record_free(&record);
    return status;
}

static int read_known(struct error *error)
{
    struct known_place place;
    struct record_known known = {0};
    struct known_text text = {0};
    struct known_index *index = known_index_open(path_of("known.json"), true, error);
    int status = index ? known_index_find(index, "a.png", &place, error) : -1;
    if (status == 0)
        status = known_index_read(index, "a.png", &place, &text, error);
    if (status == 0) {
        const struct record_source source = {
            .bytes = text.bytes, .length = text.length, .name = "a"};
        status = record_known_parse(&known, &source, (struct size){4, 2}, error);
        known_text_free(&text);
    }
    if (status == 0)
        status = join_known(&known, error);
    record_known_free(&known);
    known_index_close(index);
    return status;
}

static int read_config(struct error *error)
{
    struct settings settings;
    char *text = NULL;
    if (settings_init(&settings, FOR_RUN, error))
        return -1;
    int status = config_read(&settings, SEEDS "config/some.json", error);
    if (status == 0)
        status = settings_complete(&settings, error);
    if (status == 0 && !(text = config_text(&settings, error)))
        status = -1;
    free(text);
    settings_free(&settings);
    return status;
}

static int read_points(struct error *error)
{
    struct settings settings;
    if (settings_init(&settings, FOR_RUN, error))
        return -1;
    int status = settings_set(&settings, "point-grid", SEEDS "points/some", SOURCE_CONFIG, error);
    if (status == 0)
        status = settings_complete(&settings, error);
    settings_free(&settings);
    return status;
}

static int read_tar(struct error *error)
{
    struct tar_input *input;
    struct tar_member member;
    const struct tar_input_options options = {
        .path = SEEDS "tar/ustar.tar", .server = server, .most = 1 << 16};
    if (tar_input_open(&input, &options, error))
        return -1;
    int found;
    do {
        found = tar_input_next(input, &member, error);
        if (found > 0 && member.kind == TAR_FILE && tar_input_read(input, &member, error))
            found = -1;
    } while (found > 0);
    tar_input_close(input);
    return found;
}

/* A picture but for its encoding, which is libvips'. The first mask has a hole, the second lies in it. */
/* Two points, two masks as prompts, and a box. */
static int predict_prompts(struct error *error)
{
    enum { COUNT = 5 };
    static const double point[] = {9, 9}, box[] = {2, 2, 30, 20};
    static float logits[256 * 256];
    const struct predictor_prompt prompts[COUNT] = {
        {.points = point, .point_count = 1},
        {.points = point, .point_count = 1, .logits = logits},
        {.box = box, .single = true},
        {.points = point, .point_count = 1, .logits = logits},
        {.points = point, .point_count = 1}};
    const struct predictor_options options = {0, 1};
    struct mask_list masks[COUNT] = {0};
    struct predictors *predictors = predictors_new(sam, &options, 1, error);
    int status = -1;
    if (predictors)
        status = predict_many(predictors, embedder->embedding, prompts, COUNT, masks, error);
    for (int i = 0; i < COUNT; i++)
        mask_list_free(&masks[i]);
    predictors_free(predictors);
    return status;
}

static int paint_masks(struct error *error)
{
    enum { SIDE = 40 };
    uint8_t bits[SIDE * SIDE] = {0};
    struct image canvas = {0};
    struct record record = {.width = SIDE, .height = SIDE};
    struct scene scene = {0};
    const struct picture_style style = {.outline = -1, .alpha = 0.5, .labels = LABELS_NUMBER};
    const struct scene_frame frame = {{0, 0}, {1, 1}, SIDE};
    int status = image_reserve(&canvas, SIDE, SIDE, error);
    for (int round = 0; status == 0 && round < 2; round++) {
        struct mask mask = {0};
        for (int i = 0; i < SIDE * SIDE; i++)
            bits[i] = (i % SIDE > 15 && i / SIDE > 15 && i % SIDE < 25) == (round == 1);
        status = rle_from_bitmap(&mask.rle, bits, SIDE, SIDE, SIDE, error);
        if (status == 0)
            status = mask_list_add(&record.masks, &mask, error);
        rle_free(&mask.rle);
    }
    if (status == 0)
        status = scene_make(&scene, &record, &style, &frame, error);
    if (status == 0)
        status = painter_paint(&canvas, (struct rect){0, 0, SIDE, SIDE}, &scene, error);
    scene_free(&scene);
    record_free(&record);
    image_free(&canvas);
    return status;
}

START_TEST(readers)
{
    fail_each("safetensors", read_safetensors);
    fail_each("zip", read_zip);
    fail_each("legacy", read_legacy);
    fail_each("TorchScript", read_torchscript);
    fail_each("shards", read_shards);
    fail_each("coco", read_string);
    fail_each("record", read_record);
    scratch_write(&scratch, REVIEW_FILE, review_log);
    fail_each("review", review_record);
    scratch_write(&scratch, "known.json", known_masks);
    fail_each("known", read_known);
    fail_each("config", read_config);
    fail_each("points", read_points);
    fail_each("picture", paint_masks);
#ifdef HAVE_LIBARCHIVE
    fail_each("tar", read_tar);
#else
    (void)read_tar;
#endif
}
END_TEST

/* ---- jobs ---- */

static int walk_list(const struct list_options *options, struct error *error)
{
    struct list_survey survey;
    struct list_item item;
    struct list *list = list_open(options, error);
    if (!list)
        return -1;
    int found = list_survey(list, &half, &survey, error) ? -1 : 1;
    while (found > 0)
        found = list_next(list, &item, error);
    list_close(list);
    return found;
}

static int list_a_folder(struct error *error)
{
    const char *const inputs[] = {path_of("in")};
    const struct list_options options = {.inputs = inputs, .input_count = 1};
    return walk_list(&options, error);
}

static int list_names(struct error *error)
{
    const struct list_options options = {.list_file = path_of("list")};
    return walk_list(&options, error);
}

static int append_to_ledger(struct error *error)
{
    struct ledger *ledger = ledger_open(run, &half, error);
    if (!ledger)
        return -1;
    const struct ledger_line done = {.status = LEDGER_DONE, .key = "a/\xff.jpg", .bytes = 7};
    const struct ledger_line failed = {
        .status = LEDGER_FAILED, .key = "b.jpg", .tar = "\xff.tar", .error = "bad"};
    int status = ledger_append_start(ledger, &image_words, 2, error) ||
                         ledger_append(ledger, &done, error) ||
                         ledger_append(ledger, &failed, error) ||
                         ledger_append_end(ledger, "done", error) || ledger_sync(ledger, error)
                     ? -1
                     : 0;
    ledger_close(ledger);
    return status;
}

static int index_ledgers(struct error *error)
{
    struct ledger_index *index = ledger_index_read(run, &half, error);
    ledger_index_free(index);
    return index ? 0 : -1;
}

static int merge_ledgers(struct error *error)
{
    struct ledger_run_status status;
    if (ledger_merge(run, &image_words, &status, error))
        return -1;
    ledger_status_free(&status);
    return 0;
}

static const struct runfile_field fields[] = {{"version", "1"}, {"model_sha256", "abc"}};

static int make_run_file(struct error *error)
{
    int answer = runfile_agree(run, "new/run.json", fields, 2, error);
    unlink(path_of("new/run.json"));
    return answer == RUNFILE_CREATED ? 0 : -1;
}

static int compare_run_file(struct error *error)
{
    if (runfile_replace(run, "run.json", fields, 2, error))
        return -1;
    return runfile_agree(run, "run.json", fields, 2, error) == RUNFILE_SAME ? 0 : -1;
}

static int read_run_file(struct error *error)
{
    struct runfile_list list = {0};
    if (runfile_replace(run, "run.json", fields, 2, error) ||
        runfile_read(run, "run.json", &list, error))
        return -1;
    int status = runfile_set(&list, "version", "2", error);
    if (status == 0)
        status = runfile_set(&list, "model", "x", error);
    runfile_free(&list);
    return status;
}

static int take_lock(struct error *error)
{
    struct lock *lock;
    if (lock_take(run, "lock", 0, &lock, error) != LOCK_TAKEN)
        return -1;
    lock_release(lock);
    return 0;
}

static int watch_progress(struct error *error)
{
    const struct progress_options options = {.words = &image_words,
                                             .quiet = true,
                                             .json = true,
                                             .metrics = path_of("x.prom"),
                                             .labels = ""};
    struct progress *progress = progress_new(&options, error);
    progress_free(progress);
    return progress ? 0 : -1;
}

static int make_queue(struct error *error)
{
    struct queue *queue = queue_new(10, error);
    queue_free(queue);
    return queue ? 0 : -1;
}

static int write_in_batches(struct error *error)
{
    struct atomic_batch *batch = atomic_batch_new(10, 10, error);
    if (!batch)
        return -1;
    int status = atomic_write(run, "deep/er/file", "text", 4, batch, error);
    if (status == 0)
        status = atomic_batch_flush(batch, error);
    atomic_batch_free(batch);
    unlink(path_of("deep/er/file"));
    rmdir(path_of("deep/er"));
    rmdir(path_of("deep"));
    return status;
}

static int clean_folders(struct error *error)
{
    return atomic_clean(run, NULL, error);
}

static int load_model(enum sam_precision precision, struct error *error)
{
    const struct sam_options options = {.precision = precision};
    struct sam *model;
    if (sam_load(&model, MODEL, &options, error))
        return -1;
    sam_free(model);
    return 0;
}

static int load_floats(struct error *error)
{
    return load_model(SAM_F32, error);
}

static int load_bf16(struct error *error)
{
    return load_model(SAM_BF16, error);
}

/* A model needs all of its memory. */
START_TEST(models)
{
    ck_assert_int_eq(fail_each("model", load_floats), 0);
}
END_TEST

/* With pairs, the folded decoder's weights are packed, too. */
START_TEST(models_in_16_bits)
{
    ck_assert_int_eq(fail_each("model in 16 bits", load_bf16), 0);
}
END_TEST

START_TEST(prompts)
{
    static uint8_t rgb[48 * 32 * 3] = {7, 200, 9};
    const struct sam_options options = {0};
    const struct image image = {.width = 48, .height = 32, .rgb = rgb};
    struct error error;
    ck_assert_int_eq(sam_load(&sam, MODEL, &options, &error), 0);
    embedder = embedder_new(sam, 1, &error);
    ck_assert_int_eq(embedder_encode_image(embedder, &image, &error), 0);
    fail_each("prompts", predict_prompts);
    embedder_free(embedder);
    sam_free(sam);
}
END_TEST

/* Loads a CLIP from the scratch folder, and embeds an image and a text. */
static int embed_by_clip(struct error *error)
{
    static const float input[3 * 8 * 8] = {1};
    static const int32_t tokens[6] = {8, 3, 9};
    float embedding[8];
    struct clip *clip;
    if (clip_load(&clip, path_of("clip.safetensors"), error))
        return -1;
    struct clip_scratch *buffers = clip_scratch_new(clip, 1, 1, error);
    int status = !buffers || clip_embed_images(clip, buffers, input, 1, embedding, error) ||
                         clip_embed_text(clip, buffers, tokens, embedding, error)
                     ? -1
                     : 0;
    clip_scratch_free(buffers);
    clip_free(clip);
    return status;
}

START_TEST(embeddings)
{
    static const struct clip_sizes sizes = {8, 4, 2, 64, 1, 6, 10, 64, 1};
    clip_model_write(path_of("clip.safetensors"), &sizes, CLIP_TRANSFORMERS);
    scratch_write(&scratch, "config.json", "{\"model_type\": \"clip\"}");
    fail_each("CLIP", embed_by_clip);
}
END_TEST

START_TEST(parts_of_a_run)
{
    scratch_write(&scratch, "in/a/1.jpg", "");
    scratch_write(&scratch, "in/a/2.jpg", "");
    scratch_write(&scratch, "in/b.png", "");
    scratch_write(&scratch, "list", "x/1.jpg\nx/2.jpg\nx/./1.jpg\nx/1.jpg\n");
    scratch_write(&scratch, "new/.keep", "");
    fail_each("folder", list_a_folder);
    fail_each("list", list_names);
    fail_each("ledger", append_to_ledger);
    fail_each("index", index_ledgers);
    fail_each("merge", merge_ledgers);
    fail_each("new run file", make_run_file);
    fail_each("run file", compare_run_file);
    fail_each("fields of a run file", read_run_file);
    fail_each("lock", take_lock);
    fail_each("progress", watch_progress);
    fail_each("queue", make_queue);
    fail_each("batch", write_in_batches);
    fail_each("clean", clean_folders);
}
END_TEST

int main(void)
{
    struct error error;
    if (image_server_start(&server, &error))
        return EXIT_FAILURE;
    json_set_alloc_funcs(allocation_counted, __wrap_free);
    Suite *suite = suite_create("no_memory");
    TCase *tests = tcase_create("no_memory");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, readers);
    tcase_add_test(tests, models);
    setenv("MASKMILL_BF16", "pairs", 1); /* also where another way is faster */
    if (half16_bf16_kernel())
        tcase_add_test(tests, models_in_16_bits);
    tcase_add_test(tests, prompts);
    tcase_add_test(tests, embeddings);
    tcase_add_test(tests, parts_of_a_run);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_server_stop(server);
    return status;
}
