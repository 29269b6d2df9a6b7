/* Help: the dialog that lists the keys of the open page. */
const Help = (() => {
  const NAMES = {' ': 'Space', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓',
    Escape: 'Esc'};
  let dialog = null;

  const key = name => Dom.make('kbd', {}, NAMES[name] || name);

  function rows() {
    return Keys.of(Router.current()).map(entry => Dom.make('div', {class: 'help-row'},
      Dom.make('dt', {}, entry.keys.map(key)), Dom.make('dd', {}, entry.help)));
  }

  function open() {
    if (dialog)
      return;
    const {program, created} = Data.report;
    dialog = Dom.make('dialog', {class: 'help', 'aria-labelledby': 'help-title'},
      Dom.make('h2', {id: 'help-title'}, 'Keys'),
      Dom.make('dl', {class: 'help-keys'}, rows()),
      Dom.make('p', {class: 'faint'}, `${program}, ${Text.date(created)}`),
      Dom.button('Close', () => dialog.close(), {class: 'primary'}));
    dialog.addEventListener('close', () => { dialog.remove(); dialog = null; });
    document.body.append(dialog);
    dialog.showModal();
  }

  return {open, isOpen: () => dialog !== null};
})();
