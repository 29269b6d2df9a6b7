/* Keys: one listener for the whole page. A page brings its own keys: {keys, help, run}, with keys as
 * in KeyboardEvent.key. Keys never act while somebody types, or together with Ctrl, Alt or Meta. */
const Keys = (() => {
  const everywhere = [
    {keys: ['?'], help: 'Keys and help', run: () => Help.open()},
  ];

  const typing = target =>
    target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);

  const of = page => [...(page && page.keys || []), ...everywhere];

  function press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented)
      return;
    if (typing(event.target) && event.key !== 'Escape' || Help.isOpen())
      return;
    const found = of(Router.current()).find(entry => entry.keys.includes(event.key));
    if (found && found.run(event) !== false)
      event.preventDefault();
  }

  const start = () => addEventListener('keydown', press);

  return {of, start};
})();
