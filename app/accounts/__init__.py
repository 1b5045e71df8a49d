"""People, organisations, posts, roles and signing in. It knows nothing of what people book."""
