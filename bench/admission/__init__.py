"""What admission costs: the default chain, webhooks with a latency of their own, and creates through initializers.

``chain``, ``webhooks`` and ``initializers`` are the groups of rows; ``webhook_server`` and ``initializer`` are programs
that run in processes of their own meanwhile.
"""
