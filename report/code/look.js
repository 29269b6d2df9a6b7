/* Look: how masks are drawn, in all views. In the address: look=lines, fill or none. */
const Look = (() => {
  const LOOKS = {
    both: {masks: true, fill: true, lines: true},
    lines: {masks: true, fill: false, lines: true},
    fill: {masks: true, fill: true, lines: false},
    none: {masks: false, fill: false, lines: false},
  };
  let shown = 'both';           /* comes back when masks are switched on again */

  const name = params => Object.hasOwn(LOOKS, params.get('look')) ? params.get('look') : 'both';
  const of = params => LOOKS[name(params)];
  const set = look => Router.replace({look: look === 'both' ? null : look});

  function toggleMasks() {
    const now = name(Router.params());
    if (now !== 'none')
      shown = now;
    set(now === 'none' ? shown : 'none');
  }

  function toggleLines() {
    set(name(Router.params()) === 'lines' ? 'both' : 'lines');
  }

  /* The keys, for a page that calls changed() when they have been used. */
  const keys = changed => [
    {keys: ['m'], help: 'Masks on and off', run() { toggleMasks(); changed(); }},
    {keys: ['o'], help: 'Only outlines', run() { toggleLines(); changed(); }},
  ];

  /* Two buttons for the same. update() shows the state. */
  function buttons(changed) {
    const make = (text, key, act) => Dom.button(text, () => { act(); changed(); },
      {title: `${text} (${key})`, 'aria-keyshortcuts': key});
    const masks = make('Masks', 'm', toggleMasks), lines = make('Outlines', 'o', toggleLines);
    function update() {
      const look = of(Router.params());
      masks.setAttribute('aria-pressed', look.masks);
      lines.setAttribute('aria-pressed', look.masks && !look.fill);
    }
    return {elements: [masks, lines], update};
  }

  return {of, keys, buttons};
})();
