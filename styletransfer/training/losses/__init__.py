"""The terms of the training objective, each a function of tensors with its formula, range and source."""
