"""Tables computed from the event log, and how they are kept up to date."""
