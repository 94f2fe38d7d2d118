// Keeps the percentage beside each slider true while it moves.

const format = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "percent" });

function show(slider) {
  const output = slider.parentElement.querySelector("output");
  if (output) output.value = format.format(slider.valueAsNumber);
  slider.setAttribute("aria-valuetext", format.format(slider.valueAsNumber));
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.(".st-slider")) show(event.target);
});
document.querySelectorAll(".st-slider").forEach(show);
