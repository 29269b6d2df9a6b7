/* ImageBar: the bar over an image: where it is in the list, zoom, and how masks are drawn. */
const ImageBar = (() => {
  function icon(text, label, key, act) {
    const zoom = label.startsWith('Zoom');              /* fingers do this better */
    return Dom.button(text, act, {class: zoom ? 'icon zoom' : 'icon', 'aria-label': label,
      title: `${label} (${key})`, 'aria-keyshortcuts': key});
  }

  function about(rows, row) {
    const known = [rows.width[row] > 0 && `${rows.width[row]} × ${rows.height[row]}`,
      rows.covered[row] >= 0 && Text.percent(rows.covered[row], 0) + ' covered',
      rows.seconds[row] >= 0 && Text.seconds(rows.seconds[row])];
    return known.filter(text => text).join(' · ');
  }

  /* step(by): another image; changed(): masks are to be drawn otherwise; only(): toggles. */
  function create({step, changed, only, stage}) {
    const name = Dom.make('h2', {class: 'image-name'});
    const facts = Dom.make('span', {class: 'image-facts faint'});
    const place = Dom.make('span', {class: 'faint', role: 'status'});
    const looks = Look.buttons(changed);
    const one = Dom.button('Only this', only, {title: 'Only this mask (i)', 'aria-keyshortcuts': 'i'});
    const element = Dom.make('div', {class: 'bar image-bar'}, name, facts,
      Dom.make('div', {class: 'group'}, icon('‹', 'Previous image', 'p', () => step(-1)), place,
        icon('›', 'Next image', 'n', () => step(1))),
      Dom.make('div', {class: 'group'}, ...looks.elements, one),
      Dom.make('div', {class: 'group'},
        icon('−', 'Zoom out', '-', stage.out), icon('+', 'Zoom in', '+', stage.in),
        Dom.button('Fit', stage.reset, {title: 'Fit the window (0)', 'aria-keyshortcuts': '0'})));
    return {
      element,
      show({rows, row}, at, of) {
        name.textContent = name.title = rows.name[row];
        facts.textContent = about(rows, row);
        place.textContent = at < 0 ? 'not in the list' : `${Text.count(at + 1)} of ${Text.count(of)}`;
        looks.update();
      },
      update(state) {
        looks.update();
        one.setAttribute('aria-pressed', state.only);
      },
    };
  }

  return {create};
})();
