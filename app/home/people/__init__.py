"""Staff pages about people and organisations: they mix what every feature knows."""
