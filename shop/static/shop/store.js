// The store without this script is complete; with it, looks change at once and the cart answers in place.

import { setUpCart } from "./cart.js";
import { setUpComparisons } from "./compare.js";
import { setUpForYou } from "./for-you.js";
import { setUpSwitcher } from "./switcher.js";
import { setUpOwnStyle } from "./own-style.js";

setUpCart();
setUpComparisons(document);
setUpSwitcher();
setUpOwnStyle().then(setUpForYou);
