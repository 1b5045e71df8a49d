"""Pages that mix features: the front page, My learning, the desk."""
