#include "base/error.h"
#include "library/mm_handles.h"
#include "pipeline/edges.h"

struct mm_edges_options mm_edges_defaults(void)
{
    const struct edges_options standard = edges_options_default();
    return (struct mm_edges_options){
        .points_per_side = standard.points_per_side,
        .box_nms_thresh = standard.box_nms_thresh,
        .mask_threshold = standard.mask_threshold,
        .thick = standard.thick,
    };
}

static int find(struct mm_segmenter *segmenter, const struct mm_edges_options *asked, float *map,
                struct error *error)
{
    const struct edges_options options = {
        .points_per_side = asked->points_per_side,
        .box_nms_thresh = asked->box_nms_thresh,
        .mask_threshold = asked->mask_threshold,
        .thick = asked->thick,
    };
    const struct embedding *embedding = mm_segmenter_prompted(segmenter, error);
    struct edges *edges = embedding ? edges_new(mm_segmenter_model(segmenter)->sam, &options,
                                                mm_segmenter_threads(segmenter), error)
                                    : NULL;
    int status = edges ? edges_find(edges, embedding, map, error) : -1;
    edges_free(edges);
    return status;
}

int mm_segmenter_edges(struct mm_segmenter *segmenter, const struct mm_edges_options *options,
                       float *map, struct mm_error *caller)
{
    struct error error = {0};
    const struct mm_edges_options standard = mm_edges_defaults();
    if (find(segmenter, options ? options : &standard, map, &error))
        return mm_error_fill(caller, &error);
    return 0;
}
