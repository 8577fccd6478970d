"""Tokens of service accounts: the keys that sign them, what is in them, who presents one, how others verify them.

Specified in "Managing Service Accounts" and KEP-1205 (bound tokens), KEP-1393 (discovery), KEP-4193 (ids and nodes).
Neither ``jwt`` nor ``cryptography`` is imported before the first token is signed or verified.
"""

CONFIGURATION_PATH, KEYS_PATH = "/.well-known/openid-configuration", "/openid/v1/jwks"
"""Where a server tells others how to verify the tokens that it issues."""
