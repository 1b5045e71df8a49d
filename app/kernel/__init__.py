"""What every feature stands on: database, clock, pages, calendar text. It knows no feature."""
