/* Tools: the review in the view of an image: decisions on its masks, and masks that are made. */
const Tools = (() => {
  const AHEAD = 4;                      /* images that the server is to prepare before they are opened */
  let view = null, toolbar = null, prompt = null;
  let readOnly = true, photos = false;  /* of the session */
  let naming = null;                    /* id of the mask whose class is being written */

  /* What was decided on the open image; null: it is not there yet, or cannot be reviewed. */
  const review = () => view && view.now() && view.now().keep ? view.now().review : null;

  /* The mask that a key acts on: the pinned one, else the one that is pointed at. */
  function chosen() {
    const place = review() ? view.pins.chosen() : -1;
    return place >= 0 ? {place, id: States.idOf(view.now(), place)} : null;
  }

  function update() {
    const at = view && view.now(), decisions = review();
    if (!decisions)
      return;
    const mask = chosen();
    at.tally = at.tally || States.tally(at);
    toolbar.show({readOnly, photos, mode: prompt.mode(), refining: prompt.base() !== null,
      mask: mask && {name: Masks.name(at.image, mask.place), ...decisions.of(mask.id)},
      undo: prompt.making() || decisions.canUndo(), redo: decisions.canRedo(), counts: at.tally,
      hidden: States.hidesRejected(), status: decisions.status(),
      progress: `${Text.count(Session.done())} of ${Text.counted(at.rows.count, 'image')} done`});
  }

  /* What was decided on an image has changed; `masks` are those for which the server has answered. */
  async function changed(at, masks) {
    at.tally = null;
    if (at !== view.now() || !at.keep)
      return;
    for (const mask of masks) {
      const change = Annotations.change(at, mask);
      if (change)
        await view.put(at, change.place, change.mask);
      if (at !== view.now())
        return;
    }
    at.tally = null;
    await view.refresh();
    update();
  }

  /* The rows after this one in the gallery's list. */
  function following(at) {
    const order = List.of(at.run, Router.params()), place = order.indexOf(at.row);
    return [...order.slice(place + 1, place + 1 + AHEAD)];
  }

  async function load(at) {
    toolbar.refuse('');
    if (at.rows.status[at.row] !== Rows.DONE) {
      toolbar.none();
      return;
    }
    toolbar.wait();
    try {
      const [session, answer] = await Promise.all([Session.ready(), Api.get(`image/${at.row}`)]);
      readOnly = session.read_only;
      photos = session.photos && !at.rows.missing.has(at.row);
      Annotations.open(at);
      at.review = Decisions.create(at.row, answer, masks => changed(at, masks));
      for (const mask of answer.masks) {
        const change = Annotations.change(at, mask);
        if (change)
          Annotations.fill(at, change);
      }
      if (answer.stale)
        toolbar.refuse('The record was made anew since it was reviewed: what is shown as decided was about other masks.'
          + ' Undo it (u), or move the log of the review away.');
      if (photos && !readOnly)
        Api.post(`image/${at.row}/open`, {next: following(at)}).catch(({message}) =>
          at === view.now() && toolbar.refuse(`Not prepared: ${message}.`));
    } catch (error) {
      if (at !== view.now())
        return;
      toolbar.none();
      toolbar.refuse(error.status === 403
        ? 'This page may not review any more: open the address that maskmill review printed.'
        : `Not for review: ${error.message}.`);
    }
  }

  const DONE = {accept: 'accepted', reject: 'rejected', reopen: 'open again', remove: 'erased'};

  /* Decides on the chosen mask; deciding the same again opens it again. */
  async function decide(op, to) {
    const mask = chosen(), decisions = review();
    if (!mask || readOnly)
      return;
    const again = decisions.of(mask.id).state === to;
    if (again && States.isMade(view.now(), mask.place))
      return;                           /* there is nothing that it could be opened to */
    const what = again ? 'reopen' : op, name = Masks.name(view.now().image, mask.place);
    if (await decisions.make({op: what, mask: mask.id}, {mask: mask.id, state: again ? 'open' : to}))
      toolbar.say(`${name} ${DONE[what]}`);
  }

  async function giveClass(mask, name) {
    const decisions = review();
    if (mask === null || !decisions || readOnly)
      return;
    if (await decisions.make({op: 'class', mask, class: name}, {mask, class: name}))
      toolbar.say(name ? `Class ${name}` : 'No class');
  }

  async function markImage(to) {
    const decisions = review();
    if (!decisions || readOnly)
      return false;
    const status = decisions.status() === to ? null : to;
    const saved = await decisions.make({op: 'image', status}, {status});
    if (saved)
      toolbar.say(status ? `Image ${status}` : 'Image open again');
    return Boolean(saved);
  }

  async function finish() {
    const at = view.now(), decisions = review();
    if (decisions && (decisions.status() === 'done' || await markImage('done')) && at === view.now())
      view.step(1);
  }

  /* Saves a candidate as a mask, or in place of `base`, and pins it. */
  async function save(candidate, points, source, base) {
    const at = view.now(), annotation = Annotations.of(candidate, at.size, points, source);
    const answer = await at.review.make(base ? {op: 'replace', mask: base.id, annotation}
      : {op: 'add', annotation});
    if (!answer)
      return false;
    const [{id}] = answer.masks, place = at.places.get(id);
    toolbar.say(`Mask ${id} ${base ? 'refined' : 'added'}`);
    if (at === view.now() && view.pins.pinned() !== place)
      view.pins.pin(place);
    return true;
  }

  function undo() {
    if (prompt.making())
      prompt.undo();
    else if (review() && !readOnly && review().canUndo())
      review().undo().then(answer => answer && toolbar.say('Undone'));
  }

  function redo() {
    if (review() && !readOnly && review().canRedo())
      review().redo().then(answer => answer && toolbar.say('Done again'));
  }

  function enter(mode) {
    if (!review() || readOnly)
      return;
    if (photos)
      prompt.enter(mode);
    else
      Dom.notice('Masks can be made where there is a photograph: --images names its folder');
  }

  function refine() {
    const mask = chosen();
    if (!mask || readOnly || !photos)
      return;
    if (view.pins.pinned() !== mask.place)
      view.pins.pin(mask.place);
    prompt.enter('click', {id: mask.id, counts: view.now().image.counts[mask.place]});
  }

  /* Pins the next mask without a decision, the largest first, after the pinned one. */
  function next() {
    const at = view.now();
    if (!review())
      return;
    const order = States.places(at).filter(place => at.keep[place]).sort((a, b) =>
      at.masks[b].area - at.masks[a].area || a - b);
    const from = order.indexOf(view.pins.pinned());
    const open = [...order.slice(from + 1), ...order.slice(0, from + 1)]
      .find(place => States.of(at, place) === 'open');
    if (open === undefined)
      Dom.notice('Every mask that is shown is decided');
    else if (open !== view.pins.pinned())
      view.pins.pin(open);
  }

  function hide() {
    Router.replace({rejected: States.hidesRejected() ? null : 'hide'});
    view.refresh().then(update);
  }

  const act = {
    select: () => prompt.mode() && prompt.leave(), click: () => enter('click'), box: () => enter('box'),
    accept: () => decide('accept', 'accepted'), reject: () => decide('reject', 'rejected'),
    erase: () => decide('remove', 'removed'), refine, undo, redo, hide,
    class: {begin() { naming = chosen() && chosen().id; }, give: name => giveClass(naming, name),
      end: update},
    done: () => markImage('done'), bad: () => markImage('rejected'),
  };

  function build(made) {
    view = made;
    toolbar = Toolbar.create(act);
    prompt = Prompt.create({view, save, changed: update});
    view.bar.after(toolbar.element);
    view.bar.append(toolbar.image);
    Saves.watch(({waiting, problem}) => {
      if (waiting || problem)
        toolbar.say(waiting ? 'Saving' : '');
      toolbar.fail(problem && `Not saved: ${problem}. What is shown is what was saved before.`);
      update();
    });
    Session.watch(update);
  }

  const making = event => prompt.mode() !== null && prompt.making() &&
    !event.target.closest('button, a, input, select, [role=treeitem]');

  /* What a held key would do again and again, to the next mask or image, it does once. */
  const once = act => event => { if (!event.repeat) act(); };

  const keys = [
    {keys: ['1', '2', '3'], help: 'Choose a candidate, while a mask is made',
      when: () => prompt.mode() !== null, run: event => prompt.choose(Number(event.key) - 1)},
    {keys: ['Enter'], help: 'Keep the candidate', when: making, run: () => prompt.keep()},
    {keys: ['Escape'], help: 'Leave the candidate, then the mode', when: () => prompt.mode() !== null,
      run: () => prompt.back()},
    {keys: ['c'], help: 'Make a mask by clicks', run: act.click},
    {keys: ['b'], help: 'Make a mask by a box', run: act.box},
    {keys: ['r'], help: 'Refine the mask by clicks', run: refine},
    {keys: ['y'], help: 'Accept the mask', run: once(act.accept)},
    {keys: ['x'], help: 'Reject the mask', run: once(act.reject)},
    {keys: ['e'], help: 'Erase the mask', run: once(act.erase)},
    {keys: ['k'], help: 'Class of the mask', run() {
      if (chosen() && !readOnly)
        toolbar.focusClass();
    }},
    {keys: ['j'], help: 'Next mask without a decision', run: next},
    {keys: ['u'], help: 'Undo; a click, while a mask is made', run: undo},
    {keys: ['U'], help: 'Redo', run: redo},
    {keys: ['h'], help: 'Hide rejected masks', run: once(hide)},
    {keys: ['f'], help: 'This image is done', run: once(act.done)},
    {keys: ['F'], help: 'This image is done; to the next one', run: once(finish)},
    {keys: ['g'], help: 'Reject this image', run: once(act.bad)},
  ];

  ImageView.equip({build, load, keys, pointed: update,
    keep: States.keep, layer: States.layer, mark: States.mark, facts: States.facts,
    count: at => at.review ? States.places(at).length : at.masks.length,
    hover: pixel => prompt.hover(pixel), pick: pixel => prompt.pick(pixel),
    followed: (to, ratio) => prompt && prompt.follow(to, ratio),
    close: () => { if (prompt && prompt.mode()) prompt.leave(); }});
})();
