"""KeyArc as its users walk through it: over HTTP alone, with the real client-side cryptography.

pytest suites/journeys --env local -n 2
keyarc-verify gate --env staging --release ID --suite journeys
"""
