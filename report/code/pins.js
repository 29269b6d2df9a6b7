/* Pins: which mask is pointed at, which is pinned, and whether only this one is shown. */
const Pins = (() => {
  /* of(): the open image, {run, row, image, masks, keep, parents, size}, or null before its masks are there;
   * parents is null until the tree is there. facts(open image, mask): more that is known of a mask.
   * changed(): another mask may be pointed at or pinned. */
  function create({of, stage, tree, panel, bar, facts, changed}) {
    let pinned = -1, pointed = -1, only = false;

    /* What tools know of a mask comes first, and stands in place of what the record says. */
    function about(now, id) {
      const known = facts(now, id), terms = new Set(known.map(([term]) => term));
      const own = Masks.facts(now.image, now.masks, now.size, id, now.parents ? now.parents[id] : -1);
      return {name: Masks.name(now.image, id), colour: now.masks[id].colour, pinned: id === pinned,
        facts: [...known, ...own.filter(([term]) => !terms.has(term))],
        like: Like.offers(now.run) ? Like.href(now.run, now.row, id) : null};
    }

    /* Shows the masks that stand out, and what is known of the first. */
    function show() {
      const now = of(), first = pointed >= 0 ? pointed : pinned;
      only = only && pinned >= 0;
      if (pointed < 0)
        panel.tipAt(null);
      stage.mark([...new Set([pinned, pointed])].filter(id => id >= 0).map(id =>
        ({rings: now.masks[id].rings, colour: now.masks[id].colour, strong: id === pinned})));
      stage.dim(pinned >= 0 && !only);
      panel.describe(first < 0 ? null : about(now, first));
      bar.update({only});
      changed();
    }

    const under = pixel => pixel && of() && Look.of(Router.params()).masks
      ? Masks.under(of().masks, of().keep, of().size.height, pixel) : [];

    function hover(pixel, x, y) {
      const [first = -1] = under(pixel);
      if (first !== pointed)
        point(first);
      if (first >= 0)
        panel.tipAt(Masks.brief(of().image, of().masks, first), x, y);
    }

    /* -1: at none. */
    function point(id) {
      if (!of())
        return;
      pointed = id;
      show();
    }

    /* A click pins the smallest mask there; the next click the one around it, and so on. */
    function pick(pixel) {
      const found = under(pixel);
      pin(found.length ? found[(found.indexOf(pinned) + 1) % found.length] : -1);
    }

    /* Pins a mask, or lets go of it if it is pinned. */
    function pin(id) {
      if (!of())
        return;
      const alone = only;
      pinned = id === pinned ? -1 : id;
      show();
      tree.select(pinned);
      if (alone)
        stage.redraw();
    }

    function toggleOnly() {
      if (pinned < 0 && pointed >= 0)
        pin(pointed);
      if (pinned < 0 && !only)
        Dom.notice('Click a mask first, to see only this one');
      only = !only && pinned >= 0;
      show();
      stage.redraw();
    }

    /* Masks that are filtered away are let go. */
    function update() {
      const {keep} = of();
      pinned = keep[pinned] ? pinned : -1;
      pointed = keep[pointed] ? pointed : -1;
      show();
    }

    /* Lets go of the last thing; false if there is none. */
    function back() {
      if (only)
        toggleOnly();
      else if (pinned >= 0)
        pin(pinned);
      else
        return false;
      return true;
    }

    function clear() {
      pinned = pointed = -1;
      show();
    }

    return {hover, point, pick, pin, toggleOnly, update, back, clear, pinned: () => pinned,
      chosen: () => pinned >= 0 ? pinned : pointed,
      only: () => only, shown: keep => only ? keep.map((one, id) => id === pinned ? one : 0) : keep};
  }

  return {create};
})();
