"""Who did what, when: lines that are added and never changed. No free text, no foreign keys."""
