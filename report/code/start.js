/* Starts the page. Runs last, when every page has been added. */
(async () => {
  try {
    Data.report = await Data.read('report');
  } catch (error) {
    Dom.byId('main').append(Dom.make('p', {class: 'empty', role: 'alert'},
      `This report cannot be shown: ${error.message}. Keep index.html beside its folder data.`));
    return;
  }
  Dom.byId('title').textContent = Data.title();
  Dom.byId('help').addEventListener('click', Help.open);
  Dom.byId('skip').addEventListener('click', () => Dom.byId('main').focus());
  Keys.start();
  Router.start();
})();
