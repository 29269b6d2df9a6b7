#include "program/run/image_words.h"

const struct item_words image_words = {.item = "image", .items = "images", .results = "masks"};
