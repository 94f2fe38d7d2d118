// Shows the consent banner to whoever has not decided yet, and sends the decision without leaving the page.
// Public pages are the same for everybody, so whether to ask is read from the cookie here.
(() => {
  const banner = document.querySelector("[data-st-consent]");
  if (!banner || navigator.globalPrivacyControl) return;
  const version = document.cookie.match(/\bstyletransfer_consent=([\w-]+)\./)?.[1];
  if (version === banner.dataset.stConsent) return;

  document.body.prepend(banner); // the first thing a keyboard and a screen reader reach
  banner.dataset.open = "";
  let isPlain = false;
  banner.addEventListener("submit", async (event) => {
    if (isPlain) return;
    event.preventDefault();
    const { target: form, submitter } = event;
    const body = new FormData(form);
    body.set(submitter.name, submitter.value);
    const options = { method: "POST", body, headers: { Accept: "application/json" } };
    const { ok } = await fetch(form.getAttribute("action"), options).catch(() => ({}));
    if (ok) {
      banner.remove();
      document.querySelector("main[tabindex]")?.focus({ preventScroll: true });
      dispatchEvent(new Event("styletransfer:consent"));
    } else {
      isPlain = true; // the page that follows says what went wrong
      submitter.click();
    }
  });
})();
