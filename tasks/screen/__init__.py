"""Stage 5: verdicts on prompts that models may have trained on, or testers made: none of them is released."""
