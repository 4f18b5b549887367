"""A demonstration school: a year of synthetic incidents, made through the use cases as in life."""
