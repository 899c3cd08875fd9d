"""Set-up of the development environment: standard library only, any Python 3.8 or newer."""
