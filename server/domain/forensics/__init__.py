"""Forensics: patterns in what was recorded that attendance alone does not explain.

A finding is evidence with figures and the limits they were compared with, for BKD to look at; it
is no verdict and changes no day. Start at `examine.py`.
"""
