"""What must hold at each stage boundary: one suite a boundary, as data that `tasks.gate` runs."""
