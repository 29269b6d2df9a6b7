/* Draw: masks as colour and outline, at any scale. */
const Draw = (() => {
  /* The palette `bright` of pictures/palette.h: hues in steps of the golden ratio, so that neighbours
   * in the list differ most. A mask's colour depends on its place in the record only. */
  const LIGHTNESS = [0.72, 0.80, 0.64], CHROMA = 0.2;
  const colour = place => `oklch(${LIGHTNESS[place % 3]} ${CHROMA} ${
    (360 * ((0.08 + place * 0.6180339887498949) % 1)).toFixed(1)})`;

  /* Rings as a path, where a pixel of the screen is `pixel` of the image. Vertices that would fall on
   * the point before them are left out, and so are rings of a few pixels: specks, at this scale. */
  function path({points, ends}, pixel) {
    const found = new Path2D(), step = 0.8 * pixel, speck = 3 * pixel;
    let at = 0;
    for (const end of ends) {
      if (isWider(points, at, end, speck))
        ring(found, points, at, end, step);
      at = end;
    }
    return found;
  }

  /* Whether points at .. end reach further than `size` from the first, along either axis. */
  function isWider(points, at, end, size) {
    for (let i = at + 2; i < end; i += 2)
      if (Math.abs(points[i] - points[at]) > size || Math.abs(points[i + 1] - points[at + 1]) > size)
        return true;
    return false;
  }

  function ring(path, points, at, end, step) {
    let x = points[at], y = points[at + 1];
    path.moveTo(x, y);
    for (at += 2; at < end; at += 2) {
      if (Math.abs(points[at] - x) + Math.abs(points[at + 1] - y) < step)
        continue;
      x = points[at];
      y = points[at + 1];
      path.lineTo(x, y);
    }
    path.closePath();
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
   * of 1 pixel are drawn ten times as fast as wider ones. look: {fill, lines, faint: of 1, colours: of
   * each mask, in place of its own}. */
  function paint(context, masks, keep, height, view, look) {
    const {scale, x, y, line} = view, {faint = 1} = look;
    const shapes = order(masks, keep).filter(id => visible(masks[id].box, view))
      .map(id => ({shape: path(outline(masks[id], height), 1 / scale),
        style: look.colours ? look.colours[id] : colour(id)}));
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

  return {colour, outline, path, visible, paint};
})();
