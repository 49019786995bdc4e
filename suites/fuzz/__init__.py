"""KeyArc's APIs under generated requests: Schemathesis over the services' OpenAPI documents.

    pytest suites/fuzz --env local -k secrets
    FUZZ_SHARD=2/8 FUZZ_SEED=7 FUZZ_TIME=600 FUZZ_OUTPUT=found pytest suites/fuzz --env ci

First every operation's coverage cases, all of them; then, for `FUZZ_TIME` seconds, what Hypothesis
generates, operation by operation, and walks along the documents' links. `commission.py` tells what
the variables say; every exclusion has its reason in `documents.py`.
"""
