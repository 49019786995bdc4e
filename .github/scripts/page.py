"""The page about workflows: one file, no script, for a telephone too; and the same as Markdown."""

from collections.abc import Sequence
from html import escape

from durations import Summary, duration
from escape import markdown, plain

COLUMNS = (
    "Workflow",
    "Runs",
    "Cancelled, skipped",
    "Passed",
    "Median",
    "95 of 100 within",
    "Last failure",
)
STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --bad: #b3261e; --good: #146c2e }
@media (prefers-color-scheme: dark) { :root { --bad: #f2877f; --good: #7bd092 } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem }
h1 { font-size: 1.4rem; margin: 0 0 .25rem }
p { margin: .25rem 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .4rem .6rem; text-align: right }
td { white-space: nowrap }
th:first-child { text-align: left }
tbody th { font-weight: 600; overflow-wrap: anywhere }
a { color: inherit }
.bad { color: var(--bad) } .good { color: var(--good) }
@media (max-width: 40rem) {
  thead { display: none }
  tr { background: var(--soft); border-radius: .5rem; display: block; margin-bottom: .75rem }
  tbody th, td { border: 0; display: flex; gap: 1rem; justify-content: space-between }
  td::before { content: attr(data-label) }
}
""".strip()


def ratio(summary: Summary) -> str:
    """`93 %`, never rounded up to all of them; nothing where none passed or failed."""
    return f"{100 * summary.passed // summary.judged} %" if summary.judged else "-"


def as_html(summaries: Sequence[Summary], *, repository: str, period: str, notes: str) -> str:
    """The page as a whole."""
    rows = "\n".join(_row(each) for each in summaries)
    heads = "".join(f'<th scope="col">{each}</th>' for each in COLUMNS)
    table = (
        f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
        if summaries
        else f"<p>No workflow has run {escape(period)}.</p>"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Workflows of {escape(plain(repository))}</title>
<style>
{STYLE}
</style>
</head>
<body>
<h1>Workflows of {escape(plain(repository))}</h1>
<p>Runs {escape(period)}. {escape(notes)}</p>
{table}
</body>
</html>
"""


def _row(summary: Summary) -> str:
    last = summary.last_failure
    link = "none"
    if last is not None:
        day = f"{last.started:%Y-%m-%d}"
        # GitHub gives it; an address of another kind would be no link but a trap.
        safe = last.url.startswith("https://")
        link = f'<a href="{escape(last.url)}">{day}</a>' if safe else day
    tone = "bad" if summary.failed else "good" if summary.passed else ""
    cells = [
        str(summary.judged),
        str(summary.neither),
        f'<span class="{tone}">{ratio(summary)}</span>',
        duration(summary.median_s),
        duration(summary.p95_s),
        link,
    ]
    told = "".join(
        f'<td data-label="{label}">{cell}</td>'
        for label, cell in zip(COLUMNS[1:], cells, strict=True)
    )
    return f'<tr><th scope="row">{escape(plain(summary.workflow))}</th>{told}</tr>'


def as_markdown(summaries: Sequence[Summary], *, period: str, notes: str) -> str:
    """The same for the summary of a step."""
    if not summaries:
        return f"## Workflows\n\nNo workflow has run {period}."
    rows = [
        " | ".join(
            [
                markdown(each.workflow),
                str(each.judged),
                str(each.neither),
                ratio(each),
                duration(each.median_s),
                duration(each.p95_s),
                f"{each.last_failure.started:%Y-%m-%d}" if each.last_failure else "none",
            ]
        )
        for each in summaries
    ]
    lines = [" | ".join(COLUMNS), "|".join(["---"] * len(COLUMNS)), *rows]
    table = "\n".join(f"| {line} |" for line in lines)
    return f"## Workflows\n\nRuns {period}. {notes}\n\n{table}"
