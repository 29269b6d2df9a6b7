/* sample_record.h - small records for tests. */
#ifndef TESTS_UNIT_SAMPLE_RECORD_H
#define TESTS_UNIT_SAMPLE_RECORD_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "records/record.h"
#include "rle/rle.h"

/* An empty record of this size; free with record_free. */
static inline struct record sample_empty(const char *file_name, uint32_t width, uint32_t height)
{
    return (struct record){.image_id = record_image_id(file_name),
                           .width = width,
                           .height = height,
                           .file_name = strdup(file_name)};
}

/* Adds the mask of all pixels that are not '.' in `drawing`, row by row. */
static inline struct mask *sample_draw(struct record *record, const char *drawing)
{
    struct error error;
    struct mask mask = {.crop = {0, 0, (int32_t)record->width, (int32_t)record->height},
                        .predicted_iou = 0.93f,
                        .stability_score = 0.975f};
    size_t pixels = (size_t)record->width * record->height;
    uint8_t *bits = malloc(pixels);
    ck_assert_uint_eq(strlen(drawing), pixels);
    for (size_t i = 0; i < pixels; i++)
        bits[i] = drawing[i] != '.';
    ck_assert_int_eq(
        rle_from_bitmap(&mask.rle, bits, record->height, record->width, record->width, &error), 0);
    free(bits);
    mask.area = rle_area(&mask.rle);
    mask.box = rle_box(&mask.rle);
    mask.point[0] = mask.box.x0 + 0.5;
    mask.point[1] = mask.box.y0 + 0.5;
    ck_assert_int_eq(mask_list_add(&record->masks, &mask, &error), 0);
    return &record->masks.items[record->masks.count - 1];
}

/* 7 x 5 pixels and two masks, the first with a hole. */
static inline struct record sample_two(const char *file_name)
{
    struct record record = sample_empty(file_name, 7, 5);
    struct mask *mask = sample_draw(&record, "......."
                                             "..####."
                                             "..#.##."
                                             "..####."
                                             ".......");
    mask->point[0] = 3.0;
    mask->point[1] = 2.5;
    mask = sample_draw(&record, "#......"
                                "......."
                                "......."
                                "......."
                                ".......");
    mask->point[0] = 1.0 / 3;
    mask->point[1] = 0.1;
    mask->predicted_iou = 1.0f;
    mask->stability_score = 0.5f;
    mask->crop = (struct rect){0, 0, 4, 5};
    return record;
}

#endif
