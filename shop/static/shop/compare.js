// Before and after: a native range input over two stacked pictures, so keys, touch and mouse all work.

export function setUpComparisons(root) {
  for (const section of root.querySelectorAll("[data-compare]")) {
    const stage = section.querySelector(".compare-stage");
    const range = section.querySelector(".compare-range");
    const show = () => {
      stage.style.setProperty("--shown", `${range.value}%`);
      range.setAttribute("aria-valuetext", range.dataset.valueText.replace("%s", range.value));
    };
    range.addEventListener("input", show);
    section.classList.add("is-sliding");
    range.hidden = false;
    section.querySelector(".compare-handle").hidden = false;
    show();
  }
}
