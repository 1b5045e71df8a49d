"""The closing checklist of an event: registers, recording, surveys."""
