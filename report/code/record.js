/* Record: what is known of one mask, at the foot of the panel: there it moves nothing when it comes. */
const Record = (() => {
  function create() {
    const title = Dom.make('h3'), swatch = Dom.make('span', {class: 'swatch'});
    const pairs = Dom.make('dl', {class: 'pairs'});
    const like = Dom.make('a', {class: 'like-link', 'aria-keyshortcuts': 'l'}, 'Masks like this (l)');
    const element = Dom.make('section', {'aria-label': 'Mask', class: 'record', hidden: true},
      Dom.make('div', {class: 'section-head'}, swatch, title), pairs, like);
    /* about: {name, colour, pinned, facts: [[label, text]], like: an address or null}, or null for none. */
    function show(about) {
      element.hidden = !about;
      if (!about)
        return;
      title.textContent = about.name + (about.pinned ? ', pinned' : '');
      swatch.style.background = about.colour;
      pairs.replaceChildren(...about.facts.map(([term, text]) =>
        Dom.make('div', {class: 'pair'}, Dom.make('dt', {}, term), Dom.make('dd', {}, text))));
      like.hidden = !about.like;
      like.href = about.like || '#';
    }
    return {element, show};
  }

  return {create};
})();
