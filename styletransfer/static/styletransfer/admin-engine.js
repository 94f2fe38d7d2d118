// Shows the fields of the chosen engine alone. Without this script all of them are shown.

const engine = document.querySelector("select[name=engine]");

function show() {
  const isUnify = engine.value === "unify";
  for (const [part, hidden] of [[".st-unify", !isUnify], [".st-look", isUnify], [".st-parts", isUnify], [".field-engine_settings", isUnify]]) {
    for (const element of document.querySelectorAll(part)) element.hidden = hidden;
  }
  const background = document.querySelector("[name=unify_background]")?.value;
  const rows = {
    ".field-unify_colour": background === "colour" || background === "gradient",
    ".field-unify_colour_to": background === "gradient",
    ".field-unify_shadow": background !== "keep",
    ".field-unify_shadow_strength": background !== "keep",
  };
  for (const [row, shown] of Object.entries(rows)) {
    const element = document.querySelector(row);
    if (element) element.hidden = !shown;
  }
}

if (engine) {
  document.addEventListener("change", show);
  show();
}
