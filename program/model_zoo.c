#include "program/model_zoo.h"

#include <string.h>

static const char SAM[] = "https://dl.fbaipublicfiles.com/segment_anything/";
static const char MOBILE_SAM[] = "https://github.com/ChaoningZhang/MobileSAM/raw/master/weights/";

static const struct model_zoo_entry table[] = {
    {"vit_b", "SAM ViT-B", "sam_vit_b_01ec64.pth", SAM, 375042383,
     "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912", "Apache-2.0"},
    {"vit_l", "SAM ViT-L", "sam_vit_l_0b3195.pth", SAM, 1249524607,
     "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622", "Apache-2.0"},
    {"vit_h", "SAM ViT-H", "sam_vit_h_4b8939.pth", SAM, 2564550879,
     "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e", "Apache-2.0"},
    {"mobile_sam", "MobileSAM", "mobile_sam.pt", MOBILE_SAM, 40728226,
     "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f", "Apache-2.0"},
};

const struct model_zoo_entry *model_zoo_table(size_t *count)
{
    *count = sizeof table / sizeof *table;
    return table;
}

const struct model_zoo_entry *model_zoo_find(const char *name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const struct model_zoo_entry *model_zoo_identify(const char *sha256)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].sha256, sha256) == 0)
            return &table[i];
    return NULL;
}
