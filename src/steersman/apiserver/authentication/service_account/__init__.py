"""Tokens of service accounts: the keys that sign them, what is in them, who presents one, how others verify them.

Specified in "Managing Service Accounts" and KEP-1205 (bound tokens), KEP-1393 (discovery), KEP-4193 (ids and nodes).
Neither ``jwt`` nor ``cryptography`` is imported before the first token is signed or verified.
"""
