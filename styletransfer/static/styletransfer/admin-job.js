// Keeps a job's page up to date while work is open. Without this script a reload does the same.

const FASTEST = 1000;
const SLOWEST = 5000;

function fill(list, failures) {
  list.replaceChildren(
    ...failures.map(({ photo, look, reason }) => {
      const item = document.createElement("li");
      const name = document.createElement("strong");
      const text = document.createElement("span");
      name.textContent = photo;
      text.textContent = reason;
      text.className = "st-reason";
      item.append(name, look ? ` · ${look}` : "", document.createElement("br"), text);
      return item;
    }),
  );
}

function show(root, job) {
  const find = (name) => root.querySelector(name);
  const status = find(".st-job-status");
  status.className = `st-badge st-badge--${job.kind} st-job-status`;
  status.textContent = job.status;
  find(".st-job-percent span").textContent = job.percent;
  find(".st-job-bar").innerHTML = job.bar;
  if (find(".st-job-sentence").textContent !== job.sentence) find(".st-job-sentence").textContent = job.sentence;
  find(".st-job-hint").textContent = job.hint;
  find(".st-job-hint").hidden = !job.hint;
  const retry = find(".st-job-retry");
  const cancel = find(".st-job-cancel");
  if (retry) retry.hidden = !job.can_retry;
  if (cancel) cancel.hidden = !job.is_open;
  find(".st-failures").hidden = !job.failures.length;
  fill(find(".st-failure-list"), job.failures);
}

async function follow(root) {
  let isOpen = root.dataset.open === "1";
  let wait = FASTEST;
  while (isOpen) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (document.hidden) continue;
    try {
      const response = await fetch(root.dataset.progressUrl, { headers: { Accept: "application/json" } });
      if (response.status === 403 || response.status === 404 || response.redirected) return;
      if (!response.ok) throw new Error(String(response.status));
      const job = await response.json();
      show(root, job);
      isOpen = job.is_open;
      wait = FASTEST;
    } catch {
      root.querySelector(".st-job-hint").hidden = false;
      root.querySelector(".st-job-hint").textContent = root.dataset.textLost;
      wait = Math.min(wait * 2, SLOWEST);
    }
  }
}

document.querySelectorAll(".st-job").forEach(follow);
