// Follows a report until it is finished, then shows it. Without this script a reload does the same.

const WAIT = 1500;

async function follow(root) {
  while (true) {
    await new Promise((resolve) => setTimeout(resolve, WAIT));
    if (document.hidden) continue;
    const response = await fetch(root.dataset.progressUrl, { headers: { Accept: "application/json" } }).catch(() => null);
    if (response && (response.status === 403 || response.status === 404 || response.redirected)) return;
    if (!response?.ok) continue;
    const live = await response.json();
    if (!live.is_open) return location.reload();
    root.querySelector(".st-report-text").textContent = live.text;
    root.querySelector(".st-report-bar").value = live.share;
    const hint = root.querySelector(".st-report-hint");
    hint.textContent = live.hint;
    hint.hidden = !live.hint;
  }
}

const root = document.querySelector(".st-report[data-open=\"1\"]");
if (root) follow(root);
