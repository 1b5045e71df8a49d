"""Questionnaires, evaluations and their waves, invitations and responses. It looks down for who
attended; nothing below knows of it."""
