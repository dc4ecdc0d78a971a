"""Attendance: from events, schedules and requests to days, recaps and counters; pure rules.

Every time, band, percentage and limit is data of BKD with a date from which it holds. `starter` has
the data to begin with, each with its regulation; nothing here reads it.

Read in this order: `model` (the words), `hours` and `calendar` (when one works), `plan` (what a
date demands of a unit), `punches` (who came when), `requests` (what excuses), `bands` (what it
costs), `day` (one day), `days` (a person's month), `recap`, `discipline`.

Estimate for a month of 10,000 employees, 31 days each: what a date demands is worked out once a
unit and date (50 units: 1,650 plans of 60 us, 0.1 s). A day is then a slice of sorted punches, two
choices, two subtractions and 4 to 8 records of the trace: some 30 us, where 10 s for 220,000
workdays allow 45. Measured on one core of a busy machine (a list of four in 110 ns): 310,000 days,
220,000 of them workdays, in 8.9 s, and 1.6 s for their recaps.
"""
