"""What a stage may still spend."""

from tasks.errors import BudgetSpent


class Budget:
    """A sum in USD, from which each call, of a second round too, takes what it should cost before it is sent.

    So the limit is passed by no more than the expectations of the calls in flight were too low.
    """

    def __init__(self, max_usd: float, spent_usd: float) -> None:
        """A budget.

        Args:
            max_usd: the limit; 0: none.
            spent_usd: what was spent of it already.
        """
        self.max_usd = max_usd
        self.spent_usd = spent_usd
        self._reserved_usd = 0.0

    def reserve(self, usd: float) -> None:
        """Set the expected cost of a call aside.

        Raises:
            BudgetSpent: the limit would be passed.
        """
        if self.max_usd and self.spent_usd + self._reserved_usd + usd > self.max_usd:
            raise BudgetSpent(
                f"the budget of {self.max_usd:g} USD is spent: {self.spent_usd:.4f} USD since the last run "
                "that ended well. All answers are kept: the same command with a higher --max-usd goes on"
            )
        self._reserved_usd += usd

    def settle(self, reserved_usd: float, usd: float) -> None:
        """Put the true cost of a call in place of the expected one."""
        self._reserved_usd -= reserved_usd
        self.spent_usd += usd
