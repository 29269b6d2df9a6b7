/* Dom: makes elements. Data become text or attribute values here, and never HTML. */
const Dom = (() => {
  const SVG = 'http://www.w3.org/2000/svg';

  /* Sets what is given on an element: on... are listeners, true and false switch an attribute, null
   * leaves it out, and everything else is an attribute's value. Names come from code, not data. */
  function set(element, properties) {
    for (const [name, value] of Object.entries(properties || {})) {
      if (value == null)
        continue;
      if (name.startsWith('on'))
        element.addEventListener(name.slice(2), value);
      else if (typeof value === 'boolean')
        element.toggleAttribute(name, value);
      else
        element.setAttribute(name, value);
    }
    return element;
  }

  /* make('p', {class: 'quiet'}, 'text', child, ...): strings are text. */
  function make(tag, properties, ...children) {
    const element = set(document.createElement(tag), properties);
    element.append(...children.flat().filter(child => child != null));
    return element;
  }

  function svg(tag, properties, ...children) {
    const element = set(document.createElementNS(SVG, tag), properties);
    element.append(...children.flat().filter(child => child != null));
    return element;
  }

  const button = (text, onclick, properties) =>
    make('button', {type: 'button', onclick, ...properties}, text);

  const byId = id => document.getElementById(id);

  /* One line at the foot of the page, read aloud, gone after a while. */
  let timer = 0;
  function notice(text) {
    byId('notice').textContent = text;
    clearTimeout(timer);
    timer = setTimeout(() => { byId('notice').textContent = ''; }, 4000);
  }

  /* Calls `work` once in the next frame, however often it is asked for. */
  function eachFrame(work) {
    let asked = false;
    return () => {
      if (asked)
        return;
      asked = true;
      requestAnimationFrame(() => { asked = false; work(); });
    };
  }

  /* Runs async `work` as often as needed for the last call to be answered, once at a time. */
  function latest(work) {
    let running = false, again = false;
    return async () => {
      again = true;
      if (running)
        return;
      running = true;
      try {
        while (again) {
          again = false;
          await work();
        }
      } finally {
        running = false;
      }
    };
  }

  return {set, make, svg, button, byId, notice, eachFrame, latest};
})();
