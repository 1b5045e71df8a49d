"""The Wakefield example programme: invented people and answers, published figures rebuilt."""
