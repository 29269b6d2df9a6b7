/* ChartFrame: what every chart has: title, drawing, the value under the pointer, a table, a CSV file.
 *
 * ChartFrame.make({
 *   title,
 *   lead,             the sentence below the title, or one for each series: [{run, name, text}]; from two
 *                     on they are also the legend
 *   notes,            lines in small print, such as the source of a figure
 *   file,             name of the CSV file, without its ending
 *   columns, rows,    the data: headings, and rows of numbers and texts
 *   height(width),    CSS pixels
 *   draw(svg, width, height),
 *   content           an element in place of a drawing, which shows all the data
 * }) -> figure
 *
 * draw() fills an empty SVG element, again at each new width, so that type keeps its size. It returns
 * hit(x, y), which says what is under the pointer: {x, y, lines, show(), hide()}, or null.
 */
const ChartFrame = (() => {
  const TABLE_ROWS = 200;         /* a longer table is in the CSV file alone */
  const GAP = 14;                 /* pixels between the pointer and what is said about it */
  let figures = 0;

  function csvCell(value) {
    const text = value == null ? '' : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }

  /* RFC 4180. Numbers are not rounded. */
  const csv = (columns, rows) =>
    [columns, ...rows].map(row => row.map(csvCell).join(',') + '\r\n').join('');

  /* A link that is clicked downloads a Blob, also from file://. Firefox wants it in the document. */
  function download(name, text) {
    const address = URL.createObjectURL(new Blob([text], {type: 'text/csv;charset=utf-8'}));
    const link = Dom.make('a', {href: address, download: name, hidden: true});
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  }

  /* Whole numbers whole, others with four digits. */
  const number = value => Number.isInteger(value) ? Text.count(value)
    : value.toLocaleString('en-US', {maximumSignificantDigits: 4});

  function cell(value) {
    if (typeof value === 'number')
      return Dom.make('td', {class: 'number'}, number(value));
    return Dom.make('td', {}, value ?? '');
  }

  function table({title, columns, rows}) {
    const line = row => Dom.make('tr', {}, row.map(cell));
    const head = Dom.make('tr', {}, columns.map(name => Dom.make('th', {scope: 'col'}, name)));
    const more = rows.length - TABLE_ROWS;
    return Dom.make('div', {class: 'chart-table', tabindex: 0, role: 'region',
      'aria-label': `${title}: table`},
      Dom.make('table', {}, Dom.make('thead', {}, head),
        Dom.make('tbody', {}, rows.slice(0, TABLE_ROWS).map(line))),
      more > 0 ? Dom.make('p', {class: 'chart-note'},
        `${Text.counted(more, 'more row')} in the CSV file.`) : null);
  }

  /* The table is made when it is opened: most never are. */
  function foot(chart) {
    const details = Dom.make('details', {}, Dom.make('summary', {}, 'Table'));
    details.addEventListener('toggle', () => {
      if (details.open && !details.querySelector('table'))
        details.append(table(chart));
    });
    const told = chart.content ? Dom.make('span') : details;
    const save = () => download(`${chart.file}.csv`, csv(chart.columns, chart.rows));
    return Dom.make('div', {class: 'chart-foot'}, told,
      Dom.button('CSV', save, {class: 'quiet', 'data-file': chart.file,
        'aria-label': `Save as CSV: ${chart.title}`}));
  }

  const swatch = run => Dom.make('span', {class: `chart-swatch series-${run}`,
    'aria-hidden': 'true'});

  const sentence = text => text[0].toUpperCase() + text.slice(1) + '.';

  function lead({lead: said}) {
    if (typeof said === 'string')
      return Dom.make('p', {class: 'chart-lead'}, said);
    if (said.length === 1)
      return Dom.make('p', {class: 'chart-lead'}, sentence(said[0].text));
    return Dom.make('ul', {class: 'chart-lead'}, said.map(({run, name, text}) =>
      Dom.make('li', {}, swatch(run), Dom.make('span', {class: 'chart-name'}, name), ' ', text)));
  }

  const leadText = ({lead: said}) => typeof said === 'string' ? said
    : said.map(({name, text}) => `${name}: ${text}.`).join(' ');

  function placeTip(tip, plot, found) {
    tip.replaceChildren(...found.lines.map((line, i) => Dom.make(i ? 'span' : 'strong', {}, line)));
    tip.hidden = false;
    const room = plot.clientWidth - tip.offsetWidth;
    const left = found.x + GAP > room ? found.x - tip.offsetWidth - GAP : found.x + GAP;
    tip.style.left = `${Math.max(0, Math.min(left, room))}px`;
    tip.style.top = `${Math.max(0, found.y - tip.offsetHeight - GAP / 2)}px`;
  }

  /* Shows what is under the pointer until it leaves. */
  function followPointer(plot, tip, hit) {
    let shown = null;
    const leave = () => {
      shown?.hide();
      shown = null;
      tip.hidden = true;
    };
    const follow = event => {
      const box = plot.getBoundingClientRect();
      const found = hit(event.clientX - box.left, event.clientY - box.top);
      leave();
      if (!found)
        return;
      shown = found;
      found.show();
      placeTip(tip, plot, found);
    };
    plot.onpointermove = plot.onpointerdown = follow;
    plot.onpointerleave = leave;
    leave();
  }

  function plot(chart) {
    const id = `chart-${++figures}`;
    const tip = Dom.make('div', {class: 'chart-tip', 'aria-hidden': 'true', hidden: true});
    const box = Dom.make('div', {class: 'chart-plot'}, tip);
    let last = 0;
    const draw = () => {
      const width = Math.floor(box.clientWidth);
      if (width === 0 || width === last)
        return;
      last = width;
      const height = Math.round(chart.height(width));
      const drawing = Dom.svg('svg', {role: 'img', width, height, viewBox: `0 0 ${width} ${height}`,
        'aria-labelledby': `${id}-title ${id}-text`},
      Dom.svg('title', {id: `${id}-title`}, chart.title), Dom.svg('desc', {id: `${id}-text`},
        leadText(chart)));
      const hit = chart.draw(drawing, width, height);
      box.replaceChildren(drawing, tip);
      followPointer(box, tip, hit);
    };
    new ResizeObserver(draw).observe(box);
    return box;
  }

  function make(chart) {
    return Dom.make('figure', {class: 'chart'},
      Dom.make('figcaption', {}, Dom.make('h3', {}, chart.title), lead(chart)),
      chart.content ?? plot(chart),
      (chart.notes ?? []).map(note => Dom.make('p', {class: 'chart-note'}, note)),
      foot(chart));
  }

  return {make, number, swatch};
})();
