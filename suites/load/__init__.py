"""KeyArc under load, with Locust as it is.

keyarc-verify up --env local
LOAD_ENV=local locust -f suites/load/locustfile.py --headless -u 20 -r 10 -t 20s
"""
