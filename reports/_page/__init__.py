"""The parts of the page that `reports/html.py` puts together, a file each."""
