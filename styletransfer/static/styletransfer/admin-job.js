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
  const shown = {
    retry: job.can_retry,
    cancel: job.is_open,
    undo: job.can_undo,
    restore: job.can_restore,
    review: job.can_review,
    undone: job.can_restore,
    left: job.left,
    speed: job.speed,
  };
  for (const [name, isShown] of Object.entries(shown)) {
    const element = find(`.st-job-${name}`);
    if (element) element.hidden = !isShown;
  }
  for (const name of ["left", "speed"]) find(`.st-job-${name} dd`).textContent = job[name];
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
