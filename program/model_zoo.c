#include "program/model_zoo.h"

#include <stdio.h>
#include <string.h>

#define GITHUB "https://github.com/"
#define HUB "https://huggingface.co/"
#define CLIP "https://openaipublic.azureedge.net/clip/models/"

static const char APACHE[] = "Apache-2.0";
static const char MIT[] = "MIT";
static const char SAM[] = "https://dl.fbaipublicfiles.com/segment_anything/";
static const char SAM20[] = "https://dl.fbaipublicfiles.com/segment_anything_2/072824/";
static const char SAM21[] = "https://dl.fbaipublicfiles.com/segment_anything_2/092824/";
static const char MOBILE_SAM[] = GITHUB "ChaoningZhang/MobileSAM/raw/master/weights/";
static const char EFFICIENTVIT_SAM[] = HUB "mit-han-lab/efficientvit-sam/resolve/main/";
static const char SAM_HQ[] = HUB "lkeab/hq-sam/resolve/main/";

/* A family's models from the small to the large, the present version first. */
static const struct model_zoo_entry table[] = {
    {"vit_b", "SAM", "SAM ViT-B", "sam_vit_b_01ec64.pth", SAM, 375042383, 0,
     "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912", APACHE, NULL},
    {"vit_l", "SAM", "SAM ViT-L", "sam_vit_l_0b3195.pth", SAM, 1249524607, 0,
     "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622", APACHE, NULL},
    {"vit_h", "SAM", "SAM ViT-H", "sam_vit_h_4b8939.pth", SAM, 2564550879, 0,
     "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e", APACHE, NULL},
    {"vit_b_hf", "SAM", "SAM ViT-B of transformers", "model.safetensors",
     HUB "facebook/sam-vit-base/resolve/main/", 375000000, 500000,
     "892c410e496344e527255ccdcb2cb7244a609acb5389c7c4fdba1288f861c579", APACHE,
     "sam-vit-base.safetensors"},
    {"vit_l_hf", "SAM", "SAM ViT-L of transformers", "model.safetensors",
     HUB "facebook/sam-vit-large/resolve/main/", 1250000000, 5000000,
     "a57e1b13cd1545938dfcbc9fb26df7f60de6650237a9383382a874a623564b81", APACHE,
     "sam-vit-large.safetensors"},
    {"vit_h_hf", "SAM", "SAM ViT-H of transformers", "model.safetensors",
     HUB "facebook/sam-vit-huge/resolve/main/", 2560000000, 5000000,
     "edfb0462392541fca9af44ff039bfb32dbd0c939997f3abb77a26e23af7afd7c", APACHE,
     "sam-vit-huge.safetensors"},
    {"mobile_sam", "MobileSAM", "MobileSAM", "mobile_sam.pt", MOBILE_SAM, 40728226, 0,
     "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f", APACHE, NULL},
    {"tinysam", "TinySAM", "TinySAM", "tinysam_42.3.pth",
     GITHUB "xinghaochen/TinySAM/releases/download/3.0/", 0, 0, NULL, APACHE, NULL},
    {"medsam", "MedSAM", "MedSAM ViT-B", "medsam_vit_b.pth",
     "https://zenodo.org/records/10689643/files/", 375049145, 0,
     "34b34b78c1d18cb8c6bf84cf9c00e135d6d6c965699f3c0e31ef1bc9dcb5be74", APACHE, NULL},
    {"slimsam_50", "SlimSAM", "SlimSAM-50 uniform", "model.safetensors",
     HUB "Zigeng/SlimSAM-uniform-50/resolve/main/", 112000000, 500000,
     "c6146291d993f315ae1951e1209555d6c9dea1404546dc54edbc3f15fb1d8e69", APACHE,
     "slimsam-50-uniform.safetensors"},
    {"slimsam_77", "SlimSAM", "SlimSAM-77 uniform", "model.safetensors",
     HUB "Zigeng/SlimSAM-uniform-77/resolve/main/", 38900000, 50000,
     "b0ee221e3d33935807a820c157fec81a537b3b9979edc88b148a8dae8bbdd5d2", APACHE,
     "slimsam-77-uniform.safetensors"},
    {"sam2.1_hiera_tiny", "SAM 2.1", "SAM 2.1 Hiera-T", "sam2.1_hiera_tiny.pt", SAM21, 156008466, 0,
     "7402e0d864fa82708a20fbd15bc84245c2f26dff0eb43a4b5b93452deb34be69", APACHE, NULL},
    {"sam2.1_hiera_small", "SAM 2.1", "SAM 2.1 Hiera-S", "sam2.1_hiera_small.pt", SAM21, 184416285,
     0, "6d1aa6f30de5c92224f8172114de081d104bbd23dd9dc5c58996f0cad5dc4d38", APACHE, NULL},
    {"sam2.1_hiera_base_plus", "SAM 2.1", "SAM 2.1 Hiera-B+", "sam2.1_hiera_base_plus.pt", SAM21,
     323606802, 0, "a2345aede8715ab1d5d31b4a509fb160c5a4af1970f199d9054ccfb746c004c5", APACHE,
     NULL},
    {"sam2.1_hiera_large", "SAM 2.1", "SAM 2.1 Hiera-L", "sam2.1_hiera_large.pt", SAM21, 898083611,
     0, "2647878d5dfa5098f2f8649825738a9345572bae2d4350a2468587ece47dd318", APACHE, NULL},
    {"sam2_hiera_tiny", "SAM 2", "SAM 2 Hiera-T", "sam2_hiera_tiny.pt", SAM20, 155906050, 0,
     "65b50056e05bcb13694174f51bb6da89c894b57b75ccdf0ba6352c597c5d1125", APACHE, NULL},
    {"sam2_hiera_small", "SAM 2", "SAM 2 Hiera-S", "sam2_hiera_small.pt", SAM20, 184309650, 0,
     "95949964d4e548409021d47b22712d5f1abf2564cc0c3c765ba599a24ac7dce3", APACHE, NULL},
    {"sam2_hiera_base_plus", "SAM 2", "SAM 2 Hiera-B+", "sam2_hiera_base_plus.pt", SAM20, 323493298,
     0, "d0bb7f236400a49669ffdd1be617959a8b1d1065081789d7bbff88eded3a8071", APACHE, NULL},
    {"sam2_hiera_large", "SAM 2", "SAM 2 Hiera-L", "sam2_hiera_large.pt", SAM20, 897952466, 0,
     "7442e4e9b732a508f80e141e7c2913437a3610ee0c77381a66658c3a445df87b", APACHE, NULL},
    {"efficientvit_sam_l0", "EfficientViT-SAM", "EfficientViT-SAM L0", "efficientvit_sam_l0.pt",
     EFFICIENTVIT_SAM, 139000000, 500000,
     "c4f994b01a16d48bcf2fbbb089448cfbf58fae5811edfa8113c953b8b8cc64b8", APACHE, NULL},
    {"efficientvit_sam_l1", "EfficientViT-SAM", "EfficientViT-SAM L1", "efficientvit_sam_l1.pt",
     EFFICIENTVIT_SAM, 191000000, 500000,
     "fa151df2b9b96896accd505470755cdd293a4c50cdabac95478f3fbd86d9152b", APACHE, NULL},
    {"efficientvit_sam_l2", "EfficientViT-SAM", "EfficientViT-SAM L2", "efficientvit_sam_l2.pt",
     EFFICIENTVIT_SAM, 246000000, 500000,
     "d4bfd842224cbb99de09acc3325e81ac5b7e8725c8fbdab152305e5d934bfe4a", APACHE, NULL},
    {"efficientvit_sam_xl0", "EfficientViT-SAM", "EfficientViT-SAM XL0", "efficientvit_sam_xl0.pt",
     EFFICIENTVIT_SAM, 468000000, 500000,
     "9bc2f87bd23d6e6d1f7b5beff910f98835c7c333fac73e695bac0bec685968f8", APACHE, NULL},
    {"efficientvit_sam_xl1", "EfficientViT-SAM", "EfficientViT-SAM XL1", "efficientvit_sam_xl1.pt",
     EFFICIENTVIT_SAM, 814000000, 500000,
     "10f42277679427c1183dcff19758e536aa86bcc4304e4b387ff48865784be05c", APACHE, NULL},
    {"repvit_sam", "RepViT-SAM", "RepViT-SAM", "repvit_sam.pt",
     GITHUB "THU-MIG/RepViT/releases/download/v1.0/", 110000000, 500000,
     "1fd2867cf669e6d89b1c91d0eb883d83ef4bcc590143dd2ca35e2705b21a4f2f", APACHE, NULL},
    {"edgetam", "EdgeTAM", "EdgeTAM", "edgetam.pt",
     GITHUB "facebookresearch/EdgeTAM/raw/main/checkpoints/", 56116523, 0,
     "ed2d4850b8792c239689b043c47046ec239b6e808a3d9b6ae676c803fd8780df", APACHE, NULL},
    {"efficient_sam_vitt", "EfficientSAM", "EfficientSAM-Ti", "efficient_sam_vitt.pt",
     GITHUB "yformer/EfficientSAM/raw/main/weights/", 40982470, 0,
     "dff858b19600a46461cbb7de98f796b23a7a888d9f5e34c0b033f7d6eb9e4e6a", APACHE, NULL},
    {"efficient_sam_vits", "EfficientSAM", "EfficientSAM-S", "efficient_sam_vits.pt",
     HUB "yunyangx/EfficientSAM/resolve/main/", 105742022, 0,
     "339376940b92351ae26dd1162e2305a1cc6f5cde735105e91286251abd9a6b65", APACHE, NULL},
    {"sam_hq_vit_b", "SAM-HQ", "SAM-HQ ViT-B", "sam_hq_vit_b.pth", SAM_HQ, 379335069, 0,
     "14a9d662cd6f5a9c2dba6d40ab0058d88d287e4a18fd6fdc6ad5fb1a3fdeaa57", APACHE, NULL},
    {"sam_hq_vit_l", "SAM-HQ", "SAM-HQ ViT-L", "sam_hq_vit_l.pth", SAM_HQ, 1254865805, 0,
     "e1a6c385d62bf005ded91a54d5ec55c985cfc4103ef89c08d90f39f04934c343", APACHE, NULL},
    {"sam_hq_vit_h", "SAM-HQ", "SAM-HQ ViT-H", "sam_hq_vit_h.pth", SAM_HQ, 2570940653, 0,
     "a7ac14a085326d9fa6199c8c698c4f0e7280afdbb974d2c4660ec60877b45e35", APACHE, NULL},
    {"sam_hq_vit_tiny", "SAM-HQ", "SAM-HQ TinyViT", "sam_hq_vit_tiny.pth", SAM_HQ, 42526881, 0,
     "0f32c075ccdd870ae54db2f7630e7a0878ede5a2b06d05d6fe02c65a82fb7196", APACHE, NULL},
    {"clip_vit_b_32", "CLIP", "CLIP ViT-B/32", "ViT-B-32.pt",
     CLIP "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af/", 353976522, 0,
     "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", MIT, NULL},
    {"clip_vit_b_16", "CLIP", "CLIP ViT-B/16", "ViT-B-16.pt",
     CLIP "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f/", 350837078, 0,
     "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f", MIT, NULL},
    {"clip_vit_l_14", "CLIP", "CLIP ViT-L/14", "ViT-L-14.pt",
     CLIP "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836/", 932768134, 0,
     "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836", MIT, NULL},
    {"clip_vit_l_14_336", "CLIP", "CLIP ViT-L/14 at 336 pixels", "ViT-L-14-336px.pt",
     CLIP "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02/", 934088680, 0,
     "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02", MIT, NULL},
    {"clip_vocab", "CLIP", "CLIP's vocabulary", "bpe_simple_vocab_16e6.txt.gz",
     GITHUB "openai/CLIP/raw/main/clip/", 1356917, 0,
     "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a", MIT, NULL},
};

enum { COUNT = sizeof table / sizeof *table };

const struct model_zoo_entry *model_zoo_table(size_t *count)
{
    *count = COUNT;
    return table;
}

const struct model_zoo_entry *model_zoo_find(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const struct model_zoo_entry *model_zoo_identify(const char *sha256)
{
    for (size_t i = 0; i < COUNT; i++)
        if (table[i].sha256 && strcmp(table[i].sha256, sha256) == 0)
            return &table[i];
    return NULL;
}

const char *model_zoo_saved_as(const struct model_zoo_entry *entry)
{
    return entry->saved_as ? entry->saved_as : entry->file;
}

void model_zoo_print_size(const struct model_zoo_entry *entry, FILE *to)
{
    double megabytes = (double)entry->size / 1e6;
    if (!entry->size)
        fputs("size unknown", to);
    else
        fprintf(to, "%.*f MB", entry->rounding < 500000 ? 1 : 0, megabytes);
}
