// What this visitor allows, as the server noted it in a cookie that scripts may read: its version, a dot, and a
// letter for each purpose. The server goes by its own ledger; this only saves requests that would find nothing.

export function allowsPersonalPages() {
  if (navigator.globalPrivacyControl) return false;
  return /(?:^|; )styletransfer_consent=[^;.]*\.[^;]*p/.test(document.cookie);
}
