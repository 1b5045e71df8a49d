"""Checks that run against a real installation: verify, drills, bench."""
