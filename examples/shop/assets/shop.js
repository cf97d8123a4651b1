// Keeps a page up to date: when the server says that something changed, the page is fetched anew and its live parts are put in place.
'use strict';

const events = document.body.dataset.events;
let busy = false;
let again = false;

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  do {
    again = false;
    try {
      const reply = await fetch(location.href, { credentials: 'same-origin', cache: 'no-store' });
      if (reply.ok) replace(new DOMParser().parseFromString(await reply.text(), 'text/html'));
    } catch {
      // The next event comes, or the connection is made anew.
    }
  } while (again);
  busy = false;
}

function replace(fresh) {
  for (const old of document.querySelectorAll('[data-live]')) {
    const made = fresh.getElementById(old.id);
    if (!made || made.innerHTML === old.innerHTML) continue;
    // Nobody's typing is taken away.
    const focus = document.activeElement;
    if (old.contains(focus) && focus.matches('input, select')) continue;
    for (const details of made.querySelectorAll('details[id]')) {
      const was = document.getElementById(details.id);
      if (was) details.open = was.open;
    }
    for (const input of made.querySelectorAll('input[id]')) {
      const was = document.getElementById(input.id);
      if (was && (was.type === 'radio' || was.type === 'checkbox')) input.checked = was.checked;
    }
    old.replaceWith(document.adoptNode(made));
  }
}

if (events) {
  const source = new EventSource(events);
  source.addEventListener('changed', refresh);
}
