// The store without this script is complete; with it, looks change at once and the cart answers in place.

import { setUpCart } from "./cart.js";
import { setUpComparisons } from "./compare.js";
import { setUpSwitcher } from "./switcher.js";

setUpCart();
setUpComparisons(document);
setUpSwitcher();
