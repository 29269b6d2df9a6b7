/* RunPage: a run, or two beside each other: figures, charts, options. */
const RunPage = (() => {
  const {make} = Dom;
  const {label} = RunNumbers;
  const {runs} = RunCharts;

  function fact(name, values) {
    const lines = values.map((value, run) => make('dd', {}, values.length > 1
      ? ChartFrame.swatch(run) : null,
      values.length > 1 ? make('span', {class: 'unseen'}, `${label(run)}: `) : null, value));
    return make('div', {class: 'fact'}, make('dt', {}, name), lines);
  }

  function facts(all) {
    const tallies = all.map(RunNumbers.tally), list = runs();
    const counts = key => tallies.map(tally => Text.count(tally[key]));
    const score = name => list.map(run => run.stats[name]?.count ? Text.number(run.stats[name].mean)
      : Text.missing);
    return make('dl', {class: 'facts'}, fact('Images done', counts('done')), fact('Failed',
      counts('failed')),
      fact('Records refused', counts('refused')), fact('Without masks', counts('empty')),
      fact('Masks', list.map(run => Text.count(run.stats.masks))),
      fact('Mean predicted IoU', score('predicted_iou')), fact('Mean stability',
        score('stability_score')));
  }

  /* All options; those in which two runs differ first. */
  function options() {
    const list = runs(), sets = list.map(run => run.options ?? {});
    const names = [...new Set(sets.flatMap(Object.keys))];
    const value = (set, name) => Object.hasOwn(set, name) && set[name] !== '' ? String(set[name])
      : Text.missing;
    const differs = name => new Set(sets.map(set => value(set, name))).size > 1;
    const sorted = [...names.filter(differs), ...names.filter(name => !differs(name))];
    const rows = sorted.map(name => [name, ...sets.map(set => value(set, name))]);
    const entries = rows.map(([name, ...values]) => make('div', {class: differs(name) ? 'differs'
      : null},
      make('dt', {}, name), differs(name) ? values.map((text, run) => make('dd', {},
        ChartFrame.swatch(run), text))
        : make('dd', {}, values[0])));
    const known = list.some(run => run.options);
    return ChartFrame.make({title: 'Options and model', file: 'options', columns: ['option',
      ...list.map(run => run.label)],
      rows, lead: known ? 'As the run recorded them' + (names.some(differs)
        ? '; those that differ first.' : '.')
        : 'Not known: there is no run.json beside the records.',
      content: make('dl', {class: 'options'}, entries)});
  }

  function section([name, figures]) {
    const shown = figures.filter(figure => figure !== null);
    return shown.length ? make('section', {class: 'charts-section'}, make('h2', {}, name),
      make('div', {class: 'charts'}, shown)) : null;
  }

  function heading() {
    const list = runs();
    return make('header', {class: 'run-head'}, list.map(run => make('p', {},
      list.length > 1 ? ChartFrame.swatch(run.number) : null,
      make('strong', {}, run.label), ' ', make('span', {class: 'faint'}, run.path))));
  }

  let drawn = false;

  async function open(container) {
    if (drawn)
      return;
    drawn = true;
    container.replaceChildren(make('p', {class: 'empty'}, 'Counting …'));
    let all;
    try {
      all = await Promise.all(runs().map(run => Rows.of(run.number).all));
    } catch (error) {
      drawn = false;
      container.replaceChildren();
      throw error;
    }
    container.replaceChildren(make('div', {class: 'run'}, heading(), facts(all),
      [...RunCharts.sections(all), ['Setup', [options()]]].map(section)));
  }

  return {open};
})();

Router.add('run', {title: 'Run', link: () => [], open: RunPage.open});
