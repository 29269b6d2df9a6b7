#include "pipeline/embedding.h"

#include "base/memory.h"
#include "model/sam.h"

struct embedding *embedding_new(const struct sam *sam, struct error *error)
{
    struct embedding *embedding = memory_new(1, sizeof *embedding, "embedding", error);
    if (!embedding)
        return NULL;
    *embedding = (struct embedding){.image = sam_image_new(sam, error)};
    if (embedding->image)
        return embedding;
    embedding_free(embedding);
    return NULL;
}

int embedding_fit(struct embedding *embedding, const struct sam *sam, struct size region,
                  struct error *error)
{
    scan_geometry_free(embedding->geometry);
    embedding->frame = prompt_frame_of(sam_info(sam), region);
    const struct scan_size size = prompt_frame_scan(&embedding->frame, sam_info(sam));
    embedding->geometry = scan_geometry_new(&size, error);
    return embedding->geometry ? 0 : -1;
}

size_t embedding_bytes(const struct embedding *embedding)
{
    return sizeof *embedding + sam_image_bytes(embedding->image);
}

void embedding_free(struct embedding *embedding)
{
    if (!embedding)
        return;
    sam_image_free(embedding->image);
    scan_geometry_free(embedding->geometry);
    memory_free(embedding);
}
