"""A demonstration school: a year of synthetic incidents, recorded through the use cases."""
