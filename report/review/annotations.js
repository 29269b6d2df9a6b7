/* Annotations: masks that were made or refined, as columns of the open image and as the record has
 * them. An image's masks are known by their ids, its columns by places. */
const Annotations = (() => {
  /* Whatever the record has in each column, before anybody changed it. */
  function original(image, place) {
    return Object.fromEntries(Object.entries(image).filter(([name, value]) => name !== 'thumb' && value)
      .map(([name, value]) => [name, value[place]]));
  }

  function columns(id, annotation) {
    const point = annotation.point_coords;
    return {id, counts: annotation.segmentation.counts, area: annotation.area,
      iou: annotation.predicted_iou ?? null, stability: annotation.stability_score ?? null,
      point: point && point[0] || null, crop: annotation.crop_box || null};
  }

  /* What the review shows of an image: `at.image` as a copy with a column of ids, `at.record` as it came,
   * `at.places` from id to place. */
  function open(at) {
    const {image} = at, count = image.counts.length;
    const ids = image.id || Array.from({length: count}, (_, place) => place);
    const scores = count ? {} : {iou: [], stability: [], point: []};    /* those of masks that are made */
    at.record = {...image, ...scores, id: ids};
    at.image = Object.fromEntries(Object.entries(at.record).map(([name, value]) =>
      [name, Array.isArray(value) ? [...value] : value]));
    at.places = new Map();
    ids.forEach((id, place) => { if (!at.places.has(id)) at.places.set(id, place); });
    at.sources = [];                    /* of masks that somebody made, by place */
  }

  /* The columns of a mask that the server has answered with, or null if nothing about them has changed. */
  function change(at, {id, annotation}) {
    const known = at.places.get(id), recorded = known < at.record.counts.length;
    if (!annotation && (!recorded || at.sources[known] === undefined))
      return null;
    const place = known ?? at.image.counts.length;
    at.places.set(id, place);
    at.sources[place] = annotation ? annotation.source || 'mask' : undefined;
    return {place, mask: annotation ? columns(id, annotation) : original(at.record, place)};
  }

  /* Puts a mask into the columns, before any mask is made of them. */
  function fill({image}, {place, mask}) {
    for (const [name, value] of Object.entries(mask))
      if (image[name])
        image[name][place] = value;
  }

  /* An annotation of a candidate, for the server. */
  function of(candidate, size, points, source) {
    return {segmentation: {size: [size.height, size.width], counts: candidate.counts},
      area: candidate.area, bbox: candidate.bbox, predicted_iou: candidate.predicted_iou,
      stability_score: candidate.stability_score,
      point_coords: points.filter(([, , label]) => label === 1).map(([x, y]) => [x, y]), source};
  }

  return {open, change, fill, of};
})();
