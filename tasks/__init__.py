"""The stages: pure modules named for what they hold, and one `task.py` a stage that Prefect runs."""

import os

# Numba reads this when it is imported. Its machine code for any x86-64 processor gives the same bits on all
# of them, and is as fast as that for the one at hand: topics do not depend on the machine.
os.environ |= {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
