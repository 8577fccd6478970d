"""Request handling by verb: each handler knows HTTP on one side and the registry on the other."""
