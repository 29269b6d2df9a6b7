/* Toolbar: the buttons of a review: above the stage those for masks, in the image's bar those for it. */
const Toolbar = (() => {
  function tool(text, key, label, act) {
    const shortcut = key === 'U' ? 'Shift+u' : key;
    return Dom.button(text, act, {title: `${label} (${key})`, 'aria-keyshortcuts': shortcut});
  }

  const group = (label, ...items) =>
    Dom.make('div', {class: 'group', role: 'group', 'aria-label': label}, items);

  const press = (button, on) => button.setAttribute('aria-pressed', on);

  /* The buttons by name, and the field for classes. act: what they do. */
  const tools = act => ({
    select: tool('Select', 'Esc', 'Select masks', act.select),
    click: tool('Click', 'c', 'Make a mask by clicks', act.click),
    box: tool('Box', 'b', 'Make a mask by a box', act.box),
    accept: tool('✓ Accept', 'y', 'Accept the mask', act.accept),
    reject: tool('✕ Reject', 'x', 'Reject the mask', act.reject),
    refine: tool('Refine', 'r', 'Refine the mask by clicks', act.refine),
    erase: tool('Erase', 'e', 'Erase the mask', act.erase),
    undo: tool('Undo', 'u', 'Undo the last change', act.undo),
    redo: tool('Redo', 'U', 'Redo what was undone', act.redo),
    hide: tool('Hide rejected', 'h', 'Hide rejected masks', act.hide),
    done: tool('✓ Done', 'f', 'This image is done', act.done),
    bad: tool('✕ Reject image', 'g', 'Reject this image', act.bad),
  });

  /* How the buttons are for what can be done now. */
  function showTools(tools, {photos, mode, refining, mask, undo, redo, hidden, status}) {
    const pressed = {select: mode === null, click: mode === 'click' && !refining, box: mode === 'box',
      refine: refining, accept: mask && mask.state === 'accepted', reject: mask && mask.state === 'rejected',
      hide: hidden, done: status === 'done', bad: status === 'rejected'};
    const disabled = {click: !photos, box: !photos, refine: !mask || !photos, accept: !mask, reject: !mask,
      erase: !mask, undo: !undo, redo: !redo};
    for (const [name, on] of Object.entries(pressed))
      press(tools[name], Boolean(on));
    for (const [name, button] of Object.entries(tools))
      button.disabled = Boolean(disabled[name]);
  }

  function create(act) {
    const all = tools(act), name = Classes.field(act.class);
    const which = Dom.make('span', {class: 'which faint'}), counts = Dom.make('span', {class: 'counts faint'});
    const saved = Dom.make('span', {class: 'saved faint', role: 'status'});
    const progress = Dom.make('span', {class: 'progress faint', role: 'status'});
    const problem = Dom.make('p', {class: 'problem', role: 'alert', hidden: true});
    const edit = [group('Mode', all.select, all.click, all.box),
      group('Mask', which, all.accept, all.reject, all.refine, all.erase, name.input),
      group('Changes', all.undo, all.redo)];
    const bar = Dom.make('div', {class: 'bar review-bar', role: 'group', 'aria-label': 'Review',
      hidden: true}, edit, all.hide, counts, saved);
    const image = Dom.make('div', {class: 'group image-status', hidden: true}, all.done, all.bad, progress);
    let refused = '', failed = '';      /* why this image is not for review; why a change was not saved */

    function tell() {
      problem.textContent = [failed, refused].filter(text => text).join(' ');
      problem.hidden = !problem.textContent;
    }

    return {
      element: Dom.make('div', {class: 'review'}, bar, problem, Classes.list), image, focusClass: name.focus,
      /* {readOnly, photos, mode, refining, mask: {name, state, class} or null, undo, redo, hidden,
       * counts, status, progress}. */
      show(now) {
        bar.hidden = image.hidden = false;
        for (const part of [...edit, all.done, all.bad])
          part.hidden = now.readOnly;
        showTools(all, now);
        which.textContent = now.mask ? now.mask.name : 'No mask';
        name.show(now.mask && now.mask.class, Boolean(now.mask));
        counts.textContent = now.counts;
        progress.textContent = now.progress;
      },
      /* Another image comes: its tools cannot be used yet, but have their place. */
      wait() {
        bar.hidden = image.hidden = false;
        for (const button of Object.values(all))
          button.disabled = true;
        name.show(null, false);
        which.textContent = counts.textContent = '';
      },
      none() {
        bar.hidden = image.hidden = true;
      },
      say(text) {
        saved.textContent = text;
      },
      /* '' takes it away, each its own. */
      fail(text) {
        failed = text;
        tell();
      },
      refuse(text) {
        refused = text;
        tell();
      },
    };
  }

  return {create};
})();
