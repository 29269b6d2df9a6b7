/* FilterBar: search, sort and filters of the gallery. What they say is in the address. */
const FilterBar = (() => {
  const SORTS = [['', 'Order of the run'], ['name', 'Name'],
    ...List.COLUMNS.map(({key, label}) => [key, label])];

  const option = ([value, text]) => Dom.make('option', {value}, text);

  function labelled(text, field) {
    return Dom.make('label', {class: 'field'}, Dom.make('span', {class: 'unseen'}, text), field);
  }

  /* Two number fields, e.g. masks=10..200. */
  function range(column, changed) {
    const {key, label, part} = column;
    const field = (name, placeholder) => Dom.make('input', {type: 'number', step: 'any', min: '0',
      placeholder, 'aria-label': `${label}, ${name}`, oninput: store});
    const least = field('at least', 'from'), most = field('at most', 'to');
    function store() {
      const text = least.value || most.value ? `${least.value}..${most.value}` : null;
      Router.replace({[key]: text});
      changed();
    }
    return {
      element: Dom.make('fieldset', {class: 'range'},
        Dom.make('legend', {}, part ? label + ', %' : label), least, Dom.make('span', {}, '–'), most),
      update(params) {
        List.range(params, key).forEach((limit, i) => {
          const at = [least, most][i];
          if (document.activeElement !== at)
            at.value = limit ?? '';
        });
      },
    };
  }

  function sorting(changed) {
    const select = Dom.make('select', {onchange: store}, SORTS.map(option));
    const falling = Dom.button('', () => {
      falling.setAttribute('aria-pressed', falling.getAttribute('aria-pressed') !== 'true');
      store();
    }, {class: 'icon', 'aria-label': 'Largest first', title: 'Largest first'});
    function store() {
      const down = falling.getAttribute('aria-pressed') === 'true';
      Router.replace({sort: (down ? '-' : '') + select.value || null});
      changed();
    }
    return {
      elements: [labelled('Sort by', select), falling],
      update(params) {
        const text = params.get('sort') || '';
        select.value = text.replace('-', '');
        falling.setAttribute('aria-pressed', text.startsWith('-'));
        falling.textContent = text.startsWith('-') ? '↓' : '↑';
      },
    };
  }

  /* Which run is shown, if there are two. */
  function runs() {
    const {runs: list} = Data.report;
    const select = Dom.make('select', {onchange: () => Router.go('gallery', [select.value])},
      list.map((_, run) => option([run, RunNumbers.label(run)])));
    return {element: list.length > 1 ? labelled('Run', select) : null, select};
  }

  /* The fields for ranges, and the button that shows them. */
  function ranges(changed) {
    const list = List.COLUMNS.map(column => range(column, changed));
    const drawer = Dom.make('div', {class: 'ranges', id: 'ranges'}, list.map(one => one.element),
      Dom.button('Clear all', clear));
    const more = Dom.button('Filters', () => toggle(drawer.hidden), {'aria-controls': 'ranges'});
    const used = params => List.COLUMNS.filter(({key}) => params.has(key)).length;
    function toggle(open) {
      drawer.hidden = !open;
      more.setAttribute('aria-expanded', open);
    }
    function clear() {
      Router.replace(Object.fromEntries(List.KEYS.map(key => [key, null])));
      changed();
    }
    toggle(used(Router.params()) > 0);
    return {
      drawer, more,
      update(params) {
        list.forEach(one => one.update(params));
        more.textContent = used(params) ? `Filters (${used(params)})` : 'Filters';
      },
    };
  }

  /* Makes the bar; changed() is called when the address has. `extra` are more elements. */
  function create(changed, extra) {
    const search = Dom.make('input', {type: 'search', placeholder: 'Search names',
      oninput() { Router.replace({q: search.value}); changed(); }});
    const show = Dom.make('select',
      {onchange() { Router.replace({show: show.value === 'all' ? null : show.value}); changed(); }},
      List.SHOW.map(option));
    const sort = sorting(changed), run = runs(), {drawer, more, update: updateRanges} = ranges(changed);
    const status = Dom.make('p', {class: 'count', role: 'status'});
    const element = Dom.make('div', {class: 'filters', role: 'search', 'aria-label': 'Images'},
      Dom.make('div', {class: 'bar'}, run.element, labelled('Search names', search), more,
        Dom.make('div', {class: 'choices'}, labelled('Show', show), ...sort.elements), extra, status),
      drawer);
    return {
      element, status,
      focus: () => { search.focus(); search.select(); },
      update(params, number) {
        if (document.activeElement !== search)
          search.value = params.get('q') || '';
        show.value = params.get('show') || 'all';
        run.select.value = number;
        sort.update(params);
        updateRanges(params);
      },
    };
  }

  return {create};
})();
