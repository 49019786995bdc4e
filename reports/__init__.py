"""Report formats; one file each, with a `render` function from a finished run to text."""
