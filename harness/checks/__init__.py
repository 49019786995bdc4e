"""Generic checks, derived from an environment file; one file each, with a `derive` function."""
