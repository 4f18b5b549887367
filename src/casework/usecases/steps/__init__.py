"""Taking a step, in stages: admit, detect a retry, stamp, look up, complete, check, judge, record."""
