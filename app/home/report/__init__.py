"""The quarterly report: what was offered, whom it reached, what came of it, in any period."""
