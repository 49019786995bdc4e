"""KeyArc's contract as a client: its calls, its cryptography, its test identities."""
