"""What a skeptic asks: every row accounted for, and what is doubtful about the rest."""
