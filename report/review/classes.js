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

  /* A field for the class of a mask. begin(): somebody is about to write; give(text or null): another class
   * has been entered; end(): nobody writes any more. Between begin() and end(), show() does nothing: the
   * pointer may leave the mask. */
  function field({begin, give, end}) {
    let shown = '', writing = false;
    const input = Dom.make('input', {type: 'text', list: 'classes', placeholder: 'Class',
      'aria-label': 'Class of the mask', title: 'Class (k)', 'aria-keyshortcuts': 'k', maxlength: '200',
      autocomplete: 'off', spellcheck: 'false',
      onfocus() {
        writing = true;
        begin();
      },
      onblur() {
        writing = false;
        end();
      },
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
      /* The class of a mask, or null; enabled: whether there is a mask. */
      show(text, enabled) {
        if (writing)
          return;
        input.disabled = !enabled;
        input.value = shown = text || '';
      },
      focus() {
        input.focus();
        input.select();
      },
    };
  }

  return {list, start, field};
})();
