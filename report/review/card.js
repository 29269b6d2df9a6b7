/* Card: at the foot of the stage: what a click does now, the candidates, and what to do with them. */
const Card = (() => {
  const HINTS = {
    click: 'Click what the mask is to hold',
    box: 'Drag a box around what the mask is to hold',
    refine: 'Click what mask to add or, with the right button, to take away',
  };

  /* choose(number), keep(), back(), leave(), background(on): what the buttons do. */
  function create({choose, keep, back, leave, background}) {
    const hint = Dom.make('p', {class: 'card-hint', role: 'status'});
    const choices = Dom.make('div', {class: 'group', role: 'group', 'aria-label': 'Candidates'});
    const minus = Dom.button('−', () => background(minus.getAttribute('aria-pressed') !== 'true'),
      {'aria-pressed': 'false', title: 'The next click takes away, as the right button does'});
    minus.append(Dom.make('span', {class: 'card-word'}, ' Background'));
    const ready = Dom.button('Keep', keep, {class: 'primary', title: 'Keep the mask (Enter)',
      'aria-keyshortcuts': 'Enter'});
    const undo = Dom.button('Back', back,
      {title: 'Take the last click back (u)', 'aria-keyshortcuts': 'u'});
    const end = Dom.button('Leave', leave, {title: 'Leave this mode (Esc)', 'aria-keyshortcuts': 'Escape'});
    const element = Dom.make('div', {class: 'card', hidden: true}, hint,
      Dom.make('div', {class: 'card-row'}, choices, minus, undo, ready, end));

    function choice({predicted_iou: iou}, place, chosen) {
      const number = String(place + 1);
      return Dom.button(number, () => choose(place), {class: 'choice',
        'aria-pressed': String(place === chosen), 'aria-keyshortcuts': number,
        title: `Candidate ${number} (${number}), predicted IoU ${Text.number(iou, 3)}`});
    }

    const scores = ({predicted_iou: iou, stability_score: stability, area}) =>
      `IoU ${Text.number(iou, 3)} · stability ${Text.number(stability, 3)} · ${Text.count(area)} px`;

    /* {mode, step or null, under: the candidate at the pointer or null, base, saving, said, minus: on}. */
    function show({mode, step, under, base, saving, said, minus: on}) {
      element.hidden = mode === null;
      if (mode === null)
        return;
      const at = step || under, one = at && at.masks[at.chosen];
      element.dataset.clicks = step ? step.points.length + (step.box ? 1 : 0) : 0;
      hint.textContent = said || (saving ? 'Saving the mask'
        : one ? scores(one) : HINTS[base ? 'refine' : mode]);
      const several = step && step.masks.length > 1;
      choices.replaceChildren(...several ? step.masks.map((mask, i) => choice(mask, i, step.chosen)) : []);
      minus.setAttribute('aria-pressed', on);
      ready.disabled = !step || saving;
      undo.disabled = !step || saving;
    }

    return {element, show};
  }

  return {create};
})();
