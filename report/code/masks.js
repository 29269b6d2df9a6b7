/* Masks: the masks of the image that is open, as a worker has decoded them. */
const Masks = (() => {
  /* Whether the pixel with this index lies in the mask: as many bounds are below as not, if not. */
  function inside(bounds, index) {
    let low = 0, high = bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (bounds[middle] <= index)
        low = middle + 1;
      else
        high = middle;
    }
    return low % 2 === 1;
  }

  /* The kept masks under a pixel, the smallest first. */
  function under(masks, keep, height, {x, y}) {
    const found = [];
    for (let id = 0; id < masks.length; id++) {
      const {box, bounds} = masks[id];
      if (keep[id] && box && x >= box[0] && y >= box[1] && x <= box[2] && y <= box[3] &&
          inside(bounds, x * height + y))
        found.push(id);
    }
    return found.sort((a, b) => masks[a].area - masks[b].area || b - a);
  }

  const name = (image, id) => `Mask ${image.id ? image.id[id] : id}`;

  const brief = (image, masks, id) => [name(image, id), image.category && image.category[id],
    image.iou && 'IoU ' + Text.number(image.iou[id], 3),
    image.stability && 'stability ' + Text.number(image.stability[id], 3),
    Text.count(masks[id].area) + ' px'].filter(text => text).join(' · ');

  /* What is known of a mask, as [label, text]. */
  function facts(image, masks, size, id, parent) {
    const {area, box} = masks[id];
    const list = [['Predicted IoU', image.iou ? Text.number(image.iou[id], 4) : Text.missing],
      ['Stability', image.stability ? Text.number(image.stability[id], 4) : Text.missing],
      ['Area', `${Text.counted(area, 'pixel')}, ${Text.percent(area / (size.width * size.height), 2)}`]];
    if (box)
      list.push(['Box', `${box[0]}, ${box[1]} to ${box[2]}, ${box[3]}`]);
    if (image.category && image.category[id])
      list.unshift(['Class', image.category[id]]);
    if (image.source && image.source[id])
      list.push(['Source', image.source[id]]);
    if (image.point && image.point[id])
      list.push(['Point', image.point[id].map(n => Text.number(n, 1)).join(', ')]);
    if (image.crop && image.crop[id])
      list.push(['Crop', image.crop[id].join(', ')]);
    if (parent >= 0)
      list.push(['Part of', name(image, parent)]);
    return list;
  }

  return {under, name, brief, facts};
})();
