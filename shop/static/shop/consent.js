// What this visitor allows, as the server noted it in a cookie that scripts may read: its version, a dot, and a
// letter for each purpose. The server goes by its own ledger; this only saves requests that would find nothing.

export function allowsPersonalPages() {
  return allows("p");
}

export function allowsMeasuring() {
  return allows("m");
}

function allows(letter) {
  if (navigator.globalPrivacyControl) return false;
  return new RegExp(`(?:^|; )styletransfer_consent=[^;.]*\\.[^;]*${letter}`).test(document.cookie);
}
