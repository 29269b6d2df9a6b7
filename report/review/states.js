/* States: what was decided on the masks of an open image, as the view shows it. `at` is the open image, of
 * which `review` are the Decisions; without them it is shown as in a report. */
const States = (() => {
  const SIGNS = {accepted: '✓', added: '+', rejected: '✕'};
  const MADE_BY = {point: 'clicks', box: 'a box', mask: 'refining'};

  const idOf = (at, place) => at.image.id[place];
  const decided = (at, place) => at.review.of(idOf(at, place));
  const isMade = (at, place) => at.sources[place] !== undefined;
  const hidesRejected = () => Router.params().get('rejected') === 'hide';

  /* 'open', 'accepted', 'rejected' or 'removed'; 'added' are those accepted that the record lacks. */
  function of(at, place) {
    const {state} = decided(at, place);
    return state === 'accepted' && place >= at.record.counts.length ? 'added' : state;
  }

  /* The masks that are not removed. */
  const places = at => [...at.masks.keys()].filter(place => of(at, place) !== 'removed');

  /* Which masks are shown, of those that the thresholds keep. Those that a person made are not measured by
   * their scores. */
  function keep(at, kept) {
    if (!at.review)
      return kept;
    return Array.from(at.masks, (_, place) => {
      const state = of(at, place);
      return state === 'removed' || state === 'rejected' && hidesRejected() ? 0
        : isMade(at, place) ? 1 : kept[place] || 0;
    });
  }

  const layer = at => at.review ? {kind: 'reviewed', ratio: devicePixelRatio,
    states: Array.from(at.masks, (_, place) => of(at, place))} : {kind: 'layer'};

  function mark(at, place) {
    if (!at.review)
      return null;
    const state = of(at, place), {class: name} = decided(at, place);
    return state === 'open' && !name ? null
      : {text: [SIGNS[state], name].filter(text => text).join(' '), label: state};
  }

  function facts(at, place) {
    if (!at.review)
      return [];
    const state = of(at, place), {class: name} = decided(at, place), made = MADE_BY[at.sources[place]];
    return [['Review', [SIGNS[state], state].filter(text => text).join(' ')], name && ['Class', name],
      made && ['Made by', made]].filter(fact => fact);
  }

  /* How many masks are in which state, as text. */
  function tally(at) {
    const number = {accepted: 0, added: 0, rejected: 0, open: 0};
    for (const place of places(at))
      number[of(at, place)]++;
    return Object.entries(number).filter(([, n]) => n).map(([state, n]) => `${n} ${state}`).join(', ');
  }

  return {idOf, of, isMade, hidesRejected, places, keep, layer, mark, facts, tally};
})();
