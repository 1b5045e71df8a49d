"""Answered forms as rows, inserted in an order that tells nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.demo.making.rows import Chance, add_all
from app.surveys.answer_rules import Answers, AskedQuestion
from app.surveys.response_models import Answer, Response, ResponseSource


class ResponseRows:
    """Collects responses and their answers until all are written at once."""

    def __init__(self, chance: Chance) -> None:
        """Begin with none."""
        self.chance = chance
        self.responses: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []

    def add(
        self,
        questions: Sequence[AskedQuestion],
        answers: Answers,
        *,
        evaluation_id: int,
        version_id: int,
        sector_id: int | None,
        answered_on: date,
        wave_id: int | None = None,
        event_id: int | None = None,
        pairing_key: str | None = None,
    ) -> None:
        """One answered form: by a personal link if it has a wave, else by the open link."""
        id_ = self.chance.row_id()
        self.responses.append(
            {
                "id": id_,
                "evaluation_id": evaluation_id,
                "wave_id": wave_id,
                "version_id": version_id,
                "source": ResponseSource.PERSONAL if wave_id else ResponseSource.OPEN,
                "event_id": event_id,
                "sector_id": sector_id,
                "pairing_key": pairing_key,
                "answered_on": answered_on,
            }
        )
        shared = {"response_id": id_, "evaluation_id": evaluation_id, "wave_id": wave_id}
        for question in questions:
            for value in answers.get(question.key, ()):
                self.answers.append(
                    {
                        "id": self.chance.row_id(),
                        **shared,
                        "question_id": question.id,
                        **_value(question, value),
                    }
                )

    def write(self) -> int:
        """Insert everything; how many responses."""
        self.chance.shuffle(self.responses)
        self.chance.shuffle(self.answers)
        add_all(Response, self.responses)
        add_all(Answer, self.answers)
        return len(self.responses)


def _value(question: AskedQuestion, value: str) -> dict[str, Any]:
    if question.kind == "score":
        return {"option_id": None, "score": int(value), "text": None}
    if question.kind == "long_text":
        return {"option_id": None, "score": None, "text": value}
    option_id = next(option.id for option in question.options if option.value == value)
    return {"option_id": option_id, "score": None, "text": None}
