/* Decisions: what was decided on one image: what the server has confirmed, and over it what waits to
 * be. A change that is refused falls away, and the state is what was confirmed. */
const Decisions = (() => {
  const OPEN = {state: 'open', class: null, annotation: null};

  /* The numbers of the events that count, and of the undos that can be undone, from the history. */
  function replay(history) {
    const done = [], undone = [];
    for (const [event, undoes] of history) {
      const again = undone.findIndex(one => one.undo === undoes);
      if (!undoes) {
        done.push(event);
        undone.length = 0;
      } else if (again >= 0) {
        done.push(undone.splice(again, 1)[0].event);
      } else if (done.includes(undoes)) {
        done.splice(done.indexOf(undoes), 1);
        undone.push({event: undoes, undo: event});
      }
    }
    return {done, undone};
  }

  /* answer: of GET api/image/ROW. changed(masks): a state has changed, whether confirmed or not;
   * `masks` are those for which the server has answered. */
  function create(row, answer, changed) {
    const path = `image/${row}`, pending = [];
    let masks, status, done, undone;

    function take(given) {
      masks = new Map(given.masks.map(mask => [mask.id, mask]));
      status = given.status;
      ({done, undone} = replay(given.history));
    }

    /* Of a mask, as it is shown: {state, class, annotation}. */
    function of(id) {
      return pending.reduce((state, {guess}) => guess.mask === id ? {...state, ...guess} : state,
        masks.get(id) || OPEN);
    }

    const statusNow = () => pending.reduce((text, {guess}) =>
      guess.status === undefined ? text : guess.status, status);

    function confirm(given) {
      for (const mask of given.masks)
        masks.set(mask.id, mask);
      status = given.status;
      Session.set(row, status);
    }

    /* Another page may have changed the image: what counts is what the server has. */
    async function again() {
      take(await Api.get(path));
      await changed([...masks.values()]);
    }

    /* Sends what event() gives once its turn comes; shows `guess` until it is answered: {mask, state,
     * class}, or {status}. Resolves to the answer, or to null if it is not saved, which Saves says.
     * counts(number): the event is confirmed; fails(): it is not. */
    async function send(event, guess, counts, fails = () => {}) {
      const change = {guess};
      pending.push(change);
      changed([]);
      const end = () => pending.splice(pending.indexOf(change), 1);
      try {
        const given = await Saves.post(path + '/event', event);
        end();
        confirm(given);
        counts(given.event);
        await changed(given.masks);
        return given;
      } catch (error) {
        end();
        change.failed = true;
        fails();
        changed([]);
        if (error.status === 409)
          await again().catch(() => null);
        return null;
      }
    }

    function make(event, guess = {}) {
      return send(() => event, guess, number => {
        done.push(number);
        undone = [];
      });
    }

    /* Undoes the last change, which may still wait. If that is not saved, an earlier one stays. */
    function undo() {
      const last = pending[pending.length - 1];
      let event;
      return send(() => {
        if (last && last.failed)
          throw new Error('what was to be undone is not saved either');
        event = done.pop();
        if (event === undefined)
          throw new Error('there is nothing to undo');
        return {op: 'undo', undoes: event};
      }, {}, number => undone.push({event, undo: number}), () => event && done.push(event));
    }

    function redo() {
      let last;
      return send(() => {
        last = undone.pop();
        if (last === undefined)
          throw new Error('there is nothing to redo');
        return {op: 'undo', undoes: last.undo};
      }, {}, () => done.push(last.event), () => last && undone.push(last));
    }

    take(answer);
    return {
      of, make, undo, redo, status: statusNow, masks: () => [...masks.values()],
      /* Whether there is something to undo or to redo, or may be once all is answered. */
      canUndo: () => done.length + pending.length > 0, canRedo: () => undone.length > 0,
    };
  }

  return {create};
})();
