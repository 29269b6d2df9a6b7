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
 *     under: 'gallery',                    optional; the page whose link is marked while this is open
 *     close() {},                          optional; another page is about to open
 *     keys: [{keys: ['n'], help: 'Next', run() {}}]    optional, see keys.js
 *   });
 *
 * Parameters of the address belong to all pages: a page keeps those it does not know.
 */
const Router = (() => {
  const pages = new Map();
  let open = null;                      /* name of the open page */
  let state = null;                     /* {name, args, params}; the address follows it */
  let shown = null;                     /* the address that is followed, as the browser has it */
  let timer = 0, written = 0;           /* written: when the address was changed last */

  function add(name, page) {
    pages.set(name, {...page, name, container: null});
  }

  function parse() {
    const [path, query = ''] = location.hash.slice(1).split(/\?(.*)/s);
    const [name, ...args] = path.split('/').map(decode);
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

  const params = () => state.params;
  const current = () => pages.get(open);

  /* The address of a page, for href. Parameters stay as they are unless given. */
  function link(name, args = [], query = params()) {
    const text = query.toString();
    return '#' + [name, ...args].map(encodeURIComponent).join('/') + (text ? '?' + text : '');
  }

  /* Opens a page. */
  function go(name, args, query = params()) {
    write();
    location.hash = link(name, args, query);
  }

  /* Opens a page in place of this one, which has nothing to show: Back does not come here again. */
  function instead(name, args) {
    location.replace(link(name, args));
  }

  /* Writes the state to the address, without a new entry in the history. */
  function write() {
    clearTimeout(timer);
    written = performance.now();
    const address = link(state.name, state.args);
    if (address !== location.hash)
      history.replaceState(null, '', address);
    shown = location.hash;
    navigation();
  }

  const PAUSE = 250;            /* milliseconds between two changes of the address */

  /* Sets parameters (null removes one). Browsers let a page change its address now and then, but not
   * with every movement of a slider. */
  function replace(changes) {
    for (const [key, value] of Object.entries(changes))
      if (value == null || value === '')
        state.params.delete(key);
      else
        state.params.set(key, value);
    clearTimeout(timer);
    const wait = written + PAUSE - performance.now();
    if (wait <= 0)
      write();
    else
      timer = setTimeout(write, wait);
  }

  /* Links of the navigation, with the parameters as they are now. */
  function navigation() {
    const list = Dom.byId('nav');
    list.replaceChildren();
    for (const page of pages.values()) {
      const args = page.link ? page.link() : null;
      if (args)
        list.append(Dom.make('li', {}, Dom.make('a', {href: link(page.name, args),
          'aria-current': page.name === open ? 'page' : page.name === current().under || null},
        page.title)));
    }
  }

  /* Shows what the address says. The browser tells of a new address with a delay; who must not act on
   * the page before, such as a key, calls this first. */
  function follow() {
    if (location.hash === shown && open !== null)
      return;
    clearTimeout(timer);
    shown = location.hash;
    state = parse();
    const {name, args} = state, page = pages.get(name);
    const moves = open !== null && open !== name;
    if (moves) {
      current().container.hidden = true;
      if (current().close)
        current().close();
    }
    open = name;
    if (!page.container)
      Dom.byId('main').append(page.container = Dom.make('section', {class: `page page-${name}`,
        'aria-label': page.title}));
    page.container.hidden = false;
    document.title = `${page.title} · ${Data.title()}`;
    navigation();
    if (moves)                  /* what had the focus is hidden; a page may take it further */
      Dom.byId('main').focus({preventScroll: true});
    show(page, args).catch(error => fail(page, error));
  }

  const show = async (page, args) => page.open(page.container, args, params());

  /* Titles the window, if the page is still open by the time that it knows its title. */
  function title(text, name) {
    if (open === name)
      document.title = text;
  }

  /* A page that cannot be shown says so, in the place of its content. */
  function fail(page, error) {
    console.error(error);
    page.problem?.remove();
    page.problem = Dom.make('p', {class: 'empty', role: 'alert'},
      `This page cannot be shown: ${error.message}.`);
    page.container.append(page.problem);
  }

  function start() {
    addEventListener('hashchange', follow);
    follow();
  }

  return {add, link, go, instead, replace, follow, params, current, title, start};
})();
