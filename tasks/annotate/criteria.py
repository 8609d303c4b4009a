"""The seven criteria a prompt is annotated with. Its score is the number of them that hold, 0 to 7."""

from enum import StrEnum


class Criterion(StrEnum):
    """A quality of a prompt that makes it worth testing models on, in the method's order."""

    SPECIFICITY = "specificity"
    DOMAIN_KNOWLEDGE = "domain_knowledge"
    COMPLEXITY = "complexity"
    PROBLEM_SOLVING = "problem_solving"
    CREATIVITY = "creativity"
    TECHNICAL_ACCURACY = "technical_accuracy"
    REAL_WORLD = "real_world"


CRITERIA: tuple[Criterion, ...] = tuple(Criterion)

DESCRIPTIONS: dict[Criterion, str] = {
    Criterion.SPECIFICITY: "It says which output is wanted, so one can see whether an answer delivers it.",
    Criterion.DOMAIN_KNOWLEDGE: "Answering takes knowledge of at least one particular field.",
    Criterion.COMPLEXITY: "Several parts, variables or steps of reasoning have to be handled together.",
    Criterion.PROBLEM_SOLVING: "There is something to work out, not only something to recall.",
    Criterion.CREATIVITY: "A good answer takes an original idea or a fresh way of going about it.",
    Criterion.TECHNICAL_ACCURACY: "An answer can be technically wrong, and would then be of no use.",
    Criterion.REAL_WORLD: "It is something that people need done outside of a test.",
}
