"""Taking a step, in named stages: admit, answered before, stamp, look up, complete, check, judge, record."""
