"""Who a request comes from: authenticators, and the user they find."""
