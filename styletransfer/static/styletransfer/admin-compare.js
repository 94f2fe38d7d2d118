// Before/after: lays the two pictures over one another and lets a range input move the edge.
// Without this script they stand side by side.

function show(range) {
  range.closest(".st-compare").style.setProperty("--st-split", `${range.value}%`);
}

document.documentElement.classList.add("st-live");
document.addEventListener("input", (event) => {
  if (event.target.matches?.(".st-compare-range")) show(event.target);
});
document.querySelectorAll(".st-compare-range").forEach(show);
