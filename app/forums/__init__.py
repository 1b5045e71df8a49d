"""DSL forums: the year, who should be there, opinions, themes, answers from the Executive."""
