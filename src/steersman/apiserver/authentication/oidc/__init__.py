"""OpenID Connect: bearer tokens that an identity provider has signed (JWTs, RFC 7519).

``configuration`` and ``validation`` read what is configured (AuthenticationConfiguration, KEP-3331); the ``--oidc-*``
flags of kube-apiserver are turned into the same. ``provider`` keeps the keys of an issuer, ``token`` and ``signature``
look at what a request brought, ``claims_mapping`` makes a user of it, ``authenticator`` puts all that together.

To be imported only where there is an issuer: PyJWT, cryptography and the language of expressions take long to load.
"""
