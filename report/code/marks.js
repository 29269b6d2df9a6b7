/* Marks: draws the few masks that are pointed at or pinned, at once and on the page's own thread. */
const Marks = (() => {
  const paths = new WeakMap();          /* rings -> Path2D */

  function path(rings) {
    let found = paths.get(rings);
    if (found)
      return found;
    paths.set(rings, found = new Path2D());
    const {points, ends} = rings;
    let at = 0;
    for (const end of ends) {
      found.moveTo(points[at], points[at + 1]);
      for (at += 2; at < end; at += 2)
        found.lineTo(points[at], points[at + 1]);
      found.closePath();
    }
    return found;
  }

  /* A light line between two dark ones is seen on any photograph. */
  function draw(canvas, view, ratio, shapes) {
    canvas.width = view.width;
    canvas.height = view.height;
    canvas.style.width = view.width / ratio + 'px';
    canvas.style.height = view.height / ratio + 'px';
    const context = canvas.getContext('2d');
    context.setTransform(view.scale, 0, 0, view.scale, view.x, view.y);
    context.lineJoin = 'round';
    for (const {rings, colour, strong} of shapes) {
      const shape = path(rings);
      context.fillStyle = colour;
      context.globalAlpha = strong ? 0.5 : 0.3;
      context.fill(shape, 'evenodd');
      context.globalAlpha = 1;
      for (const [style, width] of [['rgb(0 0 0 / 0.75)', 4], [strong ? '#fff' : colour, 2]]) {
        context.strokeStyle = style;
        context.lineWidth = width * ratio / view.scale;
        context.stroke(shape);
      }
    }
  }

  return {path, draw};
})();
