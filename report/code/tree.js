/* Tree: which mask lies in which, as a tree that keys can walk (role=tree). Only what is unfolded
 * has elements. */
const Tree = (() => {
  /* point(id): the pointer or the focus is on a mask, or on none (-1); pick(id): chosen. */
  function create({point, pick}) {
    const element = Dom.make('ul', {class: 'tree', role: 'tree', tabindex: '-1',
      'aria-label': 'Masks and their parts'});
    const open = new Set();             /* unfolded masks */
    let children = new Map(), parents = [], describe = null, current = -1, chosen = -1;

    const rows = () => [...element.children];
    const row = id => rows().find(one => one.mask === id);

    function item(id, level, place, of) {
      const parts = children.get(id) || [];
      const {name, facts, colour, mark} = describe(id);
      const swatch = Dom.make('span', {class: 'swatch'});
      swatch.style.background = colour;
      const found = Dom.make('li', {role: 'treeitem', class: 'tree-item', tabindex: '-1',
        'aria-level': String(level), 'aria-setsize': String(of), 'aria-posinset': String(place + 1),
        'aria-expanded': parts.length ? String(open.has(id)) : null,
        'aria-selected': String(id === chosen)},
      Dom.make('span', {class: 'fold', 'aria-hidden': 'true'}), swatch,
      Dom.make('span', {class: 'tree-name'}, name),
      mark && Dom.make('span', {class: 'tree-mark'}, Dom.make('span', {'aria-hidden': 'true'}, mark.text),
        Dom.make('span', {class: 'unseen'}, mark.label)),
      Dom.make('span', {class: 'faint number'}, facts));
      found.style.setProperty('--level', level - 1);
      found.mask = id;
      return found;
    }

    /* The rows of `ids` and of what is unfolded below them. */
    function list(ids, level, into) {
      ids.forEach((id, place) => {
        into.push(item(id, level, place, ids.length));
        if (open.has(id))
          list(children.get(id) || [], level + 1, into);
      });
      return into;
    }

    function draw() {
      const focused = element.contains(document.activeElement);
      element.replaceChildren(...list(children.get(-1) || [], 1, []));
      const at = row(current) || element.firstChild;
      if (!at)
        return;
      current = at.mask;
      at.tabIndex = 0;
      if (focused)
        at.focus({preventScroll: true});
    }

    /* keep and parents as a worker gives them; describe(id): {name, facts, colour, mark: {text,
     * label} or null}; areas, by which siblings are sorted. */
    function show(keep, above, areas, text) {
      children = new Map();
      parents = above;
      describe = text;
      above.forEach((parent, id) => {
        if (!keep[id])
          return;
        if (!children.has(parent))
          children.set(parent, []);
        children.get(parent).push(id);
      });
      for (const ids of children.values())
        ids.sort((a, b) => areas[b] - areas[a] || a - b);
      draw();
    }

    function fold(id, on) {
      if (on)
        open.add(id);
      else
        open.delete(id);
      draw();
    }

    /* Makes a mask the one that Tab comes to. */
    function enter(id) {
      const from = row(current), to = row(id);
      if (from)
        from.tabIndex = -1;
      current = id;
      to.tabIndex = 0;
      return to;
    }

    const focus = id => enter(id).focus();

    /* Scrolls the tree, and nothing around it. */
    function reveal(at) {
      const box = element.getBoundingClientRect(), {top, bottom} = at.getBoundingClientRect();
      element.scrollTop += Math.min(0, top - box.top) + Math.max(0, bottom - box.bottom);
    }

    /* Marks the pinned mask, or none (-1), and unfolds what it lies in. */
    function select(id) {
      chosen = id;
      let hidden = false;
      for (let above = id; above >= 0; above = parents[above])
        if (above !== id && !open.has(above)) {
          open.add(above);
          hidden = true;
        }
      if (hidden)
        draw();
      for (const one of rows())
        one.setAttribute('aria-selected', one.mask === id);
      const at = row(id);
      if (at && !element.contains(document.activeElement))
        reveal(at);
    }

    function press(event) {
      const all = rows(), at = all.indexOf(event.target), id = event.target.mask;
      if (at < 0 || event.ctrlKey || event.altKey || event.metaKey)
        return;
      const to = index => focus(all[Math.min(Math.max(index, 0), all.length - 1)].mask);
      const parts = children.has(id);
      const acts = {
        ArrowDown: () => to(at + 1),
        ArrowUp: () => to(at - 1),
        Home: () => to(0),
        End: () => to(all.length - 1),
        ArrowRight: () => parts && !open.has(id) ? fold(id, true) : parts && to(at + 1),
        ArrowLeft: () => open.has(id) ? fold(id, false) : parents[id] >= 0 && focus(parents[id]),
        Enter: () => pick(id),
        ' ': () => pick(id),
      };
      if (acts[event.key]) {
        acts[event.key]();
        event.preventDefault();
      }
    }

    function click(event) {
      const at = event.target.closest('.tree-item');
      if (!at)
        return;
      enter(at.mask);
      if (event.target.closest('.fold') && children.has(at.mask))
        fold(at.mask, !open.has(at.mask));
      else
        pick(at.mask);
    }

    const over = event => {
      const at = event.target.closest('.tree-item');
      point(at ? at.mask : -1);
    };
    for (const [name, act] of Object.entries({keydown: press, click, focusin: over, pointerover: over,
      focusout: () => point(-1), pointerleave: () => point(-1)}))
      element.addEventListener(name, act);

    /* Another image is about to come: a click must not find the masks of the last one. The focus waits
     * on the tree itself. */
    function clear() {
      const focused = element.contains(document.activeElement);
      open.clear();
      current = chosen = -1;
      children = new Map();
      if (focused)
        element.focus({preventScroll: true});
      element.replaceChildren();
    }

    return {element, show, select, clear};
  }

  return {create};
})();
