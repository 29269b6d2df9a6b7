/* Where prompts lie, and how logits become pixels, for models of each kind. */
#include "unit.h"

#include "model/sam.h"
#include "pipeline/prompt_frame.h"

static const struct sam_info sam = {.image_size = 1024, .prompt_size = 1024, .low_size = 256};
static const struct sam_info sam2 = {
    .image_size = 1024, .prompt_size = 1024, .low_size = 256, .resize = SAM_RESIZE_SQUARE};
/* EfficientViT-SAM encodes 512 pixels and takes prompts of 1024. */
static const struct sam_info small = {.image_size = 512, .prompt_size = 1024, .low_size = 256};

START_TEST(the_longer_side_fills_the_frame)
{
    const struct sam_info *infos[] = {&sam, &small};
    const struct prompt_frame frame = prompt_frame_of(infos[_i], (struct size){1500, 1001});
    ck_assert_int_eq(frame.prompts.width, 1024);
    ck_assert_int_eq(frame.prompts.height, 683);
    ck_assert_double_eq(prompt_frame_place(&frame, 0, 700.1), 700.1 * (1024.0 / 1500));
    ck_assert_double_eq(prompt_frame_place(&frame, 1, 700.1), 700.1 * (683.0 / 1001));
    ck_assert_double_eq(prompt_frame_round(&frame, 700.1), 700.1);
    const struct scan_size scan = prompt_frame_scan(&frame, infos[_i]);
    const int is[] = {scan.low_size,    scan.image_size,  scan.input_height,
                      scan.input_width, scan.crop_height, scan.crop_width};
    const int should[] = {256, 1024, 683, 1024, 1001, 1500};
    ck_assert_mem_eq(is, should, sizeof is);
}
END_TEST

/* Expected places: torch.float32 points through SAM2Transforms.transform_coords. */
START_TEST(both_sides_fill_sam2s_frame)
{
    const struct prompt_frame frame = prompt_frame_of(&sam2, (struct size){1500, 1001});
    ck_assert_int_eq(frame.prompts.width, 1024);
    ck_assert_int_eq(frame.prompts.height, 1024);
    ck_assert_double_eq(prompt_frame_round(&frame, 700.1), (double)700.1f);
    ck_assert_double_eq(prompt_frame_place(&frame, 0, 700.1), 0x1.ddef560000000p+8);
    ck_assert_double_eq(prompt_frame_place(&frame, 1, 700.1), 0x1.6617d60000000p+9);
    const struct scan_size scan = prompt_frame_scan(&frame, &sam2);
    const int is[] = {scan.low_size,    scan.image_size,  scan.input_height,
                      scan.input_width, scan.crop_height, scan.crop_width};
    const int should[] = {256, 256, 256, 256, 1001, 1500};
    ck_assert_mem_eq(is, should, sizeof is);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prompt_frame");
    TCase *tests = tcase_create("prompt_frame");
    tcase_add_loop_test(tests, the_longer_side_fills_the_frame, 0, 2);
    tcase_add_test(tests, both_sides_fill_sam2s_frame);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
