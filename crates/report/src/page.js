'use strict';
// Maps: buttons, drag, and the wheel with Ctrl; tables: sorted by their headings. The page is complete without.
for (const figure of document.querySelectorAll('.map')) {
  const svg = figure.querySelector('svg[viewBox]');
  if (!svg) continue;
  const home = svg.getAttribute('viewBox').split(/[ ,]+/).map(Number);
  let box = home.slice();
  const show = () => svg.setAttribute('viewBox', box.join(' '));
  const at = event => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [point.x, point.y];
  };
  const zoom = (factor, [x, y]) => {
    const width = Math.min(home[2], Math.max(home[2] / 60, box[2] * factor));
    const scale = width / box[2];
    box = [x - (x - box[0]) * scale, y - (y - box[1]) * scale, width, box[3] * scale];
    if (width === home[2]) box = home.slice();
    show();
  };
  const middle = () => [box[0] + box[2] / 2, box[1] + box[3] / 2];
  const bar = document.createElement('div');
  bar.className = 'zoom';
  for (const [sign, label, act] of [['+', 'Zoom in', () => zoom(0.6, middle())], ['−', 'Zoom out', () => zoom(1 / 0.6, middle())], ['⤢', 'Whole map', () => zoom(1e9, middle())]]) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = sign;
    button.title = label;
    button.setAttribute('aria-label', label);
    button.onclick = act;
    bar.append(button);
  }
  figure.append(bar);
  svg.addEventListener('wheel', event => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 0.8 : 1.25, at(event));
  }, { passive: false });
  let held = null;
  svg.addEventListener('pointerdown', event => {
    if (box[2] === home[2]) return;
    held = at(event);
    svg.setPointerCapture(event.pointerId);
    svg.classList.add('moving');
  });
  svg.addEventListener('pointermove', event => {
    if (!held) return;
    const [x, y] = at(event);
    box[0] += held[0] - x;
    box[1] += held[1] - y;
    show();
  });
  for (const end of ['pointerup', 'pointercancel']) svg.addEventListener(end, () => { held = null; svg.classList.remove('moving'); });
}
for (const table of document.querySelectorAll('table.sorted')) {
  const body = table.tBodies[0];
  table.querySelectorAll('thead th').forEach((heading, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...heading.childNodes);
    heading.append(button);
    button.onclick = () => {
      const down = heading.getAttribute('aria-sort') === 'ascending';
      for (const other of heading.parentNode.children) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const key = row => row.cells[column].dataset.sort ?? row.cells[column].textContent;
      const numeric = [...body.rows].some(row => row.cells[column].dataset.sort !== undefined);
      const order = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (!numeric) return x.localeCompare(y, undefined, { numeric: true });
        const [p, q] = [parseFloat(x), parseFloat(y)];
        // Rows without a value stay last, whichever way.
        if (Number.isNaN(p) || Number.isNaN(q)) return (Number.isNaN(p) - Number.isNaN(q)) * (down ? -1 : 1);
        return p - q;
      };
      const rows = [...body.rows].sort(order);
      body.append(...(down ? rows.reverse() : rows));
    };
  });
}
