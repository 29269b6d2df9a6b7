/* ImagePanel: what is beside an image: thresholds, the tree of masks, and the record of the mask that
 * is pointed at or pinned. */
const ImagePanel = (() => {
  const GAP = 14;                       /* pixels between the pointer and its tip */

  function create({sliders, tree, apply, reset}) {
    const reason = Dom.make('p', {class: 'reason', role: 'alert', hidden: true});
    const count = Dom.make('p', {class: 'kept-count', role: 'status'});
    const tip = Dom.make('div', {class: 'tip', hidden: true, 'aria-hidden': 'true'});
    const record = Record.create();
    const element = Dom.make('aside', {class: 'panel', 'aria-label': 'About this image'},
      Dom.make('div', {class: 'panel-scroll'}, reason,
        Dom.make('section', {'aria-label': 'Thresholds'},
          Dom.make('div', {class: 'section-head'}, Dom.make('h3', {}, 'Thresholds'), count,
            Dom.button('Reset', reset, {class: 'quiet'})), sliders.element, apply.element),
        Dom.make('section', {'aria-label': 'Masks', class: 'tree-section'},
          Dom.make('div', {class: 'section-head'}, Dom.make('h3', {}, 'Masks and their parts')),
          tree.element)),
      record.element);
    function fail(text) {
      reason.hidden = !text;
      reason.textContent = text;
    }
    return {
      element, tip, fail, describe: record.show,
      show(rows, row) {
        const failed = rows.status[row] !== Rows.DONE;
        fail(failed ? rows.reason[row] || 'It failed, and no reason is recorded.' : '');
      },
      clear() {
        fail('');
        count.textContent = '';
      },
      /* `refused`: these thresholds need a score that the record lacks. */
      count(kept, all, refused) {
        count.textContent = kept === all ? Text.counted(all, 'mask')
          : `${Text.count(kept)} of ${Text.counted(all, 'mask')}${refused ? ': it lacks a score' : ''}`;
      },
      /* Beside the pointer, to its left in the right half, and within the stage in any case. */
      tipAt(text, x, y) {
        tip.hidden = text === null;
        tip.textContent = text;
        if (text === null)
          return;
        const room = tip.parentElement.clientWidth, width = tip.offsetWidth;
        const left = x > room / 2 ? x - GAP - width : x + GAP;
        tip.style.transform =
          `translate(${Math.max(0, Math.min(left, room - width))}px, ${y + GAP}px)`;
      },
      focusTree() {
        const first = tree.element.querySelector('[tabindex="0"]');
        if (first)
          first.focus();
      },
    };
  }

  return {create};
})();
