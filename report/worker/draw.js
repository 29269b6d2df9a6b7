/* Draw: masks as colour and outline, at any scale. */
const Draw = (() => {
  /* As records/overlay.c: hues in steps of the golden ratio, so that neighbours in the list differ
   * most. A mask's colour depends on its place in the record only. */
  function colour(place) {
    const hue = 6 * ((0.05 + place * 0.6180339887498949) % 1);
    const strength = place % 3 === 1 ? 0.6 : 0.9;
    const part = primary => {
      const apart = Math.abs(hue - 2 * primary), distance = Math.min(apart, 6 - apart);
      return Math.floor(255 * (1 - strength * (1 - Math.min(Math.max(2 - distance, 0), 1))));
    };
    return `rgb(${part(0)} ${part(1)} ${part(2)})`;
  }

  /* Rings as a path. Vertices closer than `step` pixels to the last one are left out: at small
   * scales they would all fall on one point of the screen. */
  function path({points, ends}, step) {
    const found = new Path2D();
    let at = 0;
    for (const end of ends) {
      let x = points[at], y = points[at + 1];
      found.moveTo(x, y);
      for (at += 2; at < end; at += 2) {
        if (Math.abs(points[at] - x) + Math.abs(points[at + 1] - y) < step)
          continue;
        x = points[at];
        y = points[at + 1];
        found.lineTo(x, y);
      }
      found.closePath();
    }
    return found;
  }

  const outline = (mask, height) => mask.rings || (mask.rings = Trace.rings(mask.bounds, height));

  /* Larger masks first, so that smaller ones stay visible. */
  const order = (masks, keep) => [...masks.keys()].filter(id => keep[id] && masks[id].box)
    .sort((a, b) => masks[b].area - masks[a].area || a - b);

  /* Whether a mask lies in the part of the image that the view shows. */
  function visible([x0, y0, x1, y1], {scale, x, y, width, height}) {
    return x + scale * (x1 + 1) > 0 && y + scale * (y1 + 1) > 0 &&
      x + scale * x0 < width && y + scale * y0 < height;
  }

  const FILL = 0.38, LINES = 0.95;      /* opacity */

  /* view: {scale, x, y: of the image's corner, width, height, line}, in pixels of the device. Lines
   * of 1 pixel are drawn ten times as fast as wider ones. look: {fill, lines, faint: of 1}. */
  function paint(context, masks, keep, height, view, look) {
    const {scale, x, y, line} = view, {faint = 1} = look;
    const shapes = order(masks, keep).filter(id => visible(masks[id].box, view))
      .map(id => ({shape: path(outline(masks[id], height), 0.8 / scale), style: colour(id)}));
    if (look.fill) {
      const sheet = fills(shapes, view);
      context.globalAlpha = FILL * faint;
      context.drawImage(sheet, 0, 0);
    }
    if (!look.lines)
      return;
    context.globalAlpha = LINES * faint;
    context.setTransform(scale, 0, 0, scale, x, y);
    context.lineJoin = 'bevel';
    context.lineWidth = line / scale;
    for (const {shape, style} of shapes) {
      context.strokeStyle = style;
      context.stroke(shape);
    }
  }

  /* The fills, opaque on a sheet of their own, so that a pixel in ten masks is not ten times as
   * strong as a pixel in one, and the photograph is seen through all of them alike. */
  function fills(shapes, {scale, x, y, width, height}) {
    const sheet = new OffscreenCanvas(width, height), context = sheet.getContext('2d');
    context.setTransform(scale, 0, 0, scale, x, y);
    for (const {shape, style} of shapes) {
      context.fillStyle = style;
      context.fill(shape, 'evenodd');
    }
    return sheet;
  }

  return {colour, outline, paint};
})();
