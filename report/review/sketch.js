/* Sketch: what is being made, over the stage: the candidate, the clicks and the box. */
const Sketch = (() => {
  const COLOUR = 'oklch(0.86 0.17 95)', DARK = 'rgb(0 0 0 / 0.8)';
  const SIZE = 7;                       /* of a click, CSS pixels */

  function create(stage) {
    const canvas = Dom.make('canvas', {class: 'stage-layer sketch'});
    stage.element.append(canvas);
    let view = null, ratio = 1, empty = true;
    let shown = {mask: null, sure: false, points: [], box: null};

    /* A light line between two dark ones; dashed while the pointer may still move it away. */
    function outline(context, path, dashed) {
      context.setLineDash(dashed ? [6 * ratio, 4 * ratio] : []);
      for (const [style, width] of [[DARK, 4], ['#fff', 2]]) {
        context.strokeStyle = style;
        context.lineWidth = width * ratio;
        context.stroke(path);
      }
      context.setLineDash([]);
    }

    function drawMask(context, {rings}, sure) {
      const path = new Path2D();
      path.addPath(Marks.path(rings), new DOMMatrix([view.scale, 0, 0, view.scale, view.x, view.y]));
      context.globalAlpha = sure ? 0.5 : 0.35;
      context.fillStyle = COLOUR;
      context.fill(path, 'evenodd');
      context.globalAlpha = 1;
      outline(context, path, !sure);
    }

    function drawBox(context, [x0, y0, x1, y1]) {
      const path = new Path2D(), {scale, x, y} = view;
      path.rect(x + scale * x0, y + scale * y0, scale * (x1 - x0), scale * (y1 - y0));
      outline(context, path, false);
    }

    /* Foreground: a plus on white; background: a minus on black. */
    function drawPoint(context, [x, y, label]) {
      const size = SIZE * ratio, at = [view.x + view.scale * x, view.y + view.scale * y];
      context.beginPath();
      context.arc(...at, size, 0, 2 * Math.PI);
      context.fillStyle = label ? '#fff' : '#000';
      context.strokeStyle = label ? '#000' : '#fff';
      context.lineWidth = 1.5 * ratio;
      context.fill();
      context.stroke();
      context.beginPath();
      for (const [dx, dy] of label ? [[0.55, 0], [0, 0.55]] : [[0.55, 0]]) {
        context.moveTo(at[0] - dx * size, at[1] - dy * size);
        context.lineTo(at[0] + dx * size, at[1] + dy * size);
      }
      context.stroke();
    }

    function draw() {
      const {mask, sure, points, box} = shown, nothing = !mask && !box && points.length === 0;
      if (!view || nothing && empty)
        return;
      empty = nothing;
      Object.assign(canvas, {width: view.width, height: view.height});
      canvas.style.width = view.width / ratio + 'px';
      canvas.style.height = view.height / ratio + 'px';
      const context = canvas.getContext('2d');
      context.lineJoin = 'round';
      if (mask)
        drawMask(context, mask, sure);
      if (box)
        drawBox(context, box);
      for (const point of points)
        drawPoint(context, point);
    }

    return {
      /* What is seen: {mask: {rings} or null, sure, points: [x, y, label], box or null}. */
      show(what) {
        shown = {...shown, ...what};
        draw();
      },
      follow(to, pixels) {
        view = to;
        ratio = pixels;
        draw();
      },
    };
  }

  return {create};
})();
