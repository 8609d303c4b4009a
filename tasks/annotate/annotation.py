"""One prompt's annotation."""

from dataclasses import dataclass

from tasks.llm.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Annotation:
    """One prompt's annotation: its criteria in the order of `CRITERIA`, if it is ok, and the text behind."""

    prompt_id: str
    outcome: Outcome
    criteria: tuple[bool, ...] | None
    raw: str

    @property
    def score(self) -> int | None:
        """How many criteria hold, 0 to 7; nothing where there is no valid annotation."""
        return sum(self.criteria) if self.outcome is Outcome.OK and self.criteria is not None else None
