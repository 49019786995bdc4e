"""What `keyarc-verify demo` shows, and with which defect."""

from pydantic import Field

from harness.environment.section import Section, Why


class Demo(Section):
    """A defect that is put into a release, to see the gate find it: one text in one file of the
    release, exchanged for another."""

    about: Why = Field(description="What is wrong with the bad release, for whoever watches.")
    file: str = Field(description="A file of the release, relative to where it is started from.")
    find: str = Field(min_length=1, description="Stands in it exactly once.")
    replace: str
