"""What the project says of its own speed, measured: product and floor side by side, in one run."""
