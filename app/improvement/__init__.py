"""Why an offer exists, and other proof of what came of it than answers."""
