/* Router: which page is open. The address says it: #NAME/ARG/ARG?KEY=VALUE&KEY=VALUE.
 *
 * To add a page, write code/NAME.js, put it into `files` before code/start.js, and call
 *
 *   Router.add('name', {
 *     title: 'Name',                       in the navigation and the window's title
 *     link: () => ['0'],                   arguments of the link in the navigation; null: no link
 *     open(container, args, params) {},    shows what the address says. `container` is the page's
 *                                          own <section>, empty the first time; it stays, hidden,
 *                                          while other pages are open. Called again if the address
 *                                          changes within the page. args: strings; params:
 *                                          URLSearchParams.
 *     close() {},                          optional; another page is about to open
 *     keys: [{keys: ['n'], help: 'Next', run() {}}]    optional, see keys.js
 *   });
 *
 * Parameters of the address belong to all pages: a page keeps those it does not know.
 */
const Router = (() => {
  const pages = new Map();
  let open = null;                      /* name of the open page */

  function add(name, page) {
    pages.set(name, {...page, name, container: null});
  }

  function parse() {
    const [path, query = ''] = location.hash.slice(1).split(/\?(.*)/s);
    const [name, ...args] = path.split('/').map(part => decode(part));
    return {name: pages.has(name) ? name : pages.keys().next().value, args,
      params: new URLSearchParams(query)};
  }

  function decode(part) {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  }

  const params = () => parse().params;
  const current = () => pages.get(open);

  /* The address of a page, for href. Parameters stay as they are unless given. */
  function link(name, args = [], query = params()) {
    const text = query.toString();
    return '#' + [name, ...args].map(encodeURIComponent).join('/') + (text ? '?' + text : '');
  }

  const go = (name, args, query) => { location.hash = link(name, args, query); };

  /* Sets parameters (null removes one) without a new entry in the history. */
  function replace(changes) {
    const {name, args, params: query} = parse();
    for (const [key, value] of Object.entries(changes))
      if (value == null || value === '')
        query.delete(key);
      else
        query.set(key, value);
    const address = link(name, args, query);
    if (address !== location.hash)
      history.replaceState(null, '', address);
    navigation();
  }

  /* Links of the navigation, with the parameters as they are now. */
  function navigation() {
    const list = Dom.byId('nav');
    list.replaceChildren();
    for (const page of pages.values()) {
      const args = page.link ? page.link() : null;
      if (args)
        list.append(Dom.make('li', {}, Dom.make('a', {href: link(page.name, args),
          'aria-current': page.name === open ? 'page' : null}, page.title)));
    }
  }

  function follow() {
    const {name, args, params: query} = parse();
    const page = pages.get(name);
    if (open && open !== name) {
      current().container.hidden = true;
      if (current().close)
        current().close();
    }
    open = name;
    if (!page.container)
      Dom.byId('main').append(page.container = Dom.make('section', {class: `page page-${name}`,
        'aria-label': page.title}));
    page.container.hidden = false;
    document.title = `${page.title} · ${Data.report.title}`;
    navigation();
    page.open(page.container, args, query);
  }

  function start() {
    addEventListener('hashchange', follow);
    follow();
  }

  return {add, link, go, replace, params, current, start};
})();
