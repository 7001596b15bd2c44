// Registers the service worker, which keeps the site for a visit without a network. Everything works without it: on plain HTTP in a
// local network, in a private window and with a full disk there is none.
const workers = navigator.serviceWorker, address = new URL('../sw.js', import.meta.url); // beside the pages, so that it may serve them

function register() {
  workers.register(address).catch(() => { /* nothing is kept: the next visit needs the network */ });
}

// It downloads the whole site, so it begins when this page has what it needs: a lesson's kernel runs. A site that was kept before is
// looked at right away, because there may be a new version.
if (workers && !navigator.connection?.saveData) {
  const known = await workers.getRegistration(address).catch(() => null);
  if (known) register();
  else {
    const ready = () => ['ready', 'busy'].includes(document.body.dataset.kernel);
    const seen = new MutationObserver(() => { if (ready()) { seen.disconnect(); register(); } });
    seen.observe(document.body, { attributeFilter: ['data-kernel'] });
    if (ready()) { seen.disconnect(); register(); }
  }
}
