"""DSL forums: the year, who should be there, opinions, themes, answers from the Executive.

What a file is about stands at the beginning of its name:

- forums, forum_, year_, topics_, home_: the school year, one forum, the Advisor's first page
- establishment_, schools_, coverage_, presence: the schools, and who was represented when
- invitations_, reminders_, list_checks_: what schools are written, and the lists they keep
- catching_up_, training_: recordings of what was missed; training that falls due
- opinion_, contact_wishes, themes_, quotes_: what schools say, and how it is read
- executive_, said_done_, public_parts: the report, its answers, what everybody reads of them
"""
