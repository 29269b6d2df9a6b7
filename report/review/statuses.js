/* Statuses: what the review says of each image, in the gallery. */
(() => {
  const TEXTS = {done: '✓ done', rejected: '✕ rejected'};

  Tile.note(row => TEXTS[Session.status(row)] || (Session.begun(row) ? 'begun' : ''));
  List.SHOW.push(
    ['unreviewed', 'To review', (rows, row) => rows.status[row] === Rows.DONE && !Session.status(row)],
    ['reviewed', 'Reviewed', (rows, row) => Session.status(row) === 'done'],
    ['bad', 'Rejected images', (rows, row) => Session.status(row) === 'rejected']);
  Session.watch(() => {
    List.changed();
    Gallery.renew();
  });
  Session.ready().catch(({message}) => Dom.notice(message));
})();
