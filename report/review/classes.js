/* Classes: the names that a mask can have, as a list to choose from, last used first. */
const Classes = (() => {
  const list = Dom.make('datalist', {id: 'classes'});
  let names = [];

  function show() {
    list.replaceChildren(...names.map(value => Dom.make('option', {value})));
  }

  function start(known) {
    names = [...known];
    show();
  }

  function use(name) {
    names = [name, ...names.filter(other => other !== name)];
    show();
  }

  /* A field for the class of a mask; give(text or null) is called when another one has been entered. */
  function field(give) {
    let shown = '';
    const input = Dom.make('input', {type: 'text', list: 'classes', placeholder: 'Class',
      'aria-label': 'Class of the mask', title: 'Class (k)', 'aria-keyshortcuts': 'k', maxlength: '200',
      autocomplete: 'off', spellcheck: 'false',
      onkeydown(event) {
        if (event.key === 'Escape')
          input.value = shown;
        else if (event.key === 'Enter')
          input.blur();
      },
      onchange() {
        const text = input.value.trim();
        if (text === shown)
          return;
        if (text)
          use(text);
        give(text || null);
      }});
    return {
      input,
      /* What the mask has; does not disturb who writes. */
      show(text, enabled) {
        input.disabled = !enabled;
        shown = text || '';
        if (document.activeElement !== input)
          input.value = shown;
      },
      focus() {
        input.focus();
        input.select();
      },
    };
  }

  return {list, start, field};
})();
