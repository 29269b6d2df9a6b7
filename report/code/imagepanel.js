/* Record: what is known of one mask, at the foot of the panel: there it moves nothing when it comes. */
const Record = (() => {
  function create() {
    const title = Dom.make('h3'), swatch = Dom.make('span', {class: 'swatch'});
    const pairs = Dom.make('dl', {class: 'pairs'});
    const element = Dom.make('section', {'aria-label': 'Mask', class: 'record', hidden: true},
      Dom.make('div', {class: 'section-head'}, swatch, title), pairs);
    /* about: {name, colour, pinned, facts: [[label, text]]}, or null for none. */
    function show(about) {
      element.hidden = !about;
      if (!about)
        return;
      title.textContent = about.name + (about.pinned ? ', pinned' : '');
      swatch.style.background = about.colour;
      pairs.replaceChildren(...about.facts.map(([term, text]) =>
        Dom.make('div', {class: 'pair'}, Dom.make('dt', {}, term), Dom.make('dd', {}, text))));
    }
    return {element, show};
  }

  return {create};
})();

/* ImagePanel: what is beside an image: thresholds, the tree of masks, and the record of the mask that
 * is pointed at or pinned. */
const ImagePanel = (() => {
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
        count.textContent = '';
      },
      count(kept, all) {
        count.textContent = kept === all ? Text.counted(all, 'mask')
          : `${Text.count(kept)} of ${Text.counted(all, 'mask')}`;
      },
      tipAt(text, x, y) {
        tip.hidden = text === null;
        tip.textContent = text;
        if (text === null)
          return;
        const left = x > tip.parentElement.clientWidth / 2;
        tip.style.transform = `translate(${x + (left ? -14 : 14)}px, ${y + 14}px) translateX(${
          left ? '-100%' : '0'})`;
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
