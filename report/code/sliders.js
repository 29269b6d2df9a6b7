/* Sliders: the thresholds, each with a histogram of the image's masks behind it and a number. */
const Sliders = (() => {
  const STEPS = 1000, BINS = 50;
  let areas = 1;                        /* pixels of the image: the end of the scale of areas */

  /* Areas span six decades: their scale is logarithmic. From a value to 0..STEPS and back. */
  const place = (key, value) => STEPS *
    (Thresholds.isArea(key) ? Math.log1p(Math.min(value, areas)) / Math.log1p(areas) : value);
  const worth = (key, at) => Thresholds.isArea(key)
    ? Math.round(Math.expm1(at / STEPS * Math.log1p(areas))) : at / STEPS;

  /* Where a slider stands. At its right end, area at most has no limit, which is 0. */
  const position = (key, value) => key === 'max' && value === 0 ? STEPS : place(key, value);
  const reading = (key, at) => key === 'max' && at >= STEPS ? 0 : worth(key, at);

  function count(key, values, counted) {
    const bins = new Array(BINS).fill(0);
    values.forEach((value, id) => {
      if (value != null && counted(id))
        bins[Math.min(BINS - 1, Math.max(0, Math.floor(place(key, value) / STEPS * BINS)))]++;
    });
    return bins;
  }

  /* Bars as the outline of a path, 1 high; roots, so that rare values are seen. */
  const bars = (bins, most) => bins.map((n, i) => n === 0 ? ''
    : `M${i} 1V${(1 - Math.sqrt(n / most)).toFixed(3)}H${i + 0.85}V1Z`).join('');

  function slider({key, label}, changed) {
    const all = Dom.svg('path', {class: 'bars'}), kept = Dom.svg('path', {class: 'bars kept'});
    const area = Thresholds.isArea(key);
    const id = 'slider-' + key;
    const input = Dom.make('input', {type: 'range', id, min: '0', max: String(STEPS), step: '1',
      oninput: () => changed(key, reading(key, Number(input.value)))});
    const number = Dom.make('input', {type: 'number', min: '0', max: area ? null : '1',
      step: area ? '1' : '0.001', 'aria-label': label + ', exactly',
      placeholder: key === 'max' ? 'no limit' : null,
      onchange: () => changed(key, Thresholds.valid(key, parseFloat(number.value)))});
    let values = [], most = 1;
    return {
      key,
      element: Dom.make('div', {class: 'slider'},
        Dom.make('label', {for: id}, label), number,
        Dom.make('div', {class: 'slider-track'},
          Dom.svg('svg', {viewBox: `0 0 ${BINS} 1`, preserveAspectRatio: 'none',
            'aria-hidden': 'true'}, all, kept), input)),
      fill(list) {
        values = list || [];
        const bins = count(key, values, () => true);
        most = Math.max(1, ...bins);
        all.setAttribute('d', bars(bins, most));
        input.disabled = number.disabled = !list;
      },
      keep: stays => kept.setAttribute('d', bars(count(key, values, id => stays[id]), most)),
      show(value) {
        const shown = area ? Text.counted(value, 'pixel') : String(value);
        input.value = position(key, value);
        input.setAttribute('aria-valuetext', key === 'max' && value === 0 ? 'no limit' : shown);
        if (document.activeElement !== number || Number(number.value) !== value)
          number.value = key === 'max' && value === 0 ? '' : String(value);
      },
    };
  }

  /* changed(key, value): a slider has been moved. */
  function create(changed) {
    const sliders = Thresholds.ALL.map(one => slider(one, changed));
    const element = Dom.make('div', {class: 'sliders'}, sliders.map(one => one.element));
    return {
      element,
      /* The values behind each slider, by key; null: not recorded. `pixels` of the image. */
      fill(values, pixels) {
        areas = pixels;
        for (const one of sliders)
          one.fill(values[one.key]);
      },
      keep: stays => sliders.forEach(one => one.keep(stays)),
      show: thresholds => sliders.forEach(one => one.show(thresholds[one.key])),
    };
  }

  return {create};
})();
