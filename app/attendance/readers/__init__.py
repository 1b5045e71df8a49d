"""Files of other programs as values: who was in a meeting, from when until when."""
