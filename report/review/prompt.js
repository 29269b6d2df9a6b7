/* Prompt: makes and refines masks. In mode 'click' the mouse sees a candidate under itself, and clicks
 * make it; in mode 'box' dragging does. */
const Prompt = (() => {
  const STILL = 5;                      /* pixels that a click may move */

  /* view: of ImageView. save(candidate, points, source, base): resolves to whether it is saved. changed():
   * the mode is another one. */
  function create({view, save, changed}) {
    const {stage, frame} = view, sketch = Sketch.create(stage);
    let mode = null, saving = false, said = '', minus = false;
    let drag = null;                    /* {id, x, y: where it began on the stage, moved, button} */
    const candidates = Candidates.create({shown: show, said(text) { said = text; show(); }});
    const card = Card.create({choose: candidates.choose, keep, leave, back: candidates.back,
      background(on) { minus = on; show(); }});
    frame.append(card.element);

    function show() {
      const step = candidates.last(), under = candidates.under(), at = step || under;
      sketch.show({mask: at && at.masks[at.chosen], sure: step !== null, points: step ? step.points : [],
        box: drag && drag.box || step && step.box || null});
      card.show({mode, step, under, base: candidates.base(), saving, said, minus});
    }

    /* Begins with nothing. base: {id, counts} of a mask that is refined. */
    function enter(to, base = null) {
      const at = view.now();
      mode = to;
      saving = minus = false;
      stage.element.classList.add('prompting');
      stage.element.focus({preventScroll: true});
      candidates.begin(at.row, at.size, base);
      changed();
    }

    function leave() {
      mode = drag = null;
      saving = false;
      stage.element.classList.remove('prompting');
      candidates.end();
      changed();
    }

    /* Escape: the candidate first, then the mode. */
    function back() {
      if (!candidates.last())
        leave();
      else
        enter(mode, candidates.base());
    }

    async function keep() {
      const step = candidates.last(), base = candidates.base();
      if (!step || saving)
        return;
      const of = mode, source = base ? 'mask' : step.box ? 'box' : 'point';
      saving = true;
      show();
      const saved = await save(step.masks[step.chosen], step.points, source, base);
      saving = false;
      if (!saved || candidates.last() !== step || mode !== of)
        show();
      else if (base)
        leave();
      else
        enter(mode);
    }

    /* The place of an event on the stage, and the same in the image. */
    function place(event) {
      const {left, top} = stage.element.getBoundingClientRect();
      return {x: event.clientX - left, y: event.clientY - top};
    }

    function within({x, y}) {
      const {width, height} = view.now().size, at = stage.inImage(x, y);
      return [Math.min(Math.max(at.x, 0), width), Math.min(Math.max(at.y, 0), height)];
    }

    function click(pixel, label) {
      if (pixel && !saving)
        candidates.add({point: [pixel.x + 0.5, pixel.y + 0.5, label]});
    }

    /* The right button, and the left one in mode 'box', are not for the gestures of the stage. */
    function down(event) {
      if (!mode || saving || event.button !== 2 && !(event.button === 0 && mode === 'box'))
        return;
      event.stopImmediatePropagation();
      if (drag) {                       /* a second finger */
        drag = null;
        show();
        return;
      }
      drag = {id: event.pointerId, ...place(event), moved: false, button: event.button, box: null};
      stage.element.setPointerCapture(event.pointerId);
    }

    function move(event) {
      if (!drag || event.pointerId !== drag.id)
        return;
      event.stopImmediatePropagation();
      const at = place(event);
      drag.moved = drag.moved || Math.hypot(at.x - drag.x, at.y - drag.y) > STILL;
      if (drag.moved && drag.button === 0) {
        const [x0, y0] = within(drag), [x1, y1] = within(at);
        drag.box = [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
        show();
      }
    }

    function up(event) {
      if (!drag || event.pointerId !== drag.id)
        return;
      event.stopImmediatePropagation();
      const {box, moved, button, x, y} = drag;
      drag = null;
      if (box && box[2] - box[0] >= 1 && box[3] - box[1] >= 1) {
        candidates.begin(view.now().row, view.now().size);
        candidates.add({box});
      } else if (!moved && (mode === 'click' || candidates.last())) {
        click(stage.pixel(x, y), button === 2 || minus ? 0 : 1);
      }
      show();
    }

    for (const [name, act] of Object.entries({pointerdown: down, pointermove: move, pointerup: up,
      pointercancel() { drag = null; },
      contextmenu(event) { if (mode) event.preventDefault(); }}))
      stage.element.addEventListener(name, act, {capture: true});

    return {
      enter, leave, back, keep, choose: candidates.choose, mode: () => mode, base: candidates.base,
      making: () => candidates.last() !== null, undo: candidates.back, follow: sketch.follow,
      /* For the stage: whether the pointer, or a click, is for a mask that is made. */
      hover(pixel) {
        if (mode === 'click')
          candidates.hover(pixel && {x: pixel.x + 0.5, y: pixel.y + 0.5});
        return mode !== null;
      },
      pick(pixel) {
        if (mode === 'click')
          click(pixel, minus ? 0 : 1);
        return mode !== null;
      },
    };
  }

  return {create};
})();
