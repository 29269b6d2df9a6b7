/* PairPanel: beside the two photographs: the mask that is pointed at with its twin, and lists of the
 * masks that only one run has and of the twins. */
const PairPanel = (() => {
  const {make} = Dom;

  function create({point, pick}) {
    const title = make('h3', {class: 'faint'}), about = make('table', {class: 'beside'});
    const lists = make('div', {class: 'panel-scroll'});
    const element = make('aside', {class: 'panel', 'aria-label': 'Masks of both runs'}, lists,
      make('section', {'aria-label': 'Mask', class: 'record'}, make('div', {class: 'section-head'},
        title), about));
    let items = new Map();      /* "mask of run 0, mask of run 1" -> its button */

    const score = (list, id) => list ? Text.number(list[id], 4) : Text.missing;

    /* What is known of both masks: [label, in run 0, in run 1]. */
    function rows(ids, sides) {
      const of = say => ids.map((id, run) => id < 0 ? Text.missing : say(sides[run], id));
      return [['Mask', ...of(({image}, id) => String(image.id ? image.id[id] : id))],
        ['Predicted IoU', ...of(({image}, id) => score(image.iou, id))],
        ['Stability', ...of(({image}, id) => score(image.stability, id))],
        ['Area', ...of(({masks}, id) => `${Text.count(masks[id].area)} px`)]];
    }

    function name(ids, twins) {
      const lone = ids.findIndex(id => id < 0);
      if (lone >= 0)
        return `Only in ${RunNumbers.label(1 - lone)}`;
      const [, , iou] = twins.find(([a, b]) => a === ids[0] && b === ids[1]);
      return `Twins, IoU ${Text.number(iou, 3)}`;
    }

    /* told: [mask of run 0, mask of run 1], -1 for none; null: nothing is pointed at. The table is as high
     * for nothing, so that nothing moves under the pointer. */
    function describe(told, sides, twins, pinned) {
      const ids = told || [-1, -1];
      title.classList.toggle('faint', told === null);
      title.textContent = told === null ? 'Point at a mask, click to pin it'
        : name(told, twins) + (pinned ? ', pinned' : '');
      const head = make('tr', {}, make('td', {}), [0, 1].map(run => make('th', {scope: 'col'},
        ChartFrame.swatch(run), RunNumbers.label(run))));
      about.replaceChildren(make('thead', {}, head), make('tbody', {}, rows(ids, sides).map(([name,
        ...texts]) =>
        make('tr', {}, make('th', {scope: 'row'}, name),
          texts.map(text => make('td', {}, text))))));
    }

    function item(ids, text, facts, colour) {
      const run = ids[0] < 0 ? 1 : 0, mask = {run, id: ids[run]};
      const swatch = make('span', {class: 'swatch'});
      swatch.style.background = colour;
      const button = Dom.button('', () => pick(mask), {class: 'beside-item',
        'aria-pressed': 'false',
        onpointerenter: () => point(mask), onpointerleave: () => point(null),
        onfocus: () => point(mask), onblur: () => point(null)});
      button.append(swatch, make('span', {class: 'tree-name'}, text), make('span', {class: 'faint'},
        facts));
      items.set(String(ids), button);
      return make('li', {}, button);
    }

    const list = (name, entries) => make('section', {'aria-label': name},
      make('div', {class: 'section-head'}, make('h3', {}, name),
        make('span', {class: 'kept-count faint'},
        Text.count(entries.length))), make('ul', {class: 'beside-list'}, entries));

    function only(run, {masks, twin, image}) {
      const lone = [...(masks || []).keys()].filter(id => twin[id] < 0).sort((a, b) =>
        masks[b].area - masks[a].area);
      return list(`Only in ${RunNumbers.label(run)}`, lone.map(id => item(run ? [-1, id] : [id, -1],
        Masks.name(image, id), `${Text.count(masks[id].area)} px`, `var(--series-${run})`)));
    }

    /* Lists the masks of a pair; twins by rising IoU, as the ones that differ are looked for. */
    function fill(twins, sides) {
      items = new Map();
      const entries = [...twins].reverse().map(([a, b, iou]) => item([a, b],
        `${Masks.name(sides[0].image, a)} · ${Masks.name(sides[1].image, b)}`,
          `IoU ${Text.number(iou, 3)}`,
        sides[0].masks[a].colour));
      lists.replaceChildren(only(0, sides[0]), only(1, sides[1]),
        list('Twins, the least alike first', entries));
    }

    function select(ids) {
      for (const [key, button] of items)
        button.setAttribute('aria-pressed', ids !== null && key === String(ids));
    }

    function clear() {
      lists.replaceChildren();
      items = new Map();
      describe(null);
    }

    return {element, describe, fill, select, clear};
  }

  return {create};
})();
