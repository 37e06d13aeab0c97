"""A model of the visible feed without I/O: a toy HQ, toy laptops, random schedules, and an oracle.

The decisions are the real ones (crm_core.sync.plan, clock and merge); everything around them is as small as
it can be, so that hundreds of schedules run in a second. See docs/decisions/0004-visible-feed-plans.md.
"""
