// The store without this script is complete; with it, looks change at once and the cart answers in place.

import { showExperiments } from "../styletransfer/experiments.js";
import { setUpCart } from "./cart.js";
import { setUpComparisons } from "./compare.js";
import { allowsMeasuring } from "./consent.js";
import { setUpForYou } from "./for-you.js";
import { setUpSwitcher } from "./switcher.js";
import { setUpOwnStyle } from "./own-style.js";

setUpCart();
setUpComparisons(document);
setUpSwitcher();
setUpOwnStyle().then(setUpForYou);
if (allowsMeasuring() && !new URL(location.href).searchParams.has("style")) {
  showExperiments(document.body.dataset.experiments).catch(() => undefined);
}
