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
