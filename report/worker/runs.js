'use strict';
/* Runs: the text of COCO run lengths (rle/coco.c writes it) to the bounds of a mask.
 *
 * Pixel (x, y) of an image of height h has the index x * h + y. `bounds` are rising indices: the
 * mask is [bounds[0], bounds[1]), [bounds[2], bounds[3]), ... */
const Runs = (() => {
  function parse(text) {
    const counts = [];
    for (let at = 0; at < text.length;) {
      let value = 0, weight = 1, group;
      do {
        group = text.charCodeAt(at++) - 48;
        value += (group & 31) * weight;
        weight *= 32;
      } while (group & 32);
      if (group & 16)
        value -= weight;
      const i = counts.length;
      counts.push(i > 2 ? value + counts[i - 2] : value);
    }
    return counts;
  }

  function bounds(text) {
    const counts = parse(text);
    const found = new Uint32Array(counts.length & ~1);
    let end = 0;
    for (let i = 0; i < found.length; i++)
      found[i] = end += counts[i];
    return found;
  }

  function area(bounds) {
    let sum = 0;
    for (let i = 0; i < bounds.length; i += 2)
      sum += bounds[i + 1] - bounds[i];
    return sum;
  }

  /* [x0, y0, x1, y1], inclusive; null if the mask is empty. */
  function box(bounds, height) {
    if (bounds.length === 0)
      return null;
    let y0 = height - 1, y1 = 0;
    for (let i = 0; i < bounds.length; i += 2) {
      const top = bounds[i] % height, last = bounds[i + 1] - 1, whole = last - bounds[i] > last % height;
      y0 = whole ? 0 : Math.min(y0, top);
      y1 = whole ? height - 1 : Math.max(y1, last % height);
    }
    return [Math.floor(bounds[0] / height), y0,
      Math.floor((bounds[bounds.length - 1] - 1) / height), y1];
  }

  /* The masks of an image as the report has it, with the height of the photograph. */
  const masks = (counts, height) => counts.map(text => {
    const found = bounds(text);
    return {bounds: found, area: area(found), box: box(found, height)};
  });

  return {bounds, masks};
})();
