/* Toolbar: the buttons of a review: above the stage those for masks, in the image's bar those for it. */
const Toolbar = (() => {
  function tool(text, key, label, act) {
    return Dom.button(text, act, {title: `${label} (${key})`, 'aria-keyshortcuts': key.replace('U', 'Shift+u'),
      class: 'tool'});
  }

  const press = (button, on) => button.setAttribute('aria-pressed', on);

  /* act: what the buttons do, by name. */
  function create(act) {
    const select = tool('Select', 'Esc', 'Select masks', act.select);
    const click = tool('Click', 'c', 'Make a mask by clicks', act.click);
    const box = tool('Box', 'b', 'Make a mask by a box', act.box);
    const which = Dom.make('span', {class: 'which faint'});
    const accept = tool('✓ Accept', 'y', 'Accept the mask', act.accept);
    const reject = tool('✕ Reject', 'x', 'Reject the mask', act.reject);
    const refine = tool('Refine', 'r', 'Refine the mask by clicks', act.refine);
    const erase = tool('Erase', 'e', 'Erase the mask', act.erase);
    const name = Classes.field(act.class);
    let refused = '', failed = '';      /* why this image is not for review; why a change was not saved */
    const undo = tool('Undo', 'u', 'Undo the last change', act.undo);
    const redo = tool('Redo', 'U', 'Redo what was undone', act.redo);
    const hide = tool('Hide rejected', 'h', 'Hide rejected masks', act.hide);
    const counts = Dom.make('span', {class: 'counts faint'});
    const saved = Dom.make('span', {class: 'saved faint', role: 'status'});
    const group = (label, ...items) => Dom.make('div', {class: 'group', role: 'group', 'aria-label': label}, items);
    const edit = [group('Mode', select, click, box),
      group('Mask', which, accept, reject, refine, erase, name.input), group('Changes', undo, redo)];
    const problem = Dom.make('p', {class: 'problem', role: 'alert', hidden: true});
    const bar = Dom.make('div', {class: 'bar review-bar', role: 'group', 'aria-label': 'Review', hidden: true},
      edit, hide, counts, saved);
    const element = Dom.make('div', {class: 'review'}, bar, problem, Classes.list);
    const done = tool('✓ Done', 'f', 'This image is done', act.done);
    const bad = tool('✕ Reject image', 'g', 'Reject this image', act.bad);
    const progress = Dom.make('span', {class: 'progress faint', role: 'status'});
    const image = Dom.make('div', {class: 'group image-status', hidden: true}, done, bad, progress);

    function tell() {
      problem.textContent = [failed, refused].filter(text => text).join(' ');
      problem.hidden = !problem.textContent;
    }

    return {
      element, image, focusClass: name.focus,
      /* {readOnly, photos, mode, refining, mask: {name, state, class, made} or null, undo, redo, hidden, counts,
       * status, progress}. */
      show(now) {
        bar.hidden = image.hidden = false;
        for (const part of [...edit, done, bad])
          part.hidden = now.readOnly;
        for (const button of [select, hide, done, bad])
          button.disabled = false;
        press(select, now.mode === null);
        press(click, now.mode === 'click' && !now.refining);
        press(box, now.mode === 'box');
        press(refine, now.refining);
        const {mask} = now;
        which.textContent = mask ? mask.name : 'No mask';
        press(accept, Boolean(mask) && mask.state === 'accepted');
        press(reject, Boolean(mask) && mask.state === 'rejected');
        for (const button of [accept, reject, erase])
          button.disabled = !mask;
        click.disabled = box.disabled = !now.photos;
        refine.disabled = !mask || !now.photos;
        name.show(mask && mask.class, Boolean(mask));
        undo.disabled = !now.undo;
        redo.disabled = !now.redo;
        press(hide, now.hidden);
        counts.textContent = now.counts;
        press(done, now.status === 'done');
        press(bad, now.status === 'rejected');
        progress.textContent = now.progress;
      },
      /* Another image comes: its tools cannot be used yet, but have their place. */
      wait() {
        bar.hidden = image.hidden = false;
        for (const button of [...bar.querySelectorAll('button'), done, bad])
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
