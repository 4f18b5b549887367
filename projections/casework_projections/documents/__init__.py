"""Documents made from the values that `reading` returns."""
