"""Telling others: reports of evaluations, figures to pass on, spreadsheets, priorities."""
