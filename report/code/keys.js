/* Keys: one listener for the whole page. A page brings its own keys: {keys, help, run, when}, with keys
 * as in KeyboardEvent.key. Keys never act while somebody types, or together with Ctrl, Alt or Meta, or
 * if when(event), where there is one, says no: the key may then have another meaning below. If run()
 * returns false, the browser's own meaning of the key stays. */
const Keys = (() => {
  const everywhere = [
    {keys: ['?'], help: 'Keys and help', run: () => Help.open()},
  ];

  /* Whether a field needs the key for itself: a slider, and the text of the command line, take only those
   * that move something in them. */
  function typing({tagName, type, role}, key) {
    return type === 'range' || role === 'textbox' ? /^(Arrow|Page|Home|End)/.test(key)
      : /^(INPUT|SELECT|TEXTAREA)$/.test(tagName);
  }

  const of = page => [...(page && page.keys || []), ...everywhere];

  function press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || Help.isOpen())
      return;
    if (typing(event.target, event.key)) {
      if (event.key === 'Escape')
        event.target.blur();
      return;
    }
    Router.follow();
    const found = of(Router.current()).find(entry =>
      entry.keys.includes(event.key) && (!entry.when || entry.when(event)));
    if (found && found.run(event) !== false)
      event.preventDefault();
  }

  const start = () => addEventListener('keydown', press);

  return {of, start};
})();
