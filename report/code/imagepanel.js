/* ImagePanel: what is beside an image: thresholds, the mask that is pointed at, the tree of masks. */
const ImagePanel = (() => {
  const pairs = list => list.map(([term, text]) =>
    Dom.make('div', {class: 'pair'}, Dom.make('dt', {}, term), Dom.make('dd', {}, text)));

  function create({sliders, tree, apply, reset}) {
    const reason = Dom.make('p', {class: 'reason', role: 'alert', hidden: true});
    const count = Dom.make('p', {class: 'kept-count', role: 'status'});
    const mask = Dom.make('dl', {class: 'pairs'});
    const title = Dom.make('h3', {}), swatch = Dom.make('span', {class: 'swatch'});
    const tip = Dom.make('div', {class: 'tip', hidden: true, 'aria-hidden': 'true'});
    const section = (name, head, ...children) => Dom.make('section', {'aria-label': name},
      Dom.make('div', {class: 'section-head'}, head), ...children);
    const element = Dom.make('aside', {class: 'panel', 'aria-label': 'About this image'},
      reason,
      section('Thresholds', [Dom.make('h3', {}, 'Thresholds'), count,
        Dom.button('Reset', reset, {class: 'quiet'})], sliders.element, apply.element),
      section('Mask', [swatch, title], mask),
      section('Masks', [Dom.make('h3', {}, 'Masks and their parts')], tree.element));
    function fail(text) {
      reason.hidden = !text;
      reason.textContent = text;
    }
    function describe(about) {
      swatch.hidden = mask.hidden = !about;
      title.textContent = about ? about.name + (about.pinned ? ', pinned' : '')
        : 'Point at a mask, click to pin it';
      title.classList.toggle('faint', !about);
      if (!about)
        return;
      swatch.style.background = about.colour;
      mask.replaceChildren(...pairs(about.facts));
    }
    return {
      element, tip, fail, describe,
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
        tip.style.transform = text === null ? '' : `translate(${x + 14}px, ${y + 14}px)`;
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
