"""Invented files of each kind that can be imported, for drills to damage."""

from __future__ import annotations

from datetime import date

MEETING_DAY = date(2026, 9, 22)

_TEAMS = """1. Summary
Meeting title\tNeglect
Attended participants\t2
Start time\t9/22/26, 2:40:05 PM
End time\t9/22/26, 5:50:26 PM

2. Participants
Name\tFirst Join\tLast Leave\tIn-Meeting Duration\tEmail\tParticipant ID (UPN)\tRole
Ann Zeal\t9/22/26, 2:45:00 PM\t9/22/26, 5:45:00 PM\t2h 30m\tann@example.org\t\tAttendee
+44 7700 900123\t9/22/26, 3:00:00 PM\t9/22/26, 4:00:00 PM\t1h\t\t\tAttendee

3. In-Meeting Activities
Name\tJoin time\tLeave time\tDuration\tEmail\tRole
Ann Zeal\t9/22/26, 2:45:00 PM\t9/22/26, 4:00:00 PM\t1h 15m\tann@example.org\tAttendee
Ann Zeal\t9/22/26, 4:30:00 PM\t9/22/26, 5:45:00 PM\t1h 15m\tann@example.org\tAttendee
+44 7700 900123\t9/22/26, 3:00:00 PM\t9/22/26, 4:00:00 PM\t1h\t\tAttendee
"""
_TEAMS_2021 = """Meeting Summary
Total Number of Participants\t1
Meeting Start Time\t9/22/2026, 2:40:05 PM

Full Name\tJoin Time\tLeave Time\tDuration\tEmail\tRole\tParticipant ID (UPN)
Ann Zeal\t9/22/2026, 2:45:00 PM\t9/22/2026, 5:45:00 PM\t3h\tann@example.org\tPresenter\t
"""
_TEAMS_2020 = """Full Name\tUser Action\tTimestamp
Ann Zeal\tJoined before\t9/22/2026, 2:44:22 PM
Bob Able\tJoined\t9/22/2026, 3:00:00 PM
Bob Able\tLeft\t9/22/2026, 4:00:00 PM
"""
_LIVE = """SessionId,ParticipantId,FullName,UserAgent,UtcEventTimestamp,Action,Role
s1,p1,Ann Zeal,Edge,9/22/2026 1:45:00 PM,Joined,Attendee
s1,p1,Ann Zeal,Edge,9/22/2026 4:45:00 PM,Left,Attendee
"""
_ZOOM = """Topic,ID,Host,Duration (minutes),Start time,End time,Participants
Neglect,812 3456 7890,Host Person,190,09/22/2026 02:40:00 PM,09/22/2026 05:50:00 PM,2

Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,In Waiting Room
"Zeal, Ann (Ann Zeal)",ann@example.org,09/22/2026 02:45:00 PM,09/22/2026 05:45:00 PM,180,No,No
Bob Able,,"Sep 22, 2026 3:00 PM","Sep 22, 2026 4:00 PM",60,Yes,No
"""

MEETING_FILES = (
    b"\xff\xfe" + _TEAMS.replace("\n", "\r\n").encode("utf-16-le"),
    _TEAMS.replace("9/22/26", "22/09/2026").encode(),
    _TEAMS_2021.encode("utf-16"),
    _TEAMS_2020.encode("utf-16-le"),
    _LIVE.encode("utf-8-sig"),
    _ZOOM.encode("utf-8-sig"),
    _ZOOM.replace(",", ";").encode("cp1252"),
)
