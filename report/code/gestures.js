/* Gestures: wheel, mouse and touch on the stage, as zoom, pan, hover and pick. */
const Gestures = (() => {
  const STILL = 5;              /* pixels that a click may move */

  /* zoom(factor, x, y), pan(dx, dy), hover(x, y) or hover(null), pick(x, y): in the element. */
  function listen(element, {zoom, pan, hover, pick}) {
    const down = new Map();             /* pointer -> where it is */
    let travelled = 0;

    function place(event) {
      const {left, top} = element.getBoundingClientRect();
      return {x: event.clientX - left, y: event.clientY - top};
    }

    /* Of two fingers: their middle and how far they are apart. */
    function pair() {
      const [a, b] = [...down.values()];
      return {x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y)};
    }

    element.addEventListener('wheel', event => {
      event.preventDefault();
      const {x, y} = place(event);
      const lines = event.deltaMode === 1 ? 16 : 1, pinch = event.ctrlKey ? 5 : 1;
      zoom(Math.exp(-event.deltaY * lines * pinch * 0.002), x, y);
    }, {passive: false});

    element.addEventListener('pointerdown', event => {
      if (event.button !== 0)
        return;
      element.setPointerCapture(event.pointerId);
      if (down.size === 0)
        travelled = 0;
      down.set(event.pointerId, place(event));
    });

    element.addEventListener('pointermove', event => {
      const at = place(event), from = down.get(event.pointerId);
      if (!from) {
        if (event.pointerType !== 'touch')
          hover(at.x, at.y);
        return;
      }
      const before = down.size === 2 ? pair() : null;
      down.set(event.pointerId, at);
      travelled += Math.hypot(at.x - from.x, at.y - from.y);
      if (before) {
        const after = pair();
        pan(after.x - before.x, after.y - before.y);
        zoom(after.apart / (before.apart || 1), after.x, after.y);
      } else if (down.size === 1 && travelled > STILL) {
        hover(null);
        pan(at.x - from.x, at.y - from.y);
      }
    });

    element.addEventListener('pointerup', event => {
      if (!down.delete(event.pointerId) || down.size > 0 || travelled > STILL)
        return;
      const {x, y} = place(event);
      pick(x, y);
    });
    element.addEventListener('pointercancel', event => down.delete(event.pointerId));
    element.addEventListener('pointerleave', () => hover(null));
  }

  return {listen};
})();
