"""A tree in which every linter of `.ci/tools` finds something, and what it has to say.

Each file is right but for its defect, so that one linter's complaint is not another's.
"""

from dataclasses import dataclass

SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1"
WORKFLOW = """\
name: Planted
on: push
permissions: {}
concurrency: {group: planted, cancel-in-progress: false}
jobs:
  one:
    name: One
    runs-on: ubuntu-latest
    steps:
"""


@dataclass(frozen=True)
class Defect:
    """One wrong file.

    Attributes:
        linter: Whose complaint it is, as `.ci/tools` names it.
        complaint: What its line has to contain, beside the file's name.
    """

    linter: str
    path: str
    text: str
    complaint: str


DEFECTS = [
    Defect(
        "zizmor",
        ".github/workflows/unpinned.yml",
        WORKFLOW + "      - uses: actions/setup-python@v7\n",
        "unpinned-uses",
    ),
    Defect(
        "zizmor",
        ".github/workflows/injected.yml",
        WORKFLOW + "      - run: echo ${{ github.ref }}\n",
        "template-injection",
    ),
    Defect(
        "zizmor",
        ".github/workflows/credentials.yml",
        WORKFLOW + f"      - uses: actions/checkout@{SHA} # v7.0.1\n",
        "artipacked",
    ),
    Defect(
        "zizmor",
        ".github/workflows/broad.yml",
        WORKFLOW.replace("{}", "write-all") + "      - run: make\n",
        "excessive-permissions",
    ),
    Defect(
        "zizmor",
        ".github/actions/injected/action.yml",
        "name: Planted\ndescription: Planted.\ninputs:\n  one:\n    description: One.\n"
        "runs:\n  using: composite\n  steps:\n"
        "    - shell: bash\n      run: echo ${{ inputs.one }}\n",
        "template-injection",
    ),
    Defect(
        "actionlint",
        ".github/workflows/needing.yml",
        WORKFLOW.replace("    runs-on", "    needs: [two]\n    runs-on") + "      - run: make\n",
        'needs job "two" which does not exist',
    ),
    Defect(
        "actionlint",
        ".github/workflows/outputs.yml",
        WORKFLOW + "      - if: ${{ steps.two.outputs.x == '1' }}\n        run: make\n",
        'property "two" is not defined',
    ),
    Defect(
        "workflow-schema",
        ".github/workflows/unknown.yml",
        WORKFLOW + "      - run: make\n        colour: red\n",
        "'colour': 'red'",
    ),
    Defect(
        "action-schema",
        ".github/actions/unknown/action.yml",
        "name: Planted\ndescription: Planted.\ncolour: red\nruns:\n  using: composite\n"
        "  steps:\n    - shell: bash\n      run: make\n",
        "'colour' was unexpected",
    ),
    Defect(
        "dependabot-schema",
        ".github/dependabot.yml",
        'version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: "/"\n'
        "    colour: red\n    schedule: {interval: weekly}\n",
        "'colour' was unexpected",
    ),
    Defect("zizmor", ".github/dependabot.yml", "", "dependabot-cooldown"),
    Defect(
        "compose-schema",
        "compose.yaml",
        "services:\n  one:\n    image: debian:bookworm-slim\n    colour: red\n",
        "'colour' was unexpected",
    ),
    Defect(
        "hadolint",
        "one/Dockerfile",
        'FROM debian\nUSER 10001\nCMD ["true"]\n',
        "DL3006",
    ),
    Defect(
        "hadolint",
        "two/Dockerfile.late",
        'FROM debian:bookworm-slim\nUSER root\nCMD ["true"]\n',
        "DL3002",
    ),
    Defect("yamllint", "deep/down/twice.yml", "one: 1\none: 2\n", "key-duplicates"),
    Defect("yamllint", "truth.yaml", "one: yes\n", "truthy"),
    Defect("shellcheck", "bin/without-ending", "#!/usr/bin/env bash\nrm -r $1\n", "SC2086"),
    Defect("shellcheck", "plain.sh", "# shellcheck shell=sh\n[[ -n $x ]]\n", "SC3010"),
    Defect(
        "spectral",
        "services/one/openapi.json",
        '{"openapi": "3.1.0", "info": {"title": "One", "version": "1"}, "paths": {"/one": '
        '{"get": {"description": "One.", "tags": ["one"], "responses": {"200": '
        '{"description": "One."}}}}}}\n',
        "operation-operationId",
    ),
]
