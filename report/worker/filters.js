/* Filters: which masks `maskmill filter` keeps. The same comparisons in the same order as the
 * program: filters/postprocess.c, filters/nms_masks.c. Scores are floats there, hence fround.
 *
 * thresholds: {iou, stability, min, max, overlap}; 0, 0, 0, 0 and 1 keep everything. */
const Filters = (() => {
  const score = (scores, id) => scores ? Math.fround(scores[id] ?? 0) : 0;

  /* Known masks stay, whatever the thresholds, and take no part in an NMS. */
  const isKnown = (image, id) => Boolean(image.source) && image.source[id] === 'known';

  function passes(image, id, thresholds) {
    const {iou, stability, min, max} = thresholds;
    const area = image.area[id];
    return (iou <= 0 || score(image.iou, id) > Math.fround(iou)) &&
      (stability <= 0 || score(image.stability, id) >= Math.fround(stability)) &&
      area >= min && (max === 0 || area <= max);
  }

  /* By falling predicted IoU; equal ones keep their order. */
  const ranked = (image, ids) =>
    ids.sort((a, b) => score(image.iou, b) - score(image.iou, a) || a - b);

  function similar(masks, a, b, both, threshold) {
    const small = Math.min(masks[a].area, masks[b].area);
    const large = Math.max(masks[a].area, masks[b].area);
    return small > threshold * large && both > threshold * (small + large - both);
  }

  /* NMS: takes from `keep` each mask that is similar to a better one that stays. */
  function suppress(image, masks, near, threshold, keep) {
    const ids = [...keep.keys()].filter(id => keep[id] && !isKnown(image, id));
    const stays = new Uint8Array(keep.length);
    for (const id of ranked(image, ids)) {
      const better = near[id].some(({other, both}) =>
        stays[other] && similar(masks, id, other, both, threshold));
      stays[id] = better ? 0 : 1;
    }
    for (const id of ids)
      keep[id] = stays[id];
  }

  /* `filter` refuses a record that lacks a score which it needs: no mask of it stays. */
  function refuses(image, {iou, stability, overlap}) {
    const lacks = scores => image.counts.some((_, id) =>
      !isKnown(image, id) && (!scores || scores[id] === null));
    return (iou > 0 || overlap < 1) && lacks(image.iou) || stability > 0 && lacks(image.stability);
  }

  /* 1 for each mask that stays. `masks` and `near` (of Overlaps) are called for if NMS is on. */
  function keep(image, thresholds, masks, near) {
    const found = new Uint8Array(image.counts.length);
    if (refuses(image, thresholds))
      return found;
    for (let id = 0; id < found.length; id++)
      found[id] = isKnown(image, id) || passes(image, id, thresholds) ? 1 : 0;
    if (thresholds.overlap < 1)
      suppress(image, masks(), near(), thresholds.overlap, found);
    return found;
  }

  /* For each mask, its highest IoU with a better one: about the threshold at which it goes. */
  function overlap(image, masks, near) {
    const place = [];
    ranked(image, [...masks.keys()]).forEach((id, rank) => { place[id] = rank; });
    return masks.map((mask, id) => near[id].reduce((most, {other, both}) => place[other] < place[id]
      ? Math.max(most, Overlaps.iou(mask, masks[other], both)) : most, 0));
  }

  return {keep, overlap, refuses};
})();
