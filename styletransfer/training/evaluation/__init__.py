"""How good a painter is: measures of single pairs, of whole models, and the report that compares several."""
